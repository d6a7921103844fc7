// SPDX-License-Identifier: MIT OR Apache-2.0
//! Routes as the kernel finds them for packets that come in and for the replies to them, and
//! the rules that lead there.

use std::net::IpAddr;

use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::errno::Errno;

use super::{Netlink, NetlinkError, encode, raw};
use crate::ip::host_prefix;

/// Priorities of the three rules that are there from the start: local, main, default
/// (`fib_default_rules_init` in net/ipv4/fib_rules.c; IPv6 has no default).
const FROM_THE_START: [(u32, u32); 3] = [(0, 255), (32766, 254), (32767, 253)];

impl Netlink {
    /// Asks for the route of a packet to `to` that comes in from `from` by the interface of
    /// that number: `ip route get TO from FROM iif DEV`. `None` if it would go nowhere.
    ///
    /// # Errors
    /// The kernel's answer; EINVAL or EXDEV if source validation drops the packet.
    pub fn arrival_message(
        &self,
        to: IpAddr,
        from: IpAddr,
        interface: u32,
    ) -> Result<Option<RouteMessage>, NetlinkError> {
        let mut question = encode::lookup(to);
        question.header.source_prefix_length = host_prefix(from);
        question.attributes.push(RouteAttribute::Source(from.into()));
        question.attributes.push(RouteAttribute::Iif(interface));
        match self.read_one(&RouteNetlinkMessage::GetRoute(question), raw::route) {
            Ok(route) => Ok(route),
            Err(NetlinkError::Kernel(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES)) => {
                Ok(None)
            }
            // IPv6 validates no source: it is a route that says so.
            Err(NetlinkError::Kernel(Errno::EINVAL)) if to.is_ipv6() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for the route of a reply to `to`: `ip route get TO from FROM …`. `None` if it would
    /// go nowhere.
    ///
    /// # Errors
    /// The kernel's answer. Of an IPv4 address that is none of this host's it says EINVAL,
    /// which a blackhole is, too.
    pub fn reply_message(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        marks: &Marks,
    ) -> Result<Option<RouteMessage>, NetlinkError> {
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
            Ok(route) => Ok(route),
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
    pub fn rule_messages(&self) -> Result<Vec<RuleMessage>, NetlinkError> {
        let mut rules = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut all = RuleMessage::default();
            all.header.family = family;
            match self.read_all(&RouteNetlinkMessage::GetRule(all), raw::rule) {
                Ok(found) => rules.extend(found),
                Err(NetlinkError::Kernel(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rules)
    }
}

/// What a rule may tell a packet by, besides its ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The interface to which its socket is bound.
    pub device: Option<u32>,
    /// `SO_MARK`, or of the packet filter.
    pub mark: Option<u32>,
    /// Whose socket it is.
    pub user: Option<u32>,
    /// DSCP and ECN.
    pub tos: u8,
    /// TCP, UDP or ICMP.
    pub protocol: Option<u8>,
    /// Source port and destination port.
    pub ports: [Option<u16>; 2],
}

/// Tells whether the rules are those that are there from the start, so that every packet is
/// routed alike wherever it comes from.
#[must_use]
pub fn are_all_alike(rules: &[RuleMessage]) -> bool {
    rules.iter().all(is_from_the_start)
}

fn is_from_the_start(rule: &RuleMessage) -> bool {
    let header = &rule.header;
    let (mut priority, mut table) = (0, u32::from(header.table));
    let is_plain = rule.attributes.iter().all(|attribute| match attribute {
        RuleAttribute::Priority(number) => {
            priority = *number;
            true
        }
        RuleAttribute::Table(number) => {
            table = *number;
            true
        }
        RuleAttribute::Protocol(_) => true,
        // -1 is none.
        RuleAttribute::SuppressPrefixLen(length) => *length == u32::MAX,
        _ => false,
    });
    is_plain
        && (header.dst_len, header.src_len, header.tos) == (0, 0, 0)
        && header.action == RuleAction::ToTable
        && matches!(header.family, AddressFamily::Inet | AddressFamily::Inet6)
        && FROM_THE_START.contains(&(priority, table))
}

/// The table that a route is in.
#[must_use]
pub fn table_of(message: &RouteMessage) -> u32 {
    let named = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(table) => Some(*table),
        _ => None,
    });
    named.unwrap_or_else(|| message.header.table.into())
}

/// The table of this host's own addresses (`RT_TABLE_LOCAL`).
pub const TABLE_LOCAL: u32 = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(priority: u32, table: u32) -> RuleMessage {
        let mut rule = RuleMessage::default();
        rule.header.family = AddressFamily::Inet;
        rule.header.action = RuleAction::ToTable;
        rule.attributes.push(RuleAttribute::Priority(priority));
        rule.attributes.push(RuleAttribute::Table(table));
        rule
    }

    #[test]
    fn a_rule_of_somebody_is_none_of_the_start() {
        for (priority, table) in FROM_THE_START {
            assert!(is_from_the_start(&rule(priority, table)));
        }
        let mut of_iif = rule(0, 255);
        of_iif.attributes.push(RuleAttribute::Iifname("eth0".into()));
        let mut to = rule(32766, 254);
        to.header.dst_len = 32;
        let mut blackhole = rule(0, 255);
        blackhole.header.action = RuleAction::Blackhole;
        for other in [of_iif, to, blackhole, rule(1000, 254), rule(0, 100)] {
            assert!(!is_from_the_start(&other), "{other:?}");
        }
    }
}
