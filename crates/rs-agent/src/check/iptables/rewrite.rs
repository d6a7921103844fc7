// SPDX-License-Identifier: MIT OR Apache-2.0
//! May a ruleset give a packet another destination before it is routed? Whatever is not
//! understood may.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Rule, Ruleset, is_outside, misses, number};

/// What may arrive; the more is known of it, the fewer rules are for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arriving {
    /// Its destination.
    pub to: IpAddr,
    /// Its protocol, if it is one in particular.
    pub protocol: Option<u8>,
    /// Its destination port, if it is one in particular.
    pub port: Option<u16>,
    /// Whether that address is one of this host.
    pub is_local: bool,
}

/// Targets that leave the destination alone.
const HARMLESS: [&str; 23] = [
    "ACCEPT",
    "DROP",
    "REJECT",
    "RETURN",
    "LOG",
    "NFLOG",
    "ULOG",
    "AUDIT",
    "TRACE",
    "MARK",
    "CONNMARK",
    "CONNSECMARK",
    "SECMARK",
    "CT",
    "NOTRACK",
    "TCPMSS",
    "CHECKSUM",
    "CLASSIFY",
    "DSCP",
    "TOS",
    "TTL",
    "HL",
    "SET",
];

impl Ruleset {
    /// Gives the first rule that may give it another destination.
    #[must_use]
    pub fn rewritten(&self, packet: Arriving) -> Option<String> {
        let tables = self.before_routing.keys();
        tables.into_iter().find_map(|table| {
            let rule = self.rewriting(table, "PREROUTING", packet, &mut BTreeSet::new())?;
            Some(format!("-t {table} {rule}"))
        })
    }

    fn rewriting<'a>(
        &'a self,
        table: &str,
        chain: &'a str,
        packet: Arriving,
        walked: &mut BTreeSet<&'a str>,
    ) -> Option<String> {
        if !walked.insert(chain) {
            return None;
        }
        let chains = self.before_routing.get(table)?;
        let rules = chains.get(chain)?.iter().filter(|rule| !rule.never_meets(packet));
        rules.into_iter().find_map(|rule| match rule.target() {
            None => None,
            Some(target) if HARMLESS.contains(&target) => None,
            Some(target) if chains.contains_key(target) => {
                self.rewriting(table, target, packet, walked)
            }
            Some(_) => Some(format!("-A {chain} {}", rule.0.join(" "))),
        })
    }

    /// Gives a rule that may keep neighbour solicitations from being answered.
    #[must_use]
    pub fn drops_neighbours(&self) -> Option<String> {
        let before = self.before_routing.values().flatten();
        let all = before.chain(&self.chains).flat_map(|(chain, rules)| {
            rules.iter().map(move |rule| format!("-A {chain} {}", rule.0.join(" ")))
        });
        let of_neighbours = |rule: &String| {
            ["135", "136", "neighbour-", "neighbor-"]
                .iter()
                .any(|kind| rule.contains(&format!("--icmpv6-type {kind}")))
        };
        all.into_iter().find(|rule| of_neighbours(rule) && !rule.ends_with("-j ACCEPT"))
    }
}

impl Rule {
    fn never_meets(&self, packet: Arriving) -> bool {
        let excludes =
            |option: &str, test: &dyn Fn(&str) -> bool| self.after(option).is_some_and(test);
        let ports = |text: &str| {
            packet.port.is_some_and(|port| text.split(',').all(|part| misses(part, port)))
        };
        let other = |name: &str| {
            number(name).zip(packet.protocol).is_some_and(|(of, protocol)| of != protocol)
        };
        excludes("-i", &|device| device == "lo")
            || excludes("-p", &other)
            || excludes("-d", &|net| is_outside(net, packet.to))
            || excludes("--dst-type", &|kind| kind == "LOCAL" && !packet.is_local)
            || ["--dport", "--dports"].into_iter().any(|option| excludes(option, &ports))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIP: &str = "192.0.2.10";

    fn rewritten(rules: &[&str], port: Option<u16>, is_local: bool) -> bool {
        let mut text = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n".to_owned();
        rules.iter().for_each(|rule| text += &format!("{rule}\n"));
        let protocol = port.map(|_| 6);
        let packet = Arriving { to: VIP.parse().unwrap(), protocol, port, is_local };
        Ruleset::parse(&text).rewritten(packet).is_some()
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
    }
}
