// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes interfaces.

use std::net::IpAddr;

use nix::net::if_::if_nametoindex;

use crate::escaped;
use crate::ip::Family;
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
    /// Its own kernel settings, as far as they matter to anybody here.
    pub settings: Vec<Setting>,
}

/// Holds a kernel setting of an interface, which the kernel tells with the interface: reading the
/// files of hundreds costs more than all else that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// It is below `net/ipv4/conf` or `net/ipv6/conf`.
    pub family: Family,
    /// The name of its file.
    pub name: &'static str,
    /// What that file says.
    pub value: i32,
}

/// Names every setting that an interface is read with.
pub const SETTINGS: [(Family, &str); 14] = [
    (Family::Ipv4, "arp_ignore"),
    (Family::Ipv4, "arp_announce"),
    (Family::Ipv4, "rp_filter"),
    (Family::Ipv4, "proxy_arp"),
    (Family::Ipv4, "route_localnet"),
    (Family::Ipv4, "accept_redirects"),
    (Family::Ipv4, "forwarding"),
    (Family::Ipv4, "arp_filter"),
    (Family::Ipv4, "accept_local"),
    (Family::Ipv4, "promote_secondaries"),
    (Family::Ipv4, "src_valid_mark"),
    (Family::Ipv6, "disable_ipv6"),
    (Family::Ipv6, "accept_redirects"),
    (Family::Ipv6, "forwarding"),
];

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

    /// Returns the VRF in whose table its addresses are local, if not in that of the host: the one
    /// that it is in, or is.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        match self.table {
            Some(_) => Some(&self.name),
            None => self.vrf.as_deref(),
        }
    }

    /// Tells whether it leads to somebody else although it answers no ARP: a link of ppp, tun or
    /// WireGuard, another tunnel, a card whose ARP is off.
    #[must_use]
    pub fn is_point_to_point(&self) -> bool {
        let leads_nowhere = matches!(self.kind.as_deref(), Some("dummy" | "ifb" | "vrf"));
        !self.arp && !self.port && self.name != "lo" && !leads_nowhere
    }

    /// Tells whether packets of other hosts come in by it once it is up: it answers ARP, or leads
    /// to somebody without.
    #[must_use]
    pub fn faces_others(&self) -> bool {
        self.answers_arp() || self.is_point_to_point()
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
    fn what_answers_no_arp_may_lead_to_somebody() {
        let link = |name: &str, kind: &str| Link {
            name: name.to_owned(),
            kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            ..Link::default()
        };
        for (name, kind, leads) in [
            ("lo", "", false),
            ("vips", "dummy", false),
            ("red", "vrf", false),
            ("wg0", "wireguard", true),
            ("ppp0", "ppp", true),
            ("eth0", "", true),
        ] {
            assert_eq!(link(name, kind).is_point_to_point(), leads, "{name}");
            assert_eq!(link(name, kind).faces_others(), leads, "{name}");
            let port = Link { arp: true, port: true, ..link(name, kind) };
            assert!(!port.faces_others(), "{name}");
        }
        assert!(Link { arp: true, ..link("eth0", "") }.faces_others());
        assert!(!Link { arp: true, ..link("eth0", "") }.is_point_to_point());
    }

    #[test]
    fn addresses_are_of_the_vrf_that_a_device_is_in_or_is() {
        let link = |table, vrf: Option<&str>| Link {
            name: "it".to_owned(),
            table,
            vrf: vrf.map(str::to_owned),
            ..Link::default()
        };
        assert_eq!(link(None, None).domain(), None);
        assert_eq!(link(None, Some("red")).domain(), Some("red"));
        assert_eq!(link(Some(10), None).domain(), Some("it"));
    }

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
