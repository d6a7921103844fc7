// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions of a rule, as far as they are understood.

use std::ops::RangeInclusive;

use super::matching::Match;
use super::net::Net;
use super::packet::{OnItsWay, Packet, State, Tracked};
use super::protocols::number;

/// A condition limits for which packets a rule is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    negated: bool,
    test: Test,
}

/// What is asked of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// Nothing: a comment, or a match that says nothing but by its options.
    Always,
    /// What no packet has that a director or a client sends.
    Never,
    /// Something else.
    NotUnderstood,
    /// The interface it comes in by: `eth0`, or `eth+` for all whose names begin so.
    Interface(String),
    Protocol(u8),
    Destination(Net),
    Source(Net),
    /// Destination ports; `None`: by a name.
    Ports(Vec<Option<RangeInclusive<u16>>>),
    /// Types of the destination address.
    AddressTypes(Vec<AddressType>),
    /// Whether the frame came to several hosts; else to this one.
    PacketType {
        to_several: bool,
    },
    States(States),
    TcpFlags(TcpFlags),
    Icmpv6 {
        kind: u8,
        code: u8,
    },
    /// Whether it is the greatest.
    HopLimit {
        greatest: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressType {
    Local,
    Unicast,
    /// Broadcast, multicast or anycast.
    Several,
    Other,
}

/// The states of connection tracking that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct States {
    new: bool,
    established: bool,
    invalid: bool,
    untracked: bool,
    /// DNAT or SNAT, which are no states of their own: a connection has them besides.
    translated: bool,
    other: bool,
}

/// Flags of TCP and whether each is to be set, if it is looked at, in the order of [`FLAGS`].
#[derive(Debug, Clone, PartialEq, Eq)]
struct TcpFlags([Option<bool>; FLAGS.len()]);

const FLAGS: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/// Matches that say nothing but by their options, all of which are understood.
const MATCHES: [&str; 11] = [
    "comment",
    "tcp",
    "udp",
    "multiport",
    "conntrack",
    "state",
    "addrtype",
    "pkttype",
    "icmp",
    "icmp6",
    "hl",
];

/// The protocols that IPVS has services of: TCP, UDP, ESP, AH and SCTP.
const SERVED: [u8; 5] = [6, 17, 50, 51, 132];

impl Condition {
    /// Reads an option and its values.
    pub(super) fn parse(negated: bool, option: &str, values: &[String]) -> Self {
        Self { negated, test: Test::parse(option, values) }
    }

    /// Returns whether it is for that packet.
    pub(super) fn matches(&self, on: &OnItsWay<'_>) -> Match {
        let is = self.test.matches(on);
        if self.negated { !is } else { is }
    }

    /// Returns whether it asks for that protocol.
    pub(super) fn names_protocol(&self, number: u8) -> bool {
        !self.negated && self.test == Test::Protocol(number)
    }

    /// Returns whether it asks for a type of ICMPv6, and that one fits.
    pub(super) fn fits_icmpv6(&self, of: u8) -> bool {
        match self.test {
            Test::Icmpv6 { kind, code } => ((kind, code) == (of, 0)) != self.negated,
            _ => false,
        }
    }
}

impl Test {
    fn parse(option: &str, values: &[String]) -> Self {
        let value = values.first().map_or("", String::as_str);
        let understood = match option {
            "--comment" => Some(Self::Always),
            "-m" if MATCHES.contains(&value) => Some(Self::Always),
            // Neither a director nor a client sends a routing header; without one the match
            // fails, negated or not.
            "-m" if value == "rt" => Some(Self::Never),
            // Only parts of a packet that come behind the first.
            "-f" => Some(Self::Never),
            "-i" => Some(Self::Interface(value.to_owned())),
            "-p" if matches!(value, "all" | "0") => Some(Self::Always),
            "-p" => number(value).map(Self::Protocol),
            "-d" => Net::parse(value).map(Self::Destination),
            "-s" => Net::parse(value).map(Self::Source),
            "--dport" | "--dports" => Some(Self::Ports(value.split(',').map(ports).collect())),
            "--dst-type" => Some(Self::AddressTypes(value.split(',').map(address_type).collect())),
            "--pkt-type" => packet_type(value),
            "--ctstate" | "--state" => Some(Self::States(States::parse(value))),
            "--tcp-flags" => TcpFlags::parse(values).map(Self::TcpFlags),
            "--icmpv6-type" => icmpv6(value),
            "--hl-eq" => Some(Self::HopLimit { greatest: value == "255" }),
            _ => None,
        };
        understood.unwrap_or(Self::NotUnderstood)
    }

