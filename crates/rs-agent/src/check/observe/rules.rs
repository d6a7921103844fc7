// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules of routing (`ip rule`), as far as they tell replies from other packets.

use std::fmt::Write as _;
use std::net::IpAddr;

use lvs_host::netlink::Marks;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};

use super::super::seen::contains;

/// A rule. Its interface of arrival is left out: replies have none but `lo`, as the kernel
/// itself sees when it is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    pub(super) ipv6: bool,
    /// As `ip rule` writes it.
    pub(super) text: String,
    pub(super) to: Option<(IpAddr, u8)>,
    from: Option<(IpAddr, u8)>,
    is_inverted: bool,
    pub(super) mark: Option<u32>,
    /// The first and the last of a range.
    pub(super) users: Option<(u32, u32)>,
    /// The interface a socket is bound to.
    pub(super) device: Option<String>,
    tos: u8,
    pub(super) protocol: Option<u8>,
    ports: [Option<u16>; 2],
    /// A kernel can be asked with all that it names.
    pub(super) is_understood: bool,
}

impl Rule {
    /// Decodes one.
    pub(super) fn of(message: &RuleMessage) -> Self {
        let header = &message.header;
        let mut rule = Self {
            ipv6: header.family == AddressFamily::Inet6,
            is_inverted: header.flags.contains(RuleFlags::Invert),
            tos: header.tos,
            is_understood: true,
            ..Self::default()
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

    /// Returns what a reply is like to which it applies (or does not, if it is inverted), if
    /// that is more than its ends and this host's VRF.
    pub(super) fn marks(&self, plain: &Marks) -> Option<Marks> {
        let device = self.device.as_ref().map(|name| lvs_host::netlink::Netlink::index(name).ok());
        let marks = Marks {
            device: device.flatten().or(plain.device),
            mark: self.mark.filter(|mark| *mark != 0),
            user: self.users.map(|(first, _)| first).or(plain.user),
            tos: self.tos,
            protocol: self.protocol.or(plain.protocol),
            ports: self.ports,
        };
        (marks != *plain || !self.is_understood).then_some(marks)
    }

    /// Returns whether it is for packets of other protocols than those, if any are known.
    pub(super) fn is_for_others(&self, protocols: &[u8]) -> bool {
        !self.is_inverted
            && !protocols.is_empty()
            && self.protocol.is_some_and(|protocol| !protocols.contains(&protocol))
    }

    /// Returns whether it names a source, be it that one or one that is not known.
    pub(super) fn is_by_source(&self, from: Option<IpAddr>) -> bool {
        self.from.is_some_and(|(of, prefix)| {
            self.is_inverted || from.is_none_or(|from| contains(of, prefix, from))
        })
    }
}
