// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is, as whole messages: `check` judges more of them than a set-up needs.

use std::net::IpAddr;

use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use super::{Netlink, NetlinkError, encode, raw};

impl Netlink {
    /// Every interface, whole.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn link_messages(&self) -> Result<Vec<LinkMessage>, NetlinkError> {
        let all = RouteNetlinkMessage::GetLink(LinkMessage::default());
        self.read_all(&all, raw::link)
    }

    /// Every address, whole.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn address_messages(&self) -> Result<Vec<AddressMessage>, NetlinkError> {
        let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        self.read_all(&all, raw::address)
    }

    /// Every route of every table, both families.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn route_messages(&self) -> Result<Vec<RouteMessage>, NetlinkError> {
        let mut routes = Vec::new();
        for all in [encode::any_route(false), encode::any_route(true)] {
            match self.read_all(&RouteNetlinkMessage::GetRoute(all), raw::route) {
                Ok(found) => routes.extend(found),
                // A kernel without IPv6 has no such table.
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(routes)
    }

    /// The IPv6 addresses to which the kernel has its own route, in any table: packets for
    /// them are for this host, or for the VRF of their device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn own_ipv6_addresses(&self) -> Result<Vec<IpAddr>, NetlinkError> {
        let all = RouteNetlinkMessage::GetRoute(encode::any_route(true));
        let own = |route: RouteMessage| {
            let header = &route.header;
            let is_own = header.kind == RouteType::Local && header.destination_prefix_length == 128;
            route.attributes.iter().filter(|_| is_own).find_map(|attribute| match attribute {
                RouteAttribute::Destination(RouteAddress::Inet6(ip)) => Some(IpAddr::from(*ip)),
                _ => None,
            })
        };
        Ok(self.read_all(&all, raw::route)?.into_iter().filter_map(own).collect())
    }

    /// The route a packet to `ip` would take, whole; `None` if it would go nowhere.
    ///
    /// # Errors
    /// The kernel's answer, unless it is that there is no route.
    pub fn lookup_message(&self, ip: IpAddr) -> Result<Option<RouteMessage>, NetlinkError> {
        match self.read_one(&RouteNetlinkMessage::GetRoute(encode::lookup(ip)), raw::route) {
            Ok(route) => Ok(route),
            Err(NetlinkError::Kernel(
                Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::EACCES
                | Errno::EINVAL
                | Errno::EAFNOSUPPORT,
            )) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The addresses this host answers for as a proxy (`ip neigh show proxy`).
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn proxy_messages(&self) -> Result<Vec<NeighbourMessage>, NetlinkError> {
        let mut proxies = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            match self.read_all(&encode::any_proxy(family), raw::neighbour) {
                Ok(found) => proxies.extend(found),
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(proxies)
    }
}
