// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes rtnetlink messages into the facts of this crate.

pub(super) mod address;
pub(super) mod link;
pub(super) mod route;
pub(super) mod rule;

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};

use crate::ip::Family;
use crate::link::Link;

/// Holds the names of interfaces, by which all else names them.
pub(super) struct Names<'a>(HashMap<u32, &'a str>);

impl<'a> Names<'a> {
    pub(super) fn of(links: &'a [Link]) -> Self {
        Self(links.iter().map(|link| (link.index, link.name.as_str())).collect())
    }

    pub(super) fn get(&self, index: u32) -> Option<String> {
        self.0.get(&index).map(|name| (*name).to_owned())
    }
}

/// Returns the family of what is of IPv4 or IPv6, such as routes, rules and ports of `fou`.
pub(super) fn family(of: AddressFamily) -> Family {
    if of == AddressFamily::Inet6 { Family::Ipv6 } else { Family::Ipv4 }
}

/// An address that is answered for, and by which interface.
pub(super) fn proxy(message: &NeighbourMessage, names: &Names<'_>) -> Option<(IpAddr, String)> {
    let ip = message.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => Some((*ip).into()),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => Some((*ip).into()),
        _ => None,
    })?;
    // Without a device it is for all of them.
    let device = names.get(message.header.ifindex).unwrap_or_else(|| "any".to_owned());
    Some((ip, device))
}
