// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes tunnel devices that receive.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ip::Family;

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
    /// IPv4 and IPv6 in GRE over IPv4.
    Gre,
    /// IPv4 and IPv6 in GRE over IPv6.
    Ip6gre,
}

impl TunnelKind {
    /// Returns the kind that `ip link` calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Ipip, Self::Sit, Self::Ip6tnl, Self::Gre, Self::Ip6gre];
        all.into_iter().find(|kind| kind.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ipip => "ipip",
            Self::Sit => "sit",
            Self::Ip6tnl => "ip6tnl",
            Self::Gre => "gre",
            Self::Ip6gre => "ip6gre",
        }
    }

    /// Returns the protocol that such a device decapsulates, and nothing else: its mode; 0 is
    /// `mode any`. Only ipip, sit and ip6tnl have one.
    #[must_use]
    pub fn mode(self) -> u8 {
        match self {
            Self::Ipip => Family::Ipv4.protocol(),
            Self::Sit => Family::Ipv6.protocol(),
            Self::Ip6tnl | Self::Gre | Self::Ip6gre => 0,
        }
    }

    /// Returns whether such packets come out of it.
    #[must_use]
    pub fn carries(self, inner: IpAddr) -> bool {
        match self {
            Self::Ipip => inner.is_ipv4(),
            Self::Sit => inner.is_ipv6(),
            Self::Ip6tnl | Self::Gre | Self::Ip6gre => true,
        }
    }

    /// Returns the family of the outer packet.
    #[must_use]
    pub fn outer(self) -> Family {
        match self {
            Self::Ipip | Self::Sit | Self::Gre => Family::Ipv4,
            Self::Ip6tnl | Self::Ip6gre => Family::Ipv6,
        }
    }

    /// Returns the kernel's own device of that kind, which takes what no other does, from anybody.
    #[must_use]
    pub fn fallback(self) -> &'static str {
        match self {
            Self::Ipip => "tunl0",
            Self::Sit => "sit0",
            Self::Ip6tnl => "ip6tnl0",
            Self::Gre => "gre0",
            Self::Ip6gre => "ip6gre0",
        }
    }

    /// Returns the kernel module that makes it.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Ipip => "ipip",
            Self::Sit => "sit",
            Self::Ip6tnl => "ip6_tunnel",
            Self::Gre => "ip_gre",
            Self::Ip6gre => "ip6_gre",
        }
    }
}

impl fmt::Display for TunnelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Describes a device that decapsulates packets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// Interface name.
    pub name: String,
    /// Device kind.
    pub kind: TunnelKind,
    /// Outer destination. Absent: any.
    pub local: Option<IpAddr>,
    /// The only outer source that is accepted. Absent: any.
    pub remote: Option<IpAddr>,
    /// gre, ip6gre: takes only packets with a checksum (`icsum`), otherwise only those
    /// without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checksum: bool,
    /// It is the kernel's own device of its kind, which is there without anybody making it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
}

impl Tunnel {
    /// Returns whether IPv4 comes out of this device, so that `rp_filter` applies to it.
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
        if self.checksum {
            f.write_str(" icsum")?;
        }
        if self.fallback {
            f.write_str(" fallback")?;
        }
        Ok(())
    }
}

/// Returns whether the kernel gives such an address to a tunnel device by itself: link-local ones,
/// and to sit devices every IPv4 address of the host as `::a.b.c.d`, with scope global
/// (`add_v4_addrs` in net/ipv6/addrconf.c).
#[must_use]
pub fn automatic(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.segments()[..6] == [0; 6],
    }
}
