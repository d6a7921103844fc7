// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of rules.

use std::fmt::Write as _;
use std::net::IpAddr;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};

use super::family;
use crate::rule::Rule;

/// Priorities of the three rules that are there from the start: local, main, default
/// (`fib_default_rules_init` in net/ipv4/fib_rules.c; IPv6 has no default).
const FROM_THE_START: [(u32, u32); 3] = [(0, 255), (32766, 254), (32767, 253)];

pub(in super::super) fn rule(message: &RuleMessage) -> Rule {
    let header = &message.header;
    let mut rule = Rule {
        family: family(header.family),
        is_inverted: header.flags.contains(RuleFlags::Invert),
        tos: header.tos,
        is_understood: true,
        is_from_the_start: is_from_the_start(message),
        ..Rule::default()
    };
    let (mut priority, mut table, mut rest) = (0, u32::from(header.table), String::new());
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Priority(number) => priority = *number,
            RuleAttribute::Table(number) => table = *number,
            RuleAttribute::Destination(ip) => rule.to = Some((*ip, header.dst_len)),
            RuleAttribute::Source(ip) => rule.from = Some((*ip, header.src_len)),
            RuleAttribute::FwMark(mark) => rule.mark = Some(*mark),
            RuleAttribute::UidRange(range) => {
                rule.users = Some((range.start, range.end));
                let _ = write!(rest, " uidrange {}-{}", range.start, range.end);
            }
            RuleAttribute::Oifname(name) => {
                rule.device = Some(name.clone());
                let _ = write!(rest, " oif {name}");
            }
            RuleAttribute::Iifname(name) => {
                let _ = write!(rest, " iif {name}");
            }
            RuleAttribute::IpProtocol(protocol) => {
                let number = i32::from(*protocol);
                rule.protocol = u8::try_from(number).ok();
                let _ = write!(rest, " ipproto {number}");
            }
            RuleAttribute::SourcePortRange(range) => {
                rule.ports[0] = Some(range.start);
                let _ = write!(rest, " sport {}-{}", range.start, range.end);
            }
            RuleAttribute::DestinationPortRange(range) => {
                rule.ports[1] = Some(range.start);
                let _ = write!(rest, " dport {}-{}", range.start, range.end);
            }
            // `dscp` and `flowlabel` of newer kernels, and what is still to come.
            RuleAttribute::Other(_) => rule.is_understood = false,
            _ => {}
        }
    }
    let not = if rule.is_inverted { "not " } else { "" };
    let end = |end: Option<(IpAddr, u8)>| end.map(|(ip, prefix)| format!("{ip}/{prefix}"));
    let from = end(rule.from).unwrap_or_else(|| "all".to_owned());
    let to = end(rule.to).map(|to| format!(" to {to}")).unwrap_or_default();
    let mark = rule.mark.map(|mark| format!(" fwmark {mark:#x}")).unwrap_or_default();
    let tos = if rule.tos == 0 { String::new() } else { format!(" tos {:#x}", rule.tos) };
    let action = match header.action {
        RuleAction::ToTable => format!("lookup {table}"),
        other => format!("{other:?}").to_lowercase(),
    };
    rule.text = format!("ip rule {priority}: {not}from {from}{to}{mark}{tos}{rest} {action}");
    rule
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
