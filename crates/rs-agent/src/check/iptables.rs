// SPDX-License-Identifier: MIT OR Apache-2.0
//! A ruleset as `iptables-legacy-save` writes it, and the one question asked of it: may it
//! accept such a packet? Whatever is not understood may.

mod rewrite;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use self::rewrite::Arriving;

use super::seen::contains;
use crate::facts::host_prefix;

/// Of one address family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    chains: BTreeMap<String, Vec<Rule>>,
    /// The policy of INPUT is DROP.
    drops: bool,
    /// Something may give the packet another destination first.
    rewrites: bool,
    /// The chains of the other tables, which see packets before they are routed.
    before_routing: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule(Vec<String>);

/// The first packet of a conversation, for this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Its destination.
    pub to: IpAddr,
    /// IP protocol.
    pub protocol: u8,
    /// Destination port, if the protocol has any.
    pub port: Option<u16>,
}

impl Ruleset {
    /// Reads what the program wrote; other tables than `filter` only as far as they may change
    /// a destination.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut rules = Self::default();
        let mut table = "";
        for line in text.lines() {
            let words = words(line);
            let mut words = words.into_iter();
            let first = words.next();
            match (first.as_deref(), table) {
                (Some(_), _) if line.starts_with('*') => table = line.trim_start_matches('*'),
                (Some(":INPUT"), "filter") => {
                    rules.drops = words.next().is_some_and(|policy| policy == "DROP");
                }
                (Some(word), "filter") if word.starts_with(':') => {
                    rules.chains.entry(word.trim_start_matches(':').to_owned()).or_default();
                }
                (Some("-A"), "filter") => {
                    let chain = words.next().unwrap_or_default();
                    rules.chains.entry(chain).or_default().push(Rule(words.collect()));
                }
                (Some(word), _) if word.starts_with(':') => {
                    let chains = rules.before_routing.entry(table.to_owned()).or_default();
                    chains.entry(word.trim_start_matches(':').to_owned()).or_default();
                }
                (Some("-A"), _) => {
                    let chain = words.next().unwrap_or_default();
                    rules.rewrites |= chain == "PREROUTING";
                    let chains = rules.before_routing.entry(table.to_owned()).or_default();
                    chains.entry(chain).or_default().push(Rule(words.collect()));
                }
                _ => {}
            }
        }
        rules
    }

    /// How such packets end for certain: what drops them, in the words of the ruleset.
    #[must_use]
    pub fn dropped(&self, packet: Packet) -> Option<String> {
        if self.rewrites || self.accepts("INPUT", packet, &mut BTreeSet::new()) {
            return None;
        }
        let input = self.chains.get("INPUT").map_or(&[][..], Vec::as_slice);
        match input.iter().find(|rule| rule.ends_all()) {
            Some(rule) => Some(format!("-A INPUT {}", rule.0.join(" "))),
            None => self.drops.then(|| ":INPUT DROP".to_owned()),
        }
    }

    /// Whether a rule is for protocol 94, by the name `ipip`: meant for IP in IP as a rule.
    #[must_use]
    pub fn names_ipip(&self) -> bool {
        let is_ipip = |rule: &Rule| rule.after("-p").and_then(number) == Some(IPIP);
        self.chains.values().flatten().any(is_ipip)
    }

    /// Whether a rule of that chain, or of one it leads to, may accept the packet. Those
    /// `seen` did not, by whatever way they were reached.
    fn accepts<'a>(&'a self, chain: &'a str, packet: Packet, seen: &mut BTreeSet<&'a str>) -> bool {
        if !seen.insert(chain) {
            return false;
        }
        let rules = self.chains.get(chain).map_or(&[][..], Vec::as_slice);
        // What comes behind a rule for everything is never reached.
        let reached = rules.iter().position(Rule::ends_all).map_or(rules, |at| &rules[..at]);
        // Out of INPUT a packet comes to the policy, also by way of a chain that INPUT
        // sent it to with -g.
        let to_policy = chain == "INPUT" && !self.drops;
        reached.iter().filter(|rule| !rule.is_for_others(packet)).any(|rule| {
            match rule.target() {
                // Counts only.
                None => false,
                Some("DROP" | "REJECT" | "LOG" | "NFLOG") => false,
                Some("RETURN") => to_policy,
                Some(name) if self.chains.contains_key(name) => {
                    (to_policy && rule.after("-g").is_some()) || self.accepts(name, packet, seen)
                }
                Some(_) => true,
            }
        })
    }
}

