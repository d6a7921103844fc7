// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds an address that stands for a client anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ip::{Family, contains};
use crate::route::Route;
use crate::rule::Rule;

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

/// Returns the address of the Internet of which routes and rules say least.
#[must_use]
pub fn anywhere(family: Family, routes: &[Route], rules: &[Rule]) -> Option<IpAddr> {
    let longest = |ip: &IpAddr| {
        let routes = routes.iter().filter(|route| route.leads_to(*ip)).map(|route| route.prefix);
        let rules = rules.iter().filter_map(|rule| rule.to);
        let rules = rules.filter(|(of, prefix)| contains(*of, *prefix, *ip));
        routes.chain(rules.map(|(_, prefix)| prefix)).max()
    };
    ANYWHERE.into_iter().filter(|ip| family.has(*ip)).min_by_key(longest)
}
