// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encapsulations and the devices that take packets out of them.

use std::fmt;
use std::net::IpAddr;

use lvs_host::Family;
pub use lvs_host::fou::Listener;
pub use lvs_host::tunnel::{Tunnel, TunnelKind, automatic};
use serde::{Deserialize, Serialize};

/// What the director puts around a packet in mode tun: its `--tun-type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Encapsulation {
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

impl Encapsulation {
    /// Returns the devices needed for such packets to a RIP of that family, one per family
    /// inside at most.
    #[must_use]
    pub fn kinds(self, outer: Family, vips: &[IpAddr]) -> Vec<TunnelKind> {
        match (self, outer) {
            (Self::Gre { .. }, Family::Ipv4) => vec![TunnelKind::Gre],
            (Self::Gre { .. }, Family::Ipv6) => vec![TunnelKind::Ip6gre],
            (Self::Ipip | Self::Gue { .. }, Family::Ipv6) => vec![TunnelKind::Ip6tnl],
            (Self::Ipip | Self::Gue { .. }, Family::Ipv4) => {
                let kinds = [TunnelKind::Ipip, TunnelKind::Sit].into_iter();
                kinds.filter(|kind| vips.iter().any(|vip| kind.carries(*vip))).collect()
            }
        }
    }
}

impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipip => f.write_str("ipip"),
            Self::Gre { checksum: false } => f.write_str("gre"),
            Self::Gre { checksum: true } => f.write_str("gre with checksum"),
            Self::Gue { port } => write!(f, "gue on port {port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encapsulation_has_its_devices() {
        use TunnelKind::{Gre, Ip6gre, Ip6tnl, Ipip, Sit};
        let (v4, v6) = ("192.0.2.10".parse().unwrap(), "2001:db8::10".parse().unwrap());
        let gre = Encapsulation::Gre { checksum: true };
        let gue = Encapsulation::Gue { port: 6080 };
        for (encapsulation, outer, vips, kinds) in [
            (Encapsulation::Ipip, Family::Ipv4, vec![v4], vec![Ipip]),
            (Encapsulation::Ipip, Family::Ipv4, vec![v6], vec![Sit]),
            (Encapsulation::Ipip, Family::Ipv4, vec![v6, v4], vec![Ipip, Sit]),
            (Encapsulation::Ipip, Family::Ipv6, vec![v4], vec![Ip6tnl]),
            (Encapsulation::Ipip, Family::Ipv6, vec![v4, v6], vec![Ip6tnl]),
            (gue, Family::Ipv4, vec![v4, v6], vec![Ipip, Sit]),
            (gue, Family::Ipv6, vec![v6], vec![Ip6tnl]),
            (gre, Family::Ipv4, vec![v4, v6], vec![Gre]),
            (gre, Family::Ipv4, vec![v6], vec![Gre]),
            (gre, Family::Ipv6, vec![v4], vec![Ip6gre]),
        ] {
            assert_eq!(
                encapsulation.kinds(outer, &vips),
                kinds,
                "{encapsulation} {outer} {vips:?}"
            );
        }
    }
}
