// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the routes that the kernel takes for packets that come in and for the replies to them, and
//! the rules that lead there.

use std::net::IpAddr;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteType};
use nix::errno::Errno;

use super::decode;
use super::{Netlink, NetlinkError, encode, raw};
use crate::ip::{Family, host_prefix};
use crate::link::Link;
use crate::route::Lookup;
use crate::rule::{Marks, Rule};

impl Netlink {
    /// Asks whether a packet to `to` that comes in from `from` by the interface of that number
    /// is for this host: `ip route get TO from FROM iif DEV`.
    ///
    /// # Errors
    /// The kernel's answer; EINVAL or EXDEV if source validation drops the packet.
    pub fn is_local_by(
        &self,
        to: IpAddr,
        from: IpAddr,
        interface: u32,
    ) -> Result<bool, NetlinkError> {
        let mut question = encode::lookup(to);
        question.header.source_prefix_length = host_prefix(from);
        question.attributes.push(RouteAttribute::Source(from.into()));
        question.attributes.push(RouteAttribute::Iif(interface));
        match self.read_one(&RouteNetlinkMessage::GetRoute(question), raw::route) {
            Ok(route) => Ok(route.is_some_and(|route| route.header.kind == RouteType::Local)),
            Err(NetlinkError::Kernel(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES)) => {
                Ok(false)
            }
            // IPv6 validates no source: it is a route that says so.
            Err(NetlinkError::Kernel(Errno::EINVAL)) if to.is_ipv6() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks for the route of a reply to `to`: `ip route get TO from FROM …`. `None` if it would
    /// go nowhere.
    ///
    /// # Errors
    /// The kernel's answer. Of an IPv4 address that is none of this host's it says EINVAL,
    /// which a blackhole is, too.
    pub fn reply(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        marks: &Marks,
        links: &[Link],
    ) -> Result<Option<Lookup>, NetlinkError> {
        let mut question = encode::lookup(to);
        question.header.flags |= RouteFlags::LookupTable;
        question.header.tos = marks.tos;
        if let Some(from) = from {
            question.header.source_prefix_length = host_prefix(from);
            question.attributes.push(RouteAttribute::Source(from.into()));
        }
        let named = [
            marks.device.map(RouteAttribute::Oif),
            marks.mark.map(RouteAttribute::Mark),
            marks.user.map(RouteAttribute::Uid),
            marks.protocol.map(RouteAttribute::IpProto),
            marks.ports[0].map(RouteAttribute::Sport),
            marks.ports[1].map(RouteAttribute::Dport),
        ];
        question.attributes.extend(named.into_iter().flatten());
        match self.read_one(&RouteNetlinkMessage::GetRoute(question), raw::route) {
            Ok(route) => Ok(route.and_then(|it| decode::route::lookup(&it, links))),
            Err(NetlinkError::Kernel(
                Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES | Errno::EINVAL,
            )) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the rules of both families.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn rules(&self) -> Result<Vec<Rule>, NetlinkError> {
        let mut rules = Vec::new();
        for family in Family::BOTH {
            match self.read_all(&encode::any_rule(family), raw::rule) {
                Ok(found) => rules.extend(found.iter().map(decode::rule::rule)),
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rules)
    }
}
