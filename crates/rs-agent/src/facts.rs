// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what is on this host now: plain data, collected by [`crate::observe`].

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_host::events::AddressNotice;
pub use lvs_host::fou::{Listener, Port};
pub use lvs_host::ip::{Family, contains, host_prefix, of_family, only_one};
pub use lvs_host::{
    Address, Addresses, DefaultRoute, Link, Lookup, SavedRoute, Tunnel, TunnelKind,
};

/// Holds the part of the network namespace's state that decisions depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Every interface.
    pub links: Vec<Link>,
    /// Every address.
    pub addresses: Addresses,
    /// Default routes of table main, both families.
    pub default_routes: Vec<DefaultRoute>,
    /// Answers of the kernel's route lookup; `None` means unreachable.
    pub hops: BTreeMap<IpAddr, Option<Lookup>>,
    /// Mode nat, where rules tell packets apart: the same for replies from this host's address
    /// towards the director.
    pub replies: BTreeMap<IpAddr, Option<Lookup>>,
    /// Of those the addresses that stand for clients anywhere, one of each family at most.
    pub anywhere: Vec<IpAddr>,
    /// Values of the settings that exist.
    pub sysctls: BTreeMap<SysctlKey, i32>,
    /// Addresses of which this host's own IPVS has a service.
    pub directed: BTreeSet<IpAddr>,
    /// UDP ports that unpack; `None` if this kernel has no `fou` or was not asked.
    pub ports: Option<Vec<Port>>,
}

impl Facts {
    /// Returns the interface of that name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// Returns the value of a setting, if it exists.
    #[must_use]
    pub fn sysctl(&self, key: &SysctlKey) -> Option<i32> {
        self.sysctls.get(key).copied()
    }

    /// Returns the address on that interface, with the prefix of a single address, and no peer.
    #[must_use]
    pub fn vip_on(&self, ip: IpAddr, device: &str) -> Option<&Address> {
        let here = |have: &&Address| {
            have.prefix == host_prefix(ip) && have.device == device && have.peer.is_none()
        };
        self.addresses.of(ip).iter().find(here)
    }

    /// Forgets addresses that are gone from their interfaces.
    pub fn forget(&mut self, gone: &[AddressNotice]) {
        let device = |notice: &AddressNotice| {
            self.links.iter().find(|link| link.index == notice.interface).map(|link| &link.name)
        };
        let gone: Vec<(IpAddr, Option<&String>)> =
            gone.iter().map(|notice| (notice.ip, device(notice))).collect();
        self.addresses.retain(|have| !gone.contains(&(have.ip, Some(&have.device))));
    }

    /// Returns the unpacking UDP port.
    #[must_use]
    pub fn port(&self, at: Listener) -> Option<Port> {
        self.ports.iter().flatten().find(|port| port.at == at).copied()
    }

    /// Returns the IPv4 addresses that only `arp_ignore` hides: single ones on devices that do not
    /// answer ARP themselves, as VIPs are. What this host has of a link to somebody else, as of a
    /// VPN, counts only if it is one of the `vips`. A tunnel may have others' VIPs.
    pub fn hidden_addresses(&self, vips: &HashSet<IpAddr>) -> impl Iterator<Item = &Address> {
        self.addresses.iter().filter(|have| {
            let may_be_vip = |link: &Link| {
                let is_of_a_link = link.is_point_to_point() && link.ends.is_none();
                !is_of_a_link || have.scope != "global" || vips.contains(&have.ip)
            };
            have.ip.is_ipv4()
                && !have.ip.is_loopback()
                && have.prefix == host_prefix(have.ip)
                && self.link(&have.device).is_some_and(|link| !link.arp && may_be_vip(link))
        })
    }

    /// Returns the interfaces that answer ARP now: up, ARP-capable, and not a port of another.
    pub fn arp_links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.up && link.answers_arp())
    }

    /// Returns the value that counts for `arp_ignore`, `arp_announce` and `rp_filter`:
    /// max(`conf/all`, `conf/DEVICE`), see `IN_DEV_MAXCONF` in include/linux/inetdevice.h.
    #[must_use]
    pub fn effective(&self, name: &str, device: &str) -> i32 {
        let value = |device| self.sysctl(&SysctlKey::ipv4(device, name)).unwrap_or(0);
        value("all").max(value(device))
    }

    /// Returns the default route that is used: the one with the lowest metric.
    #[must_use]
    pub fn default_route(&self, family: Family) -> Option<&DefaultRoute> {
        let mine = self.default_routes.iter().filter(|route| route.family == family);
        mine.min_by_key(|route| route.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_from_an_interface_is_forgotten_there_and_nowhere_else() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let link = |index, name: &str| Link { index, name: name.into(), ..Link::default() };
        let address = |device, text| Address::new(device, ip(text), 32, "global");
        let facts = Facts {
            links: vec![link(1, "lo"), link(2, "eth0")],
            addresses: vec![
                address("lo", "192.0.2.10"),
                address("eth0", "192.0.2.10"),
                address("lo", "192.0.2.11"),
            ]
            .into(),
            ..Facts::default()
        };
        // On an interface that nobody knows nothing was.
        for (interface, left) in [
            (1, &[("eth0", "192.0.2.10"), ("lo", "192.0.2.11")][..]),
            (2, &[("lo", "192.0.2.10"), ("lo", "192.0.2.11")]),
            (3, &[("lo", "192.0.2.10"), ("eth0", "192.0.2.10"), ("lo", "192.0.2.11")]),
        ] {
            let mut facts = facts.clone();
            facts.forget(&[AddressNotice { ip: ip("192.0.2.10"), interface, is_gone: true }]);
            let mut found: Vec<_> =
                facts.addresses.iter().map(|have| (have.device.as_str(), have.ip)).collect();
            let mut left: Vec<_> = left.iter().map(|(device, text)| (*device, ip(text))).collect();
            found.sort_unstable();
            left.sort_unstable();
            assert_eq!(found, left, "{interface}");
        }
    }
}
