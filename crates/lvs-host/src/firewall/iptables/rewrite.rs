// SPDX-License-Identifier: MIT OR Apache-2.0
//! May a ruleset give a packet another destination before it is routed? Whatever is not
//! understood may.

use std::collections::BTreeSet;

use super::matching::Match;
use super::packet::{OnItsWay, Packet, State};
use super::rule::FilterRule;
use super::ruleset::{Ruleset, Table};
use super::targets::is_harmless;

impl Ruleset {
    /// Returns the first rule that may give it another destination.
    #[must_use]
    pub fn rewritten(&self, packet: &Packet) -> Option<String> {
        let on = OnItsWay::new(packet, State::New);
        self.tables.iter().filter(|(table, _)| *table != "filter").find_map(|(table, chains)| {
            let rule = rewriting(chains, "PREROUTING", &on, &mut BTreeSet::new())?;
            Some(format!("-t {table} {rule}"))
        })
    }

    /// Whether a rule of table nat may change the destination or the source of what comes to
    /// this host.
    pub(super) fn translates(&self, on: &OnItsWay<'_>) -> bool {
        let Some(chains) = self.tables.get("nat") else { return false };
        let may = |hook| rewriting(chains, hook, on, &mut BTreeSet::new()).is_some();
        may("PREROUTING") || may("INPUT")
    }

    /// Returns a rule for neighbour solicitations or advertisements that may keep this host from
    /// answering: what it does with them is not followed any further.
    #[must_use]
    pub fn drops_neighbours(&self) -> Option<String> {
        let may_drop = |rule: &&FilterRule| {
            let target = rule.target().map(|target| target.name.as_str());
            rule.is_for_icmpv6(&NEIGHBOUR_DISCOVERY)
                && target.is_some_and(|target| target != "ACCEPT" && !is_harmless(target))
        };
        let mut all = self.tables.keys().flat_map(|table| self.rules(table));
        all.find(may_drop).map(|rule| rule.text().to_owned())
    }
}

/// The types of neighbour solicitations and advertisements (RFC 4861).
const NEIGHBOUR_DISCOVERY: [u8; 2] = [135, 136];

fn rewriting<'a>(
    chains: &'a Table,
    chain: &'a str,
    on: &OnItsWay<'_>,
    walked: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if !walked.insert(chain) {
        return None;
    }
    let rules = chains.get(chain)?.rules.iter().filter(|rule| rule.matches(on) != Match::No);
    rules.into_iter().find_map(|rule| match rule.target()?.name.as_str() {
        "ACCEPT" | "DROP" | "REJECT" | "RETURN" => None,
        target if is_harmless(target) => None,
        target if chains.contains_key(target) => rewriting(chains, target, on, walked),
        _ => Some(rule.text().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIP: &str = "192.0.2.10";

    fn rewritten(rules: &[&str], port: Option<u16>, is_local: bool) -> bool {
        let mut text = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n".to_owned();
        rules.iter().for_each(|rule| text += &format!("{rule}\n"));
        let protocol = port.map(|_| 6);
        let packet = Packet { protocol, port, is_local, ..Packet::to(VIP.parse().unwrap()) };
        Ruleset::parse(&text).rewritten(&packet).is_some()
    }

    #[test]
    fn what_may_lead_elsewhere_is_found() {
        let docker = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
        let published =
            "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination x";
        for (rules, of_80, of_any) in [
            (&[][..], false, false),
            (&["-A PREROUTING -d 192.0.2.10/32 -p tcp -m tcp --dport 80 -j REDIRECT"], true, true),
            (&["-A PREROUTING -d 192.0.2.11/32 -j REDIRECT"], false, false),
            (&["-A PREROUTING -p tcp -m tcp --dport 81 -j DNAT"], false, true),
            (&["-A PREROUTING -p udp -j DNAT"], false, true),
            (&[docker, published], true, true),
            (&[docker], false, false),
            (&["-A OUTPUT -j DNAT"], false, false),
            (&["-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff"], false, false),
            (&["COMMIT", "*mangle", "-A PREROUTING -j TPROXY --on-port 1"], true, true),
        ] {
            assert_eq!(rewritten(rules, Some(80), true), of_80, "{rules:?}");
            assert_eq!(rewritten(rules, None, true), of_any, "{rules:?}");
        }
        assert!(!rewritten(&[docker, published], None, false), "not of this host");
    }

    #[test]
    fn who_drops_neighbours_is_found() {
        let of = |rule: &str| {
            Ruleset::parse(&format!("*filter\n:INPUT ACCEPT [0:0]\n{rule}\n")).drops_neighbours()
        };
        let drop = "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j DROP";
        assert_eq!(of(drop).as_deref(), Some(drop));
        assert_eq!(of(&drop.replace("DROP", "ACCEPT")), None);
        assert_eq!(of(&drop.replace("135", "128")), None);
        for (from, to, drops) in [
            ("135", "136", true),
            ("135", "135/0", true),
            ("135", "135/1", false),
            ("135", "neighbour-solicitation", true),
            ("--icmpv6-type 135", "! --icmpv6-type 128", true),
            ("DROP", "REJECT --reject-with icmp6-no-route", true),
            ("DROP", "CHECKS", true),
            ("DROP", "LOG --log-prefix \"x \"", false),
            (" -j DROP", "", false),
            // Words about it are no condition.
            (
                "-m icmp6 --icmpv6-type 135",
                "-m comment --comment \"--icmpv6-type 135\" -m icmp6 --icmpv6-type 128",
                false,
            ),
        ] {
            let rule = drop.replace(from, to);
            assert_eq!(of(&rule).is_some(), drops, "{rule}");
        }
    }
}
