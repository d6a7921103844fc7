// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads what there is.

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType};
use nix::errno::Errno;

use super::decode::{self, Names};
use super::{Decode, Netlink, NetlinkError, encode, raw};
use crate::address::Address;
use crate::ip::Family;
use crate::link::Link;
use crate::route::{DefaultRoute, Lookup, Route};

impl Netlink {
    /// Reads every interface.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn links(&self) -> Result<Vec<Link>, NetlinkError> {
        let all = RouteNetlinkMessage::GetLink(LinkMessage::default());
        Ok(decode::link::links(&self.read_all(&all, raw::link)?))
    }

    /// Reads every address, on these interfaces.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn addresses(&self, links: &[Link]) -> Result<Vec<Address>, NetlinkError> {
        let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let names = Names::of(links);
        let found = self.read_all(&all, raw::address)?;
        Ok(found.iter().filter_map(|it| decode::address::address(it, &names)).collect())
    }

    /// Reads every route of every table, both families.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn routes(&self, links: &[Link]) -> Result<Vec<Route>, NetlinkError> {
        let names = Names::of(links);
        let found = self.route_messages(raw::route)?;
        Ok(found.iter().filter_map(|it| decode::route::route(it, &names)).collect())
    }

    /// Reads the default routes of table main, both families.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn default_routes(&self, links: &[Link]) -> Result<Vec<DefaultRoute>, NetlinkError> {
        let names = Names::of(links);
        let found = self.route_messages(raw::default_route)?;
        Ok(found.iter().filter_map(|it| decode::route::default_route(it, &names)).collect())
    }

    fn route_messages(
        &self,
        decode: Decode<RouteMessage>,
    ) -> Result<Vec<RouteMessage>, NetlinkError> {
        let mut routes = Vec::new();
        for all in Family::BOTH.map(encode::any_route) {
            match self.read_all(&RouteNetlinkMessage::GetRoute(all), decode) {
                Ok(found) => routes.extend(found),
                // A kernel without IPv6 has no such table.
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(routes)
    }

    /// Reads the IPv6 addresses to which the kernel has its own route, in any table: packets for
    /// them are for this host, or for the VRF of their device.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn own_ipv6_addresses(&self) -> Result<Vec<IpAddr>, NetlinkError> {
        let all = RouteNetlinkMessage::GetRoute(encode::any_route(Family::Ipv6));
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

    /// Asks where a packet to `ip` would go; `None` if nowhere.
    ///
    /// # Errors
    /// The kernel's answer, unless it is that there is no route.
    pub fn lookup(&self, ip: IpAddr, links: &[Link]) -> Result<Option<Lookup>, NetlinkError> {
        match self.read_one(&RouteNetlinkMessage::GetRoute(encode::lookup(ip)), raw::route) {
            Ok(route) => Ok(route.and_then(|it| decode::route::lookup(&it, links))),
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

    /// Reads the addresses this host answers for as a proxy (`ip neigh show proxy`), and by
    /// which interface.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn proxies(&self, links: &[Link]) -> Result<Vec<(IpAddr, String)>, NetlinkError> {
        let names = Names::of(links);
        let mut proxies = Vec::new();
        for family in Family::BOTH {
            match self.read_all(&encode::any_proxy(family), raw::neighbour) {
                Ok(found) => {
                    proxies.extend(found.iter().filter_map(|it| decode::proxy(it, &names)));
                }
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(proxies)
    }
}
