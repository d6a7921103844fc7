// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tunnel devices, and the UDP ports at which the kernel decapsulates.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

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
    /// Whether such packets come out of it.
    #[must_use]
    pub fn carries(self, inner: IpAddr) -> bool {
        match self {
            Self::Ipip => inner.is_ipv4(),
            Self::Sit => inner.is_ipv6(),
            Self::Ip6tnl | Self::Gre | Self::Ip6gre => true,
        }
    }

    /// Whether the outer packet is an IPv6 one.
    #[must_use]
    pub fn over_ipv6(self) -> bool {
        matches!(self, Self::Ip6tnl | Self::Ip6gre)
    }

    /// The kernel's own device of that kind, which takes what no other does, from anybody.
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

    /// The kernel module that makes it.
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
        f.write_str(match self {
            Self::Ipip => "ipip",
            Self::Sit => "sit",
            Self::Ip6tnl => "ip6tnl",
            Self::Gre => "gre",
            Self::Ip6gre => "ip6gre",
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
    /// gre, ip6gre: takes only packets with a checksum (`icsum`), otherwise only those
    /// without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checksum: bool,
    /// The kernel's own device rather than one of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
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
        if self.checksum {
            f.write_str(" icsum")?;
        }
        if self.fallback {
            f.write_str(" fallback")?;
        }
        Ok(())
    }
}

/// Whether the kernel gives such an address to a tunnel device by itself: link-local ones,
/// and to sit devices every IPv4 address of the host as `::a.b.c.d`, with scope global
/// (`add_v4_addrs` in net/ipv6/addrconf.c).
#[must_use]
pub fn automatic(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.segments()[..6] == [0; 6],
    }
}

/// A UDP port of the kernel's that takes packets out of GUE (`ip fou add`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listener {
    /// UDP port.
    pub port: u16,
    /// For packets over IPv6 rather than IPv4: one of each can share a port.
    pub ipv6: bool,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP port {} over IPv{}", self.port, if self.ipv6 { 6 } else { 4 })
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
