// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes interfaces.

use std::net::IpAddr;

use nix::net::if_::if_nametoindex;

use crate::escaped;
use crate::tunnel::{Tunnel, TunnelKind};

/// Describes an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// Its number: one that was deleted and made again has another.
    pub index: u32,
    /// Its name, which may contain dots.
    pub name: String,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Something is at the other end of the cable (`IFF_LOWER_UP`).
    pub carrier: bool,
    /// Could answer ARP: neither loopback nor NOARP.
    pub arp: bool,
    /// A port of a bridge, bond or team: the master has the addresses and decides about ARP.
    pub port: bool,
    /// `IFLA_INFO_KIND`, for instance `dummy` or `ipip`; physical interfaces have none.
    pub kind: Option<String>,
    /// In bytes.
    pub mtu: u32,
    /// Its ends, if it is a tunnel.
    pub ends: Option<Ends>,
    /// Packets with a bad or an unexpected checksum (`rx_crc_errors`).
    pub crc_errors: u64,
    /// The table of routes that it has, if it is a VRF.
    pub table: Option<u32>,
    /// The VRF it is in.
    pub vrf: Option<String>,
}

/// Returns the number of the interface of that name in the calling thread's network namespace,
/// if there is one.
#[must_use]
pub fn index(name: &str) -> Option<u32> {
    if_nametoindex(escaped::bytes(name).as_slice()).ok()
}

/// Says what a tunnel device takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// Outer destination; absent: any.
    pub local: Option<IpAddr>,
    /// Outer source; absent: any.
    pub remote: Option<IpAddr>,
    /// `IFLA_IPTUN_PROTO`: 4 is IPv4 only, 41 IPv6 only, 0 both.
    pub protocol: Option<u8>,
    /// `external`: in metadata mode.
    pub external: bool,
    /// GRE with a key or sequence numbers.
    pub keyed: bool,
    /// GRE with checksums (`icsum`).
    pub checksum: bool,
    /// ip6tnl: accepts an outer source that is an address of this host.
    pub local_remote: bool,
}

impl Link {
    /// Tells whether it answers ARP once it is up.
    #[must_use]
    pub fn answers_arp(&self) -> bool {
        self.arp && !self.port
    }

    /// Returns the receiving tunnel that it is; `None` if it is no tunnel, or takes less than
    /// such a tunnel does, or more.
    #[must_use]
    pub fn tunnel(&self) -> Option<Tunnel> {
        let ends = self.ends.as_ref()?;
        let kind = TunnelKind::named(self.kind.as_deref()?)?;
        // A device that wants a key or a sequence number takes no packet without them.
        let is_other = ends.external || ends.keyed;
        let takes = ends.protocol.is_none_or(|mode| mode == 0 || mode == kind.mode());
        (!is_other && takes).then(|| Tunnel {
            name: self.name.clone(),
            kind,
            local: ends.local,
            remote: ends.remote,
            checksum: ends.checksum,
            fallback: false,
        })
    }
}

impl From<&Tunnel> for Ends {
    fn from(tunnel: &Tunnel) -> Self {
        Self {
            local: tunnel.local,
            remote: tunnel.remote,
            protocol: None,
            checksum: tunnel.checksum,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_takes_less_or_more_is_no_such_tunnel() {
        let link = |kind: &str, ends| Link {
            name: "rs0".to_owned(),
            kind: Some(kind.to_owned()),
            ends: Some(ends),
            ..Link::default()
        };
        let mode = |protocol| Ends { protocol: Some(protocol), ..Ends::default() };
        for (kind, ends, is) in [
            ("ipip", mode(4), true),
            ("ipip", mode(0), true),
            ("ipip", mode(41), false),
            ("sit", mode(41), true),
            ("sit", mode(4), false),
            ("ip6tnl", mode(0), true),
            ("ip6tnl", mode(4), false),
            ("gre", Ends::default(), true),
            ("gre", Ends { keyed: true, ..Ends::default() }, false),
            ("ip6gre", Ends { external: true, ..Ends::default() }, false),
            ("vxlan", Ends::default(), false),
        ] {
            assert_eq!(link(kind, ends.clone()).tunnel().is_some(), is, "{kind} {ends:?}");
        }
        let checked = Ends { checksum: true, ..Ends::default() };
        assert!(link("gre", checked).tunnel().unwrap().checksum);
        assert_eq!(Link { ends: None, ..link("ipip", Ends::default()) }.tunnel(), None);
    }
}