impl Rule {
    fn after(&self, option: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == option)?;
        // With `!` before it, it is the opposite that is for others.
        let negated = at.checked_sub(1).is_some_and(|before| self.0[before] == "!");
        self.0.get(at + 1).filter(|_| !negated).map(String::as_str)
    }

    fn target(&self) -> Option<&str> {
        self.after("-j").or_else(|| self.after("-g"))
    }

    /// Drops or refuses everything that comes to it.
    fn ends_all(&self) -> bool {
        matches!(self.0.as_slice(), [j, target, ..] if j == "-j" && (target == "DROP" || target == "REJECT"))
    }

    /// Whether a condition certainly excludes the packet.
    fn is_for_others(&self, packet: Packet) -> bool {
        let excludes =
            |option: &str, test: &dyn Fn(&str) -> bool| self.after(option).is_some_and(test);
        let ports = |text: &str| {
            packet.port.is_some_and(|port| text.split(',').all(|part| misses(part, port)))
        };
        excludes("-i", &|device| device == "lo")
            || excludes("-p", &|name| number(name).is_some_and(|other| other != packet.protocol))
            || excludes("-d", &|net| is_outside(net, packet.to))
            || ["--dport", "--dports"].into_iter().any(|option| excludes(option, &ports))
            || ["--ctstate", "--state"].into_iter().any(|option| excludes(option, &knows_it))
    }
}

/// The words of a line; what is quoted, as comments are, is one.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        // The quotes stay, so that no quoted word is an option.
        words.last_mut().into_iter().for_each(|word| word.push(c));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Only connections that are known already: never the first packet.
fn knows_it(states: &str) -> bool {
    states.split(',').all(|state| matches!(state, "ESTABLISHED" | "RELATED" | "INVALID"))
}

/// Whether a port, or a range such as `80:90`, is certainly another one.
fn misses(part: &str, port: u16) -> bool {
    let (first, last) = part.split_once(':').unwrap_or((part, part));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => !(first..=last).contains(&port),
        _ => false,
    }
}

/// The numbers of /etc/protocols, by whose names the program shows them. `ipip` is not IP in
/// IP, which is `ipencap`, or `ipv4` in another file of that name.
#[rustfmt::skip] // a table
const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1), ("igmp", 2), ("ggp", 3), ("ipencap", 4), ("ipv4", 4), ("st", 5), ("tcp", 6),
    ("egp", 8), ("igp", 9), ("pup", 12), ("udp", 17), ("hmp", 20), ("xns-idp", 22), ("rdp", 27),
    ("iso-tp4", 29), ("dccp", 33), ("xtp", 36), ("ddp", 37), ("idpr-cmtp", 38), ("ipv6", 41),
    ("ipv6-route", 43), ("ipv6-frag", 44), ("idrp", 45), ("rsvp", 46), ("gre", 47), ("esp", 50),
    ("ah", 51), ("skip", 57), ("icmpv6", 58), ("ipv6-icmp", 58), ("ipv6-nonxt", 59),
    ("ipv6-opts", 60), ("rspf", 73), ("vmtp", 81), ("eigrp", 88), ("ospf", 89), ("ax.25", 93),
    ("ipip", IPIP), ("etherip", 97), ("encap", 98), ("pim", 103), ("ipcomp", 108), ("vrrp", 112),
    ("l2tp", 115), ("isis", 124), ("sctp", 132), ("fc", 133), ("mobility-header", 135),
    ("udplite", 136), ("mpls-in-ip", 137), ("manet", 138), ("hip", 139), ("shim6", 140),
];

