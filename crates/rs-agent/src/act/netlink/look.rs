// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is, as whole messages: `check` judges more of them than a set-up needs.

use std::net::IpAddr;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use super::{Netlink, NetlinkError, encode};

impl Netlink {
    /// Every interface, whole.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn link_messages(&self) -> Result<Vec<LinkMessage>, NetlinkError> {
        let all = RouteNetlinkMessage::GetLink(LinkMessage::default());
        let link = |message| match message {
            RouteNetlinkMessage::NewLink(link) => Some(link),
            _ => None,
        };
        Ok(self.read_all(all)?.into_iter().filter_map(link).collect())
    }

    /// Every address, whole.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn address_messages(&self) -> Result<Vec<AddressMessage>, NetlinkError> {
        let all = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let address = |message| match message {
            RouteNetlinkMessage::NewAddress(address) => Some(address),
            _ => None,
        };
        Ok(self.read_all(all)?.into_iter().filter_map(address).collect())
    }

    /// Every route of every table, both families.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn route_messages(&self) -> Result<Vec<RouteMessage>, NetlinkError> {
        let mut routes = Vec::new();
        for all in [encode::any_route(false), encode::any_route(true)] {
            match self.dump(self.handle.route().get(all).execute()) {
                Ok(found) => routes.extend(found),
                // A kernel without IPv6 has no such table.
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(routes)
    }

    /// The route a packet to `ip` would take, whole; `None` if it would go nowhere.
    ///
    /// # Errors
    /// The kernel's answer, unless it is that there is no route.
    pub fn lookup_message(&self, ip: IpAddr) -> Result<Option<RouteMessage>, NetlinkError> {
        let answers = self.handle.route().get(encode::lookup(ip)).execute();
        match self.ask(async { pin!(answers).try_next().await }) {
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
            let request = self.handle.neighbours().get().proxies().set_address_family(family);
            match self.dump(request.execute()) {
                Ok(found) => proxies.extend(found),
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(proxies)
    }
}
