// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a rule for a packet? As far as its conditions are understood.

use std::net::IpAddr;
use std::ops::Not;

use super::packet::{OnItsWay, Source, State, Tracked};
use super::protocols::{IPIP, number};

/// A rule as it is written, and taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// `-A CHAIN …`.
    text: String,
    conditions: Vec<Condition>,
    target: Option<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    negated: bool,
    name: String,
    values: Vec<String>,
}

/// What is done with what the rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub name: String,
    /// `-g`: what leaves the chain does not come back.
    pub goes: bool,
    /// What follows its name.
    pub options: Vec<String>,
}

impl Target {
    /// Keeps connection tracking from what the rule is for.
    pub(super) fn leaves_untracked(&self) -> bool {
        self.name == "NOTRACK" || self.options.iter().any(|it| it == "--notrack")
    }

    fn needs_tracking(&self) -> bool {
        TARGETS_THAT_TRACK.contains(&self.name.as_str()) && !self.leaves_untracked()
    }
}

/// Whether a rule is for a packet. The least of its conditions decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// For others only.
    No,
    /// It depends on a protocol or a port that nobody asked about.
    Unasked,
    /// It depends on what is not known, or not understood.
    Unknown,
    /// For all of them.
    Yes,
}

impl Not for Match {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            other => other,
        }
    }
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

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

/// Matches and targets for which the kernel tracks connections, in all the network namespace,
/// as long as a rule has one (`nf_ct_netns_get` in net/netfilter/xt_*.c).
const MATCHES_THAT_TRACK: [&str; 7] =
    ["conntrack", "state", "connmark", "connbytes", "connlabel", "connlimit", "helper"];
const TARGETS_THAT_TRACK: [&str; 8] =
    ["CT", "CONNMARK", "CONNSECMARK", "DNAT", "SNAT", "REDIRECT", "NETMAP", "MASQUERADE"];

impl Rule {
    pub(super) fn parse(chain: &str, words: Vec<String>) -> Self {
        let text = format!("-A {chain} {}", words.join(" "));
        let (mut conditions, mut target) = (Vec::<Condition>::new(), None);
        let mut words = words.into_iter().peekable();
        let mut negated = false;
        while let Some(word) = words.next() {
            match word.as_str() {
                "!" => negated = true,
                "-j" | "-g" => {
                    let name = words.next().unwrap_or_default();
                    let options = words.by_ref().collect();
                    target = Some(Target { name, goes: word == "-g", options });
                }
                _ => {
                    let mut values = Vec::new();
                    // A comment without quotes may begin with a hyphen.
                    if word == "--comment" {
                        values.extend(words.next());
                    }
                    let is_value = |word: &String| !word.starts_with('-') && word != "!";
                    values.extend(std::iter::from_fn(|| words.next_if(is_value)));
                    conditions.push(Condition { negated, name: word, values });
                    negated = false;
                }
            }
        }
        Self { text, conditions, target }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Whether the kernel tracks connections on its account, whatever it is for.
    pub(super) fn needs_tracking(&self) -> bool {
        let tracks = |it: &Condition| it.name == "-m" && MATCHES_THAT_TRACK.contains(&it.value());
        self.conditions.iter().any(tracks) || self.target().is_some_and(Target::needs_tracking)
    }

    /// Whether it is for protocol 94.
    pub(super) fn is_for_ipip(&self) -> bool {
        self.conditions
            .iter()
            .any(|it| it.name == "-p" && !it.negated && number(it.value()) == Some(IPIP))
    }

    pub(super) fn matches(&self, packet: &OnItsWay<'_>) -> Match {
        let conditions = self.conditions.iter().map(|condition| {
            let is = condition.matches(packet);
            if condition.negated { !is } else { is }
        });
        conditions.min().unwrap_or(Match::Yes)
    }
}

impl Condition {
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// Without the `!` before it.
    fn matches(&self, on: &OnItsWay<'_>) -> Match {
        let packet = on.packet;
        let value = self.value();
        match self.name.as_str() {
            "--comment" => Match::Yes,
            "-m" => {
                if MATCHES.contains(&value) {
                    Match::Yes
                } else if value == "rt" {
                    // Neither a director nor a client sends a routing header; without one the
                    // match fails, negated or not.
                    Match::No
                } else {
                    Match::Unknown
                }
            }
            "-i" => interface(value, &packet.nics),
            "-p" => protocol(value, packet.protocol),
            "-d" if on.rewritten => Match::Unknown,
            "-d" => Net::parse(value).map_or(Match::Unknown, |net| net.has(packet.to).into()),
            "-s" => {
                Net::parse(value).map_or(Match::Unknown, |net| net.sends(packet.source.as_ref()))
            }
            "--dport" | "--dports" => match packet.port {
                _ if on.rewritten => Match::Unknown,
                Some(port) => ports(value, port),
                None => Match::Unasked,
            },
            // Only parts of a packet that come behind the first.
            "-f" => Match::No,
            "--dst-type" if on.rewritten => Match::Unknown,
            "--dst-type" => value
                .split(',')
                .map(|kind| match kind {
                    "LOCAL" => packet.is_local.into(),
                    "UNICAST" => (!packet.is_local).into(),
                    "BROADCAST" | "MULTICAST" | "ANYCAST" => Match::from(packet.to.is_multicast()),
                    _ => Match::Unknown,
                })
                .max()
                .unwrap_or(Match::Unknown),
            "--pkt-type" => match value {
                "unicast" => Match::from(!packet.to.is_multicast()),
                "broadcast" | "multicast" => Match::from(packet.to.is_multicast()),
                _ => Match::Unknown,
            },
            "--ctstate" | "--state" => states(value, on),
            "--tcp-flags" => flags(&self.values, on.state),
            "--icmpv6-type" => packet.icmpv6.map_or(Match::Unknown, |kind| icmpv6(value, kind)),
            // Neighbour discovery is heard with the greatest hop limit only (RFC 4861, 7.1.1).
            "--hl-eq" if packet.icmpv6.is_some() => (value == "255").into(),
            _ => Match::Unknown,
        }
    }
}

/// `eth0`, or `eth+` for all whose names begin so.
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

/// The protocols that IPVS has services of: TCP, UDP, ESP, AH and SCTP.
const SERVED: [u8; 5] = [6, 17, 50, 51, 132];

fn protocol(name: &str, of: Option<u8>) -> Match {
    match (number(name), of) {
        _ if matches!(name, "all" | "0") => Match::Yes,
        (None, _) => Match::Unknown,
        (Some(number), None) if SERVED.contains(&number) => Match::Unasked,
        (Some(_), None) => Match::No,
        (Some(number), Some(of)) => (number == of).into(),
    }
}

/// `80`, `80:90` or `22,80:90`.
fn ports(text: &str, port: u16) -> Match {
    let part = |part: &str| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&port).into(),
            _ => Match::Unknown,
        }
    };
    text.split(',').map(part).max().unwrap_or(Match::Unknown)
}