/// What `-p ipip` means.
const IPIP: u8 = 94;

/// The protocol of that name or number; not `all`.
fn number(name: &str) -> Option<u8> {
    let known = PROTOCOLS.iter().find(|(known, _)| *known == name);
    // 0 is every protocol.
    known.map(|(_, number)| *number).or_else(|| name.parse().ok().filter(|number| *number != 0))
}

/// `192.0.2.0/24`; a mask that is no prefix is not understood.
fn is_outside(net: &str, ip: IpAddr) -> bool {
    let (address, length) = net.split_once('/').unwrap_or((net, ""));
    let Ok(net) = address.parse::<IpAddr>() else { return false };
    let whole = host_prefix(net);
    let prefix = if length.is_empty() { Some(whole) } else { length.parse().ok() };
    net.is_ipv4() == ip.is_ipv4()
        && prefix.is_some_and(|prefix| prefix <= whole && !contains(net, prefix, ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP80: &str = "-p tcp -m tcp --dport 80";

    fn dropped(rules: &[&str], packet: (&str, u8, Option<u16>)) -> bool {
        ends_in_drop("DROP", rules, packet)
    }

    fn ends_in_drop(policy: &str, rules: &[&str], packet: (&str, u8, Option<u16>)) -> bool {
        let mut text = format!("*filter\n:INPUT {policy} [0:0]\n:WEB - [0:0]\n:OTHER - [0:0]\n");
        rules.iter().for_each(|rule| text += &format!("{rule}\n"));
        let (to, protocol, port) = packet;
        let packet = Packet { to: to.parse().unwrap(), protocol, port };
        Ruleset::parse(&(text + "COMMIT\n")).dropped(packet).is_some()
    }

    #[test]
    fn what_may_accept_is_no_drop() {
        let accepted = |rules: &[&str]| !dropped(rules, ("192.0.2.10", 6, Some(80)));
        for rules in [
            &[&*format!("-A INPUT {TCP80} -j ACCEPT")][..],
            &["-A INPUT -p tcp -m multiport --dports 22,70:90 -j ACCEPT"],
            &["-A INPUT -j ACCEPT"],
            &["-A INPUT -m comment --comment \"not \\\" -i lo -p udp\" -j ACCEPT"],
            &["-A INPUT -d 192.0.2.0/24 -j ACCEPT"],
            &["-A INPUT -d 192.0.2.0/255.255.255.0 -j ACCEPT"],
            &["-A INPUT ! -d 192.0.2.9/32 -j ACCEPT"],
            &["-A INPUT ! -i lo -j ACCEPT"],
            &["-A INPUT -p all -j ACCEPT"],
            &["-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"],
            &["-A INPUT -m conntrack ! --ctstate INVALID -j ACCEPT"],
            // Some clients, or something that is not understood.
            &["-A INPUT -s 198.51.100.0/24 -j ACCEPT"],
            &["-A INPUT -m set --match-set clients src -j ACCEPT"],
            &["-A INPUT -p tcp -m tcp --dport http -j ACCEPT"],
            &["-A INPUT -j NFQUEUE --queue-num 0"],
            &["-A INPUT -j WEB", "-A WEB -j OTHER", "-A OTHER -p tcp -j ACCEPT"],
            &["-A INPUT -g WEB", "-A WEB -j ACCEPT"],
            // It may have come for another port.
            &["COMMIT", "*nat", "-A PREROUTING -p tcp -j REDIRECT --to-ports 8080"],
        ] {
            assert!(accepted(rules), "{rules:?}");
        }
    }

    #[test]
    fn what_certainly_accepts_none_is_a_drop() {
        for rules in [
            &[][..],
            &[
                "-A INPUT -i lo -j ACCEPT",
                "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
            ],
            &["-A INPUT -p icmp -j ACCEPT", "-A INPUT -p udp -m udp --dport 80 -j ACCEPT"],
            &["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
            &["-A INPUT -p tcp -m multiport --dports 22,443:8080 -j ACCEPT"],
            &["-A INPUT -d 192.0.2.11/32 -j ACCEPT"],
            &["-A INPUT -j WEB", "-A WEB -p udp -j ACCEPT", "-A WEB -j RETURN"],
            &["-A INPUT -j REJECT --reject-with icmp-host-prohibited", "-A INPUT -j ACCEPT"],
            &["-A FORWARD -j ACCEPT", "-A INPUT -j LOG", "-A INPUT -p tcp"],
            &["COMMIT", "*nat", "-A POSTROUTING -j MASQUERADE"],
        ] {
            assert!(dropped(rules, ("192.0.2.10", 6, Some(80))), "{rules:?}");
        }
        assert!(dropped(&["-A INPUT -p tcp -j ACCEPT"], ("192.0.2.11", 4, None)));
        assert!(!dropped(&["-A INPUT -p ipencap -j ACCEPT"], ("192.0.2.11", 4, None)));
        for other in ["ipip", "94", "vrrp", "ipv6-route"] {
            let rule = format!("-A INPUT -p {other} -j ACCEPT");
            assert!(dropped(&[&rule], ("192.0.2.11", 4, None)), "{rule}");
        }
        assert!(dropped(&["-A INPUT -d 2001:db8::/64 -j ACCEPT"], ("2001:db8:1::1", 41, None)));
        assert!(!dropped(&["-A INPUT -d 2001:db8::/64 -j ACCEPT"], ("2001:db8::1", 41, None)));
    }

    /// Whoever leaves INPUT before its last rule is judged by the policy.
    #[test]
    fn who_returns_comes_to_the_policy() {
        let last = "-A INPUT -j DROP";
        for (rules, accepted) in [
            (&["-A INPUT -p tcp -m tcp --dport 80 -j RETURN", last][..], true),
            (&["-A INPUT -p tcp -g WEB", last], true),
            (&["-A INPUT -p tcp -g WEB", "-A WEB -j RETURN", last], true),
            (&["-A INPUT -p udp -g WEB", last], false),
            (&["-A INPUT -p tcp -j WEB", last], false),
            (&["-A INPUT -p tcp -j WEB", "-A WEB -j RETURN", last], false),
            (&["-A INPUT -p tcp -j WEB", "-A WEB -g OTHER", last], false),
        ] {
            let packet = ("192.0.2.10", 6, Some(80));
            assert_eq!(!ends_in_drop("ACCEPT", rules, packet), accepted, "{rules:?}");
            assert!(ends_in_drop("DROP", rules, packet), "{rules:?}");
        }
    }

    /// Each leads to the next by twenty rules.
    #[test]
    fn a_maze_of_chains_is_walked_through_once() {
        let mut text = "*filter\n:INPUT DROP [0:0]\n".to_owned();
        for chain in 0..30 {
            text += &format!(":C{chain} - [0:0]\n");
        }
        text += "-A INPUT -j C0\n";
        for chain in 0..29 {
            text += &format!("-A C{chain} -j C{}\n", chain + 1).repeat(20);
        }
        let packet = Packet { to: "192.0.2.10".parse().unwrap(), protocol: 6, port: Some(80) };
        assert!(Ruleset::parse(&text).dropped(packet).is_some());
        let text = text + "-A C29 -j ACCEPT\n";
        assert_eq!(Ruleset::parse(&text).dropped(packet), None);
    }

    #[test]
    fn without_a_policy_nothing_is_dropped() {
        let packet = Packet { to: "192.0.2.10".parse().unwrap(), protocol: 6, port: Some(80) };
        for text in ["", "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", "-A\n*\n:\n-A INPUT\n"] {
            assert_eq!(Ruleset::parse(text).dropped(packet), None, "{text}");
        }
        let last = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j REJECT --reject-with x\n";
        let why = Ruleset::parse(last).dropped(packet).unwrap();
        assert_eq!(why, "-A INPUT -j REJECT --reject-with x");
    }
}
