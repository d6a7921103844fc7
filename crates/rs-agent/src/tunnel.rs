// SPDX-License-Identifier: MIT OR Apache-2.0
//! Envelopes and the devices that take packets out of them.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What the director puts around a packet in mode tun: its `--tun-type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Envelope {
    /// An IP header.
    #[default]
    Ipip,
    /// GRE.
    Gre {
        /// With a checksum, the director's `--tun-csum`.
        checksum: bool,
    },
    /// Generic UDP encapsulation, with or without checksum.
    Gue {
        /// UDP port, the director's `--tun-port`.
        port: u16,
    },
}

impl Envelope {
    /// The devices needed for such packets to an IPv4 or IPv6 RIP, one per family inside
    /// at most.
    #[must_use]
    pub fn kinds(self, to_ipv4: bool, vips: &[IpAddr]) -> Vec<TunnelKind> {
        match (self, to_ipv4) {
            (Self::Gre { .. }, true) => vec![TunnelKind::Gre],
            (Self::Gre { .. }, false) => vec![TunnelKind::Ip6gre],
            (Self::Ipip | Self::Gue { .. }, false) => vec![TunnelKind::Ip6tnl],
            (Self::Ipip | Self::Gue { .. }, true) => {
                let kinds = [TunnelKind::Ipip, TunnelKind::Sit].into_iter();
                kinds.filter(|kind| vips.iter().any(|vip| kind.carries(*vip))).collect()
            }
        }
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipip => f.write_str("ipip"),
            Self::Gre { checksum: false } => f.write_str("gre"),
            Self::Gre { checksum: true } => f.write_str("gre with checksum"),
            Self::Gue { port } => write!(f, "gue on port {port}"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_has_its_devices() {
        use TunnelKind::{Gre, Ip6gre, Ip6tnl, Ipip, Sit};
        let (v4, v6) = ("192.0.2.10".parse().unwrap(), "2001:db8::10".parse().unwrap());
        let gre = Envelope::Gre { checksum: true };
        let gue = Envelope::Gue { port: 6080 };
        for (envelope, to_ipv4, vips, kinds) in [
            (Envelope::Ipip, true, vec![v4], vec![Ipip]),
            (Envelope::Ipip, true, vec![v6], vec![Sit]),
            (Envelope::Ipip, true, vec![v6, v4], vec![Ipip, Sit]),
            (Envelope::Ipip, false, vec![v4], vec![Ip6tnl]),
            (Envelope::Ipip, false, vec![v4, v6], vec![Ip6tnl]),
            (gue, true, vec![v4, v6], vec![Ipip, Sit]),
            (gue, false, vec![v6], vec![Ip6tnl]),
            (gre, true, vec![v4, v6], vec![Gre]),
            (gre, true, vec![v6], vec![Gre]),
            (gre, false, vec![v4], vec![Ip6gre]),
        ] {
            assert_eq!(envelope.kinds(to_ipv4, &vips), kinds, "{envelope} {to_ipv4} {vips:?}");
        }
    }
}
