// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is cheap to read and has no notice: a few small files, once a second.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_host::state::Version;
use lvs_host::sysctl;

use crate::facts::Facts;
use crate::journal::{Journal, Store};

/// Of a journal that was damaged or gone: it is looked at again.
pub(super) const NONE_LIKE_IT: Version = Some((0, 0, 0));
/// So many settings of interfaces are read at once: those of ten. A host may have thousands of
/// interfaces, and what counts first is what `all` says.
const TURN: usize = 20;

/// The journal's file and the settings as last seen.
#[derive(Debug, Default)]
pub(super) struct Glance {
    journal: Version,
    /// Those that the plan of a set-up writes: they are read every time.
    written: Vec<Setting>,
    /// Those that count beside them, by turns: of `arp_ignore` and `arp_announce` the greater of
    /// `all` and the interface's own; `route_localnet`, by which `arp_ignore` 3 hides less.
    beside: Vec<Setting>,
    /// Where the next turn begins.
    next: usize,
}

/// A setting and its value, if it exists.
type Setting = (SysctlKey, Option<i32>);

impl Glance {
    /// What a whole look has seen of them. `version` is from before the journal was read:
    /// one that was saved meanwhile is noticed.
    pub(super) fn of(journal: &Journal, facts: &Facts, version: Version) -> Self {
        let seen = |key: SysctlKey| {
            let value = facts.sysctl(&key);
            (key, value)
        };
        let v4 = journal.wanted.vips.iter().any(IpAddr::is_ipv4);
        let nics = facts.links.iter().filter(|link| v4 && link.answers_arp());
        let tunnels = journal.wanted.tunnels.iter().filter(|tunnel| tunnel.carries_ipv4());
        let tunnels = tunnels.map(|tunnel| SysctlKey::ipv4(&tunnel.name, "rp_filter"));
        let all = Some("all").filter(|_| v4).into_iter().flat_map(hiding);
        let vips = || journal.wanted.vips.iter().filter(|vip| vip.is_ipv4());
        let theirs = vips().flat_map(|vip| facts.addresses.of(*vip));
        let theirs = theirs.map(|have| have.device.as_str());
        let carriers = vips().map(|vip| journal.wanted.device_for(*vip)).chain(theirs);
        let carriers: BTreeSet<&str> = carriers.chain(Some("all").filter(|_| v4)).collect();
        let localnet = carriers.into_iter().map(|name| SysctlKey::ipv4(name, "route_localnet"));
        Self {
            journal: version,
            written: all.chain(tunnels).map(seen).collect(),
            beside: nics.flat_map(|link| hiding(&link.name)).chain(localnet).map(seen).collect(),
            next: 0,
        }
    }

    /// Whether any of it is another now.
    pub(super) fn differs(&mut self, store: &Store) -> bool {
        let (rest, first) = (self.beside.iter(), self.beside.iter().skip(self.next));
        let turn = first.chain(rest).take(TURN.min(self.beside.len()));
        let mut settings = self.written.iter().chain(turn);
        let differs = !self.is_of(store.version())
            || settings.any(|(key, seen)| sysctl::read(key).ok() != *seen);
        self.next = (self.next + TURN) % self.beside.len().max(1);
        differs
    }

    /// Whether it is of that version of the journal.
    pub(super) fn is_of(&self, version: Version) -> bool {
        self.journal == version
    }

    /// The settings: all that hides a VIP, or keeps it from being heard.
    pub(super) fn settings(&self) -> Vec<SysctlKey> {
        self.written.iter().chain(&self.beside).map(|(key, _)| key.clone()).collect()
    }
}

fn hiding(device: &str) -> [SysctlKey; 2] {
    ["arp_ignore", "arp_announce"].map(|name| SysctlKey::ipv4(device, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Link;
    use crate::mode::Mode;
    use crate::request::{Request, Typed};
    use crate::wanted::Wanted;

    #[test]
    fn the_interfaces_own_settings_are_looked_at_too() {
        let link = |name: &str, arp, port| Link {
            name: name.to_owned(),
            up: true,
            arp,
            port,
            ..Link::default()
        };
        let links = vec![link("lo", false, false), link("eth0", true, false)];
        let mut facts = Facts { links, ..Facts::default() };
        facts.links.push(link("veth1", true, true));
        let store = Store::new(std::path::Path::new("/nonexistent")).unwrap();
        let keys = |vip: &str| {
            let vips = [vip.to_owned()];
            let typed = Typed { vips: &vips, ..Typed::default() };
            let request = Request::check(Mode::Dr, &typed).unwrap();
            let wanted = Wanted::resolve(&request, None, &facts).unwrap();
            let glance = Glance::of(&store.begin(wanted, &facts), &facts, None);
            glance.settings().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut expected: Vec<String> = ["all", "eth0"]
            .iter()
            .flat_map(|device| ["arp_ignore", "arp_announce"].map(|name| (device, name)))
            .chain(["all", "lo"].iter().map(|device| (device, "route_localnet")))
            .map(|(device, name)| format!("net.ipv4.conf.{device}.{name}"))
            .collect();
        let mut found = keys("192.0.2.10");
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(keys("2001:db8::10"), Vec::<String>::new());
    }
}
