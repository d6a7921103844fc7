// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is on this host now: plain data, collected by [`crate::observe`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::sysctl_key::SysctlKey;
pub use crate::tunnel::{Listener, Tunnel, TunnelKind};

/// The part of the network namespace's state that decisions depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Every interface.
    pub links: Vec<Link>,
    /// The numbers of the interfaces: one that was deleted and made again has another.
    pub indexes: BTreeMap<String, u32>,
    /// Every address.
    pub addresses: Addresses,
    /// Default routes of table main, both families.
    pub default_routes: Vec<DefaultRoute>,
    /// Answers of the kernel's route lookup; `None` means unreachable.
    pub hops: BTreeMap<IpAddr, Option<Hop>>,
    /// Mode nat, where rules tell packets apart: the same for replies from this host's address
    /// towards the director.
    pub replies: BTreeMap<IpAddr, Option<Hop>>,
    /// Of those the address that stands for clients anywhere, of each family.
    pub anywhere: [Option<IpAddr>; 2],
    /// Values of the settings that exist.
    pub sysctls: BTreeMap<SysctlKey, i32>,
    /// Addresses of which this host's own IPVS has a service.
    pub directed: BTreeSet<IpAddr>,
    /// UDP ports that unpack; `None` if this kernel has no `fou` or was not asked.
    pub ports: Option<Vec<Port>>,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name, which may contain dots.
    pub name: String,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Could answer ARP: neither loopback nor NOARP.
    pub arp: bool,
    /// A port of a bridge, bond or team: the master has the addresses and decides about ARP.
    pub port: bool,
    /// `IFLA_INFO_KIND`, for instance `dummy` or `ipip`; physical interfaces have none.
    pub kind: Option<String>,
    /// Its ends, if it is one of the tunnels this program makes.
    pub tunnel: Option<Tunnel>,
}

/// An address on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Interface name.
    pub device: String,
    /// The local address (`IFA_LOCAL`).
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// `host`, `link`, `global` …, as `ip addr` prints it.
    pub scope: String,
    /// Who added it (`IFA_PROTO`), on Linux 5.18 and later.
    pub tag: Option<u8>,
    /// Its preferred lifetime is over (`IFA_F_DEPRECATED`): no source for what this host
    /// sends of itself, as long as there is another.
    pub deprecated: bool,
}

/// Every address, in the order of [`Address::ip`]: a host may have thousands of VIPs, and
/// nearly every question is about one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(Vec<Address>);

impl Addresses {
    /// Those with that address: on one interface as a rule.
    #[must_use]
    pub fn of(&self, ip: IpAddr) -> &[Address] {
        let start = self.0.partition_point(|have| have.ip < ip);
        let end = self.0.partition_point(|have| have.ip <= ip);
        self.0.get(start..end).unwrap_or_default()
    }

    /// Adds one.
    pub fn push(&mut self, address: Address) {
        let at = self.0.partition_point(|have| have.ip <= address.ip);
        self.0.insert(at, address);
    }

    /// Keeps those for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&Address) -> bool) {
        self.0.retain(keep);
    }
}

impl From<Vec<Address>> for Addresses {
    fn from(mut addresses: Vec<Address>) -> Self {
        addresses.sort_by_key(|have| have.ip);
        Self(addresses)
    }
}

impl Deref for Addresses {
    type Target = [Address];

    fn deref(&self) -> &[Address] {
        &self.0
    }
}

/// A UDP port at which the kernel takes packets out of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Where.
    pub at: Listener,
    /// It unpacks GUE; else plain packets of one protocol.
    pub gue: bool,
    /// It unpacks GUE, from any peer and to any address, as ours do.
    pub like_ours: bool,
}

/// A default route of table main.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRoute {
    /// Whether it is an IPv6 route.
    pub ipv6: bool,
    /// Its gateways; several if it is multipath, none if it is on-link.
    pub gateways: Vec<IpAddr>,
    /// `RTA_PRIORITY`; the lowest wins.
    pub metric: u32,
    /// The route itself, to put it back.
    pub saved: SavedRoute,
}

/// A route exactly as the kernel described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoute {
    /// As an operator reads it: `default via 10.0.0.1 dev eth0`.
    pub text: String,
    /// The rtnetlink message in hexadecimal, so that every attribute comes back.
    pub message: String,
}

/// Where a packet to some address would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Next router; absent if on-link or local.
    pub gateway: Option<IpAddr>,
    /// The address this host would use.
    pub source: Option<IpAddr>,
}

impl Facts {
    /// The interface of that name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The value of a setting, if it exists.
    #[must_use]
    pub fn sysctl(&self, key: &SysctlKey) -> Option<i32> {
        self.sysctls.get(key).copied()
    }

    /// The address on that interface, with the prefix of a single address.
    #[must_use]
    pub fn vip_on(&self, ip: IpAddr, device: &str) -> Option<&Address> {
        let here = |have: &&Address| have.prefix == host_prefix(ip) && have.device == device;
        self.addresses.of(ip).iter().find(here)
    }

    /// The unpacking UDP port.
    #[must_use]
    pub fn port(&self, at: Listener) -> Option<Port> {
        self.ports.iter().flatten().find(|port| port.at == at).copied()
    }

    /// IPv4 addresses that only `arp_ignore` hides: single ones on devices that do
    /// not answer ARP themselves, as VIPs are.
    pub fn hidden_addresses(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter().filter(|have| {
            have.ip.is_ipv4()
                && !have.ip.is_loopback()
                && have.prefix == host_prefix(have.ip)
                && self.link(&have.device).is_some_and(|link| !link.arp)
        })
    }

    /// Interfaces that answer ARP now: up, ARP-capable, and not a port of another.
    pub fn arp_links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| link.up && link.arp && !link.port)
    }

    /// The value that counts for `arp_ignore`, `arp_announce` and `rp_filter`:
    /// max(`conf/all`, `conf/DEVICE`), see `IN_DEV_MAXCONF` in include/linux/inetdevice.h.
    #[must_use]
    pub fn effective(&self, name: &str, device: &str) -> i32 {
        let value = |device| self.sysctl(&SysctlKey::ipv4(device, name)).unwrap_or(0);
        value("all").max(value(device))
    }

    /// The default route that is used: the one with the lowest metric.
    #[must_use]
    pub fn default_route(&self, ipv6: bool) -> Option<&DefaultRoute> {
        let mine = self.default_routes.iter().filter(|route| route.ipv6 == ipv6);
        mine.min_by_key(|route| route.metric)
    }
}

/// The first address of that family.
#[must_use]
pub fn of_family(ips: &[IpAddr], ipv6: bool) -> Option<IpAddr> {
    ips.iter().copied().find(|ip| ip.is_ipv6() == ipv6)
}

/// The address of that family, if there is just one.
#[must_use]
pub fn only_one(ips: &[IpAddr], ipv6: bool) -> Option<IpAddr> {
    let mut mine = ips.iter().filter(|ip| ip.is_ipv6() == ipv6);
    mine.next().filter(|_| mine.next().is_none()).copied()
}

/// Whether `ip` is in the network of `of`/`prefix`.
#[must_use]
pub fn contains(of: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    let host_bits = u32::from(host_prefix(of).saturating_sub(prefix));
    of.is_ipv4() == ip.is_ipv4() && (bits(of) ^ bits(ip)).checked_shr(host_bits).unwrap_or(0) == 0
}

/// The prefix length that covers exactly one address: 32 or 128.
#[must_use]
pub fn host_prefix(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}
