// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is on this host now: plain data, collected by [`crate::observe`].

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::sysctl_key::SysctlKey;

/// The part of the network namespace's state that decisions depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Every interface.
    pub links: Vec<Link>,
    /// The numbers of the interfaces: one that was deleted and made again has another.
    pub indexes: BTreeMap<String, u32>,
    /// Every address.
    pub addresses: Vec<Address>,
    /// Default routes of table main, both families.
    pub default_routes: Vec<DefaultRoute>,
    /// Answers of the kernel's route lookup; `None` means unreachable.
    pub hops: BTreeMap<IpAddr, Option<Hop>>,
    /// Values of the settings that exist.
    pub sysctls: BTreeMap<SysctlKey, i32>,
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

/// Kinds of receiving tunnel devices, named as in `ip link add … type KIND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TunnelKind {
    /// IPv4 in IPv4.
    Ipip,
    /// IPv6 in IPv4.
    Sit,
    /// IPv4 and IPv6 in IPv6 (`mode any`).
    Ip6tnl,
}

impl fmt::Display for TunnelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipip => "ipip",
            Self::Sit => "sit",
            Self::Ip6tnl => "ip6tnl",
        })
    }
}

/// A tunnel device that takes the director's packets out of their envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// Interface name.
    pub name: String,
    /// Device kind.
    pub kind: TunnelKind,
    /// The RIP: outer destination of what the director sends. Absent: any.
    pub local: Option<IpAddr>,
    /// The only director accepted. Absent: any.
    pub remote: Option<IpAddr>,
}

impl Tunnel {
    /// Whether IPv4 comes out of this device, so that `rp_filter` applies to it.
    #[must_use]
    pub fn carries_ipv4(&self) -> bool {
        self.kind != TunnelKind::Sit
    }
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(local) = self.local {
            write!(f, " local {local}")?;
        }
        if let Some(remote) = self.remote {
            write!(f, " remote {remote}")?;
        }
        Ok(())
    }
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
        let single = |have: &&Address| have.prefix == host_prefix(ip);
        self.addresses.iter().filter(single).find(|have| have.ip == ip && have.device == device)
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

/// The prefix length that covers exactly one address: 32 or 128.
#[must_use]
pub fn host_prefix(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}