    fn matches(&self, on: &OnItsWay<'_>) -> Match {
        let packet = on.packet;
        match self {
            Self::Always => Match::Yes,
            Self::Never => Match::No,
            Self::NotUnderstood => Match::Unknown,
            Self::Destination(_) | Self::Ports(_) | Self::AddressTypes(_) if on.rewritten => {
                Match::Unknown
            }
            Self::Interface(pattern) => interface(pattern, &packet.nics),
            Self::Protocol(number) => match packet.protocol {
                Some(of) => (*number == of).into(),
                None if SERVED.contains(number) => Match::Unasked,
                None => Match::No,
            },
            Self::Destination(net) => net.has(packet.to).into(),
            Self::Source(net) => net.sends(packet.source.as_ref()),
            Self::Ports(ranges) => packet.port.map_or(Match::Unasked, |port| {
                let has = |range: &Option<RangeInclusive<u16>>| match range {
                    Some(range) => range.contains(&port).into(),
                    None => Match::Unknown,
                };
                ranges.iter().map(has).max().unwrap_or(Match::Unknown)
            }),
            Self::AddressTypes(types) => {
                types.iter().map(|it| it.is_of(packet)).max().unwrap_or(Match::Unknown)
            }
            Self::PacketType { to_several } => (packet.to.is_multicast() == *to_several).into(),
            Self::States(states) => states.matches(on),
            Self::TcpFlags(flags) => flags.matches(on.state),
            // The code of neighbour discovery is 0.
            Self::Icmpv6 { kind, code } => {
                packet.icmpv6.map_or(Match::Unknown, |of| ((*kind, *code) == (of, 0)).into())
            }
            // Neighbour discovery is heard with the greatest hop limit only (RFC 4861, 7.1.1).
            Self::HopLimit { greatest } if packet.icmpv6.is_some() => (*greatest).into(),
            Self::HopLimit { .. } => Match::Unknown,
        }
    }
}

fn interface(pattern: &str, nics: &[String]) -> Match {
    let fits = |nic: &String| match pattern.strip_suffix('+') {
        Some(start) => nic.starts_with(start),
        None => nic == pattern,
    };
    match nics.iter().filter(|nic| fits(nic)).count() {
        // Nobody else sends by that.
        _ if pattern == "lo" => Match::No,
        _ if nics.is_empty() => Match::Unknown,
        0 => Match::No,
        all if all == nics.len() => Match::Yes,
        _ => Match::Unknown,
    }
}

/// `80` or `80:90`.
fn ports(part: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = part.split_once(':').unwrap_or((part, part));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

fn address_type(name: &str) -> AddressType {
    match name {
        "LOCAL" => AddressType::Local,
        "UNICAST" => AddressType::Unicast,
        "BROADCAST" | "MULTICAST" | "ANYCAST" => AddressType::Several,
        _ => AddressType::Other,
    }
}

impl AddressType {
    fn is_of(self, packet: &Packet) -> Match {
        match self {
            Self::Local => packet.is_local.into(),
            Self::Unicast => (!packet.is_local).into(),
            Self::Several => packet.to.is_multicast().into(),
            Self::Other => Match::Unknown,
        }
    }
}

fn packet_type(name: &str) -> Option<Test> {
    match name {
        "unicast" => Some(Test::PacketType { to_several: false }),
        "broadcast" | "multicast" => Some(Test::PacketType { to_several: true }),
        _ => None,
    }
}

/// `135`, or with a code `135/0`.
fn icmpv6(text: &str) -> Option<Test> {
    let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
    let kind = match kind {
        "neighbour-solicitation" | "neighbor-solicitation" => 135,
        "neighbour-advertisement" | "neighbor-advertisement" => 136,
        number => number.parse().ok()?,
    };
    Some(Test::Icmpv6 { kind, code: code.parse().ok()? })
}

impl States {
    fn parse(text: &str) -> Self {
        let mut states = Self::default();
        for state in text.split(',') {
            match state {
                "NEW" => states.new = true,
                "ESTABLISHED" => states.established = true,
                "INVALID" => states.invalid = true,
                "UNTRACKED" => states.untracked = true,
                "DNAT" | "SNAT" => states.translated = true,
                "RELATED" => {}
                _ => states.other = true,
            }
        }
        states
    }

    fn matches(&self, on: &OnItsWay<'_>) -> Match {
        let tracked = match on.state {
            State::New => self.new,
            State::Established => self.established,
        };
        match on.tracked {
            // INVALID is also what has not been looked at.
            Tracked::NotYet => self.invalid.into(),
            Tracked::Yes if tracked => Match::Yes,
            Tracked::No if self.untracked => Match::Yes,
            Tracked::Unknown if tracked && self.untracked => Match::Yes,
            Tracked::Unknown if tracked || self.untracked => Match::Unknown,
            _ if self.other => Match::Unknown,
            Tracked::No => Match::No,
            _ => {
                if self.translated && on.translated {
                    Match::Unknown
                } else {
                    Match::No
                }
            }
        }
    }
}

impl TcpFlags {
    /// Reads which flags are looked at, and which of them are to be set.
    fn parse(values: &[String]) -> Option<Self> {
        let [mask, set] = values else { return None };
        let has = |list: &str, flag: &str| list == "ALL" || list.split(',').any(|it| it == flag);
        Some(Self(FLAGS.map(|flag| has(mask, flag).then(|| has(set, flag)))))
    }

    fn matches(&self, state: State) -> Match {
        // What is set, and what may be besides, by who sends: ECN in the first packet, PSH in
        // others.
        let (is, may) = match state {
            State::New => ("SYN", ""),
            State::Established => ("ACK", "PSH"),
        };
        let looked_at = FLAGS.iter().zip(self.0).filter_map(|(flag, set)| Some((*flag, set?)));
        let each = looked_at.map(|(flag, set)| match flag == may {
            true => Match::Unknown,
            false => (set == (flag == is)).into(),
        });
        each.min().unwrap_or(Match::Unknown)
    }
}
