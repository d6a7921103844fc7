// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which address to ask about where clients are not known.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use netlink_packet_route::rule::{RuleAttribute, RuleMessage};

use crate::facts::contains;

/// Addresses of the Internet, some of which stand for a client anywhere.
const ANYWHERE: [IpAddr; 12] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)),
    IpAddr::V4(Ipv4Addr::new(77, 77, 77, 77)),
    IpAddr::V4(Ipv4Addr::new(133, 33, 33, 33)),
    IpAddr::V4(Ipv4Addr::new(199, 99, 99, 99)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2400, 0, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2a00, 0, 0, 0, 0, 0, 0, 1)),
];

/// Returns an address that stands for a client anywhere: the one that least is said about by
/// routes and rules.
#[must_use]
pub fn anywhere(ipv6: bool, routes: &[RouteMessage], rules: &[RuleMessage]) -> Option<IpAddr> {
    let routes = routes.iter().filter_map(|route| {
        let to = route.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(to)) => Some(IpAddr::from(*to)),
            RouteAttribute::Destination(RouteAddress::Inet6(to)) => Some(IpAddr::from(*to)),
            _ => None,
        });
        Some((to?, route.header.destination_prefix_length))
    });
    let rules = rules.iter().filter_map(|rule| {
        let to = rule.attributes.iter().find_map(|attribute| match attribute {
            RuleAttribute::Destination(to) => Some(*to),
            _ => None,
        });
        Some((to?, rule.header.dst_len))
    });
    let named: Vec<(IpAddr, u8)> = routes.chain(rules).collect();
    let longest = |ip: &IpAddr| {
        let covers = |(of, prefix): &&(IpAddr, u8)| contains(*of, *prefix, *ip);
        named.iter().filter(covers).map(|(_, prefix)| *prefix).max()
    };
    ANYWHERE.into_iter().filter(|ip| ip.is_ipv6() == ipv6).min_by_key(longest)
}
