// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is cheap to read and has no notice: a file or three, once a second.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::act::sysctl;
use crate::facts::Facts;
use crate::journal::{Journal, Store};
use crate::sysctl_key::SysctlKey;

/// See [`Store::version`].
pub(super) type Version = Option<(u64, i64, i64)>;

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
        let sysctls = keys(journal).map(|key| (key.clone(), facts.sysctl(&key))).collect();
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

/// Those that the plan of a set-up writes.
fn keys(journal: &Journal) -> impl Iterator<Item = SysctlKey> {
    let hiding = ["arp_ignore", "arp_announce"].map(|name| SysctlKey::ipv4("all", name));
    let v4 = journal.wanted.vips.iter().any(IpAddr::is_ipv4);
    let tunnels = journal.wanted.tunnels.iter().filter(|tunnel| tunnel.carries_ipv4());
    let tunnels = tunnels.map(|tunnel| SysctlKey::ipv4(&tunnel.name, "rp_filter"));
    hiding.into_iter().filter(move |_| v4).chain(tunnels)
}
