// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of IP protocols.

/// The numbers of /etc/protocols, by whose names the program shows them. `ipip` is not IP in
/// IP, which is `ipencap`, or `ipv4` in another file of that name.
#[rustfmt::skip] // a table
const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1), ("igmp", 2), ("ggp", 3), ("ipencap", 4), ("ipv4", 4), ("st", 5), ("tcp", 6),
    ("egp", 8), ("igp", 9), ("pup", 12), ("udp", 17), ("hmp", 20), ("xns-idp", 22), ("rdp", 27),
    ("iso-tp4", 29), ("dccp", 33), ("xtp", 36), ("ddp", 37), ("idpr-cmtp", 38), ("ipv6", 41),
    ("ipv6-route", 43), ("ipv6-frag", 44), ("idrp", 45), ("rsvp", 46), ("gre", 47), ("esp", 50),
    ("ah", 51), ("skip", 57), ("icmpv6", 58), ("ipv6-icmp", 58), ("ipv6-nonxt", 59),
    ("ipv6-opts", 60), ("rspf", 73), ("vmtp", 81), ("eigrp", 88), ("ospf", 89), ("ax.25", 93),
    ("ipip", IPIP), ("etherip", 97), ("encap", 98), ("pim", 103), ("ipcomp", 108), ("vrrp", 112),
    ("l2tp", 115), ("isis", 124), ("sctp", 132), ("fc", 133), ("mobility-header", 135),
    ("udplite", 136), ("mpls-in-ip", 137), ("manet", 138), ("hip", 139), ("shim6", 140),
];

/// What `-p ipip` means.
pub(super) const IPIP: u8 = 94;

/// The protocol of that name or number; not `all`.
pub(super) fn number(name: &str) -> Option<u8> {
    let known = PROTOCOLS.iter().find(|(known, _)| *known == name);
    // 0 is every protocol.
    known.map(|(_, number)| *number).or_else(|| name.parse().ok().filter(|number| *number != 0))
}
