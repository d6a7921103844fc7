// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is cheap to read and has no notice: a few small files, once a second.

use std::collections::BTreeMap;
use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_host::state::Version;
use lvs_host::sysctl;

use crate::facts::Facts;
use crate::journal::{Journal, Store};

/// Of a journal that was damaged or gone: it is looked at again.
pub(super) const NONE_LIKE_IT: Version = Some((0, 0, 0));

/// The journal's file and the settings as last seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Glance {
    journal: Version,
    sysctls: BTreeMap<SysctlKey, Option<i32>>,
}

impl Glance {
    /// What a whole look has seen of them. `version` is from before the journal was read:
    /// one that was saved meanwhile is noticed.
    pub(super) fn of(journal: &Journal, facts: &Facts, version: Version) -> Self {
        let sysctls = keys(journal, facts).map(|key| (key.clone(), facts.sysctl(&key))).collect();
        Self { journal: version, sysctls }
    }

    /// The same, read now.
    pub(super) fn again(&self, store: &Store) -> Self {
        let keys = self.sysctls.keys();
        Self {
            journal: store.version(),
            sysctls: keys.map(|key| (key.clone(), sysctl::read(key).ok())).collect(),
        }
    }
}

/// Those that the plan of a set-up writes, and those that count beside them: of `arp_ignore` and
/// `arp_announce` the greater of `all` and the interface's own.
fn keys<'a>(journal: &'a Journal, facts: &'a Facts) -> impl Iterator<Item = SysctlKey> + 'a {
    let nics = facts.links.iter().filter(|link| link.answers_arp());
    let devices = ["all"].into_iter().chain(nics.map(|link| link.name.as_str()));
    let hiding = devices.flat_map(|device| {
        ["arp_ignore", "arp_announce"].map(|name| SysctlKey::ipv4(device, name))
    });
    let v4 = journal.wanted.vips.iter().any(IpAddr::is_ipv4);
    let tunnels = journal.wanted.tunnels.iter().filter(|tunnel| tunnel.carries_ipv4());
    let tunnels = tunnels.map(|tunnel| SysctlKey::ipv4(&tunnel.name, "rp_filter"));
    hiding.filter(move |_| v4).chain(tunnels)
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
            glance.sysctls.keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut expected: Vec<String> = ["all", "eth0"]
            .iter()
            .flat_map(|device| ["arp_ignore", "arp_announce"].map(|name| (device, name)))
            .map(|(device, name)| format!("net.ipv4.conf.{device}.{name}"))
            .collect();
        let mut found = keys("192.0.2.10");
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(keys("2001:db8::10"), Vec::<String>::new());
    }
}