/// `135`, or with a code `135/0`; that of neighbour discovery is 0.
fn icmpv6(text: &str, kind: u8) -> Match {
    let (of, code) = text.split_once('/').unwrap_or((text, "0"));
    match (of.parse::<u8>(), code.parse::<u8>()) {
        (Ok(of), Ok(code)) => ((of, code) == (kind, 0)).into(),
        _ => Match::Unknown,
    }
}

fn states(text: &str, on: &OnItsWay<'_>) -> Match {
    let mut states = text.split(',');
    let mine = match on.state {
        State::New => "NEW",
        State::Established => "ESTABLISHED",
    };
    let tracked = states.clone().any(|state| state == mine);
    let untracked = states.clone().any(|state| state == "UNTRACKED");
    // DNAT and SNAT are no states of their own: a connection has them besides.
    let is_set = |state: &str| match state {
        "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED" => Match::No,
        "DNAT" | "SNAT" if !on.translated || on.tracked == Tracked::No => Match::No,
        _ => Match::Unknown,
    };
    match on.tracked {
        // INVALID is also what has not been looked at.
        Tracked::NotYet => states.any(|state| state == "INVALID").into(),
        Tracked::Yes if tracked => Match::Yes,
        Tracked::No if untracked => Match::Yes,
        Tracked::Unknown if tracked && untracked => Match::Yes,
        Tracked::Unknown if tracked || untracked => Match::Unknown,
        _ => states.map(is_set).max().unwrap_or(Match::Unknown),
    }
}

/// Which flags are looked at, and which of them are to be set.
fn flags(values: &[String], state: State) -> Match {
    let [mask, set] = values else { return Match::Unknown };
    let has = |list: &str, flag: &str| list == "ALL" || list.split(',').any(|it| it == flag);
    // What may be set besides, by who sends: ECN in the first packet, PSH in others.
    let (is, may): (&str, &[&str]) = match state {
        State::New => ("SYN", &[]),
        State::Established => ("ACK", &["PSH"]),
    };
    let looked_at =
        ["FIN", "SYN", "RST", "PSH", "ACK", "URG"].into_iter().filter(|it| has(mask, it));
    let each = looked_at.map(|flag| match has(set, flag) {
        _ if may.contains(&flag) => Match::Unknown,
        wanted => Match::from(wanted == (flag == is)),
    });
    each.min().unwrap_or(Match::Unknown)
}

/// `192.0.2.0/24`, or with a mask.
struct Net {
    of: IpAddr,
    mask: u128,
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

impl Net {
    fn parse(text: &str) -> Option<Self> {
        let (of, length) = text.split_once('/').unwrap_or((text, ""));
        let of: IpAddr = of.parse().ok()?;
        let whole: u32 = if of.is_ipv4() { 32 } else { 128 };
        let all = if of.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
        let mask = match (length, length.parse::<u32>(), length.parse::<IpAddr>()) {
            ("", ..) => all,
            (_, Ok(prefix), _) if prefix <= whole => all & !all.checked_shr(prefix).unwrap_or(0),
            (_, _, Ok(mask)) if mask.is_ipv4() == of.is_ipv4() => bits(mask),
            _ => return None,
        };
        Some(Self { of, mask })
    }

    fn has(&self, ip: IpAddr) -> bool {
        self.of.is_ipv4() == ip.is_ipv4() && (bits(self.of) ^ bits(ip)) & self.mask == 0
    }

    /// Whether it has those who send.
    fn sends(&self, source: Option<&Source>) -> Match {
        match source {
            _ if self.mask == 0 => Match::Yes,
            None => Match::Unknown,
            Some(Source::OneOf(known)) if known.iter().all(|ip| self.has(*ip)) => Match::Yes,
            Some(Source::OneOf(_)) => Match::Unknown,
            Some(Source::All(ends)) => match ends.map(|ip| self.has(ip)) {
                [true, true] if self.is_prefix() => Match::Yes,
                [false, false] if self.is_prefix() && !self.is_between(ends) => Match::No,
                _ => Match::Unknown,
            },
        }
    }

    /// Whether its addresses are in one row.
    fn is_prefix(&self) -> bool {
        let width = if self.of.is_ipv4() { 32 } else { 128 };
        self.mask.count_ones() == width - self.mask.trailing_zeros().min(width)
    }

    fn is_between(&self, [first, last]: &[IpAddr; 2]) -> bool {
        (bits(*first)..=bits(*last)).contains(&(bits(self.of) & self.mask))
    }
}
