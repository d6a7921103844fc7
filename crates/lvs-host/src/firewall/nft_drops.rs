// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which rules of nftables may drop what comes to this host. For whom they are is not looked
//! at: that they may is all that is said of them.

use std::collections::BTreeSet;

use super::facts::Suspect;
use super::iptables::targets;
use super::nftables::{
    INET, NETDEV, RULE_CHAIN, RULE_TABLE, attributes_of, expressions, ip_family, name_of_family,
    target, text, value,
};

/// Attributes of include/uapi/linux/netfilter/nf_tables.h.
const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const HOOK_NUMBER: u16 = 1;
const IMMEDIATE_DATA: u16 = 2;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_CHAIN: u16 = 2;
const LOOKUP_DREG: u16 = 3;

/// Prerouting and input of include/uapi/linux/netfilter.h, for the family inet also ingress.
const PREROUTING: u32 = 0;
const INPUT: u32 = 1;
const INET_INGRESS: u32 = 5;
/// `NF_DROP`, as verdict and as policy.
const DROP: u32 = 0;

/// Family, table and name.
type Chain = (u8, String, String);

/// Gives the chains with such rules or such a policy, through which packets may come.
pub(super) fn may_drop(chains: &[Vec<u8>], rules: &[Vec<u8>]) -> Vec<Suspect> {
    let mut reached = BTreeSet::new();
    let mut found: Vec<Suspect> = Vec::new();
    let mut tell = |(family, table, name): &Chain, what: &str| {
        let Some(word) = name_of_family(*family) else { return };
        let what = format!("{what} of nftables may drop them: chain {word} {table} {name}");
        let drop = Suspect { family: ip_family(*family), what };
        if !found.contains(&drop) {
            found.push(drop);
        }
    };
    for message in chains {
        let Some((chain, attributes)) = identify(message, CHAIN_TABLE, CHAIN_NAME) else {
            continue;
        };
        let hook = value(attributes, CHAIN_HOOK).and_then(|hook| number(&hook, HOOK_NUMBER));
        let comes_in = match (chain.0, hook) {
            (_, None) => false,
            (NETDEV, Some(hook)) => hook == PREROUTING,
            (INET, Some(INET_INGRESS)) => true,
            (_, Some(hook)) => hook == PREROUTING || hook == INPUT,
        };
        if !comes_in {
            continue;
        }
        if number(attributes, CHAIN_POLICY) == Some(DROP) {
            tell(&chain, "the policy");
        }
        reached.insert(chain);
    }
    let rules: Vec<(Chain, Does)> = rules.iter().filter_map(|rule| does(rule)).collect();
    // Chains that those lead to, until there are no more.
    loop {
        let before = reached.len();
        for ((family, table, name), does) in &rules {
            if !reached.contains(&(*family, table.clone(), name.clone())) {
                continue;
            }
            let to = does.to.iter().map(|to| (*family, table.clone(), to.clone()));
            reached.extend(to);
            if does.anywhere {
                let all = rules.iter().map(|(chain, _)| chain);
                reached.extend(all.filter(|it| it.0 == *family && it.1 == *table).cloned());
            }
        }
        if reached.len() == before {
            break;
        }
    }
    for (chain, does) in &rules {
        if does.drops && reached.contains(chain) {
            tell(chain, "a rule");
        }
    }
    found
}

/// What a rule may do with packets.
#[derive(Debug, Default)]
struct Does {
    drops: bool,
    /// Chains that it leads to.
    to: Vec<String>,
    /// It leads to chains by a map.
    anywhere: bool,
}

fn does(message: &[u8]) -> Option<(Chain, Does)> {
    let (chain, attributes) = identify(message, RULE_TABLE, RULE_CHAIN)?;
    let mut does = Does::default();
    for (name, data) in expressions(attributes) {
        match name.as_str() {
            "immediate" => {
                let data = value(&data, IMMEDIATE_DATA).unwrap_or_default();
                let Some(verdict) = value(&data, DATA_VERDICT) else { continue };
                does.drops |= number(&verdict, VERDICT_CODE) == Some(DROP);
                does.to.extend(value(&verdict, VERDICT_CHAIN).map(|to| text(&to)));
            }
            // What a map leads to is in its elements. Register 0 is that of verdicts.
            "lookup" if number(&data, LOOKUP_DREG) == Some(0) => {
                (does.drops, does.anywhere) = (true, true);
            }
            "reject" | "queue" | "tproxy" | "synproxy" => does.drops = true,
            "target" => does.drops |= targets::may_drop(&target(&data)),
            _ => {}
        }
    }
    Some((chain, does))
}

/// The chain that a message is of, and its attributes.
fn identify(message: &[u8], table: u16, chain: u16) -> Option<(Chain, &[u8])> {
    let (family, attributes) = (message.first()?, message.get(4..)?);
    let of = |kind| value(attributes, kind).map(|value| text(&value));
    Some(((*family, of(table)?, of(chain)?), attributes))
}

/// In network order, as all numbers of nftables are.
fn number(attributes: &[u8], kind: u16) -> Option<u32> {
    let (_, value) = attributes_of(attributes).find(|(known, _)| *known == kind)?;
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::nftables::tests::{attribute, expression, rule_in};
    use super::*;
    use crate::ip::Family;

    const IPV4: u8 = 2;

    fn chain(family: u8, name: &str, hook: Option<u32>, policy: u32) -> Vec<u8> {
        let mut body = vec![family, 0, 0, 0];
        body.extend(attribute(CHAIN_TABLE, b"t\0"));
        body.extend(attribute(CHAIN_NAME, format!("{name}\0").as_bytes()));
        if let Some(hook) = hook {
            let number = attribute(HOOK_NUMBER, &hook.to_be_bytes());
            body.extend(attribute(CHAIN_HOOK, &number));
            body.extend(attribute(CHAIN_POLICY, &policy.to_be_bytes()));
        }
        body
    }

    fn verdict(code: i32, to: Option<&str>) -> Vec<u8> {
        let mut verdict = attribute(VERDICT_CODE, &code.to_be_bytes());
        if let Some(to) = to {
            verdict.extend(attribute(VERDICT_CHAIN, format!("{to}\0").as_bytes()));
        }
        let data = attribute(IMMEDIATE_DATA, &attribute(DATA_VERDICT, &verdict));
        expression("immediate", &[attribute(1, &[0; 4]), data].concat())
    }

    fn told(chains: &[Vec<u8>], rules: &[Vec<u8>]) -> Vec<String> {
        let found = may_drop(chains, rules).into_iter();
        found.map(|it| it.what.rsplit(' ').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_may_drop_on_the_way_in_is_seen() {
        let (drop, accept) = (verdict(0, None), verdict(1, None));
        let input = || chain(IPV4, "in", Some(INPUT), 1);
        let rule = |name: &str, expression: &Vec<u8>| {
            rule_in(IPV4, "t", name, std::slice::from_ref(expression))
        };
        assert_eq!(told(&[input()], &[rule("in", &accept)]), [""; 0]);
        assert_eq!(told(&[input()], &[rule("in", &drop)]), ["in"]);
        assert_eq!(told(&[chain(IPV4, "in", Some(INPUT), 0)], &[]), ["in"]);
        assert_eq!(told(&[chain(IPV4, "out", Some(3), 0)], &[rule("out", &drop)]), [""; 0]);
        assert_eq!(told(&[chain(NETDEV, "in", Some(0), 0)], &[]), ["in"]);
        assert_eq!(told(&[chain(INET, "in", Some(INET_INGRESS), 0)], &[]), ["in"]);
        let target = |name: &str| expression("target", &attribute(1, name.as_bytes()));
        for (expression, drops) in [
            (expression("reject", &[]), true),
            (expression("queue", &[]), true),
            (expression("counter", &[]), false),
            (expression("lookup", &attribute(1, b"set\0")), false),
            (target("REJECT\0\0"), true),
            (target("LOG\0"), false),
        ] {
            assert_eq!(!told(&[input()], &[rule("in", &expression)]).is_empty(), drops);
        }
        // By way of others.
        let jump = |to| verdict(-3, Some(to));
        let chains = [input(), chain(IPV4, "a", None, 0), chain(IPV4, "b", None, 0)];
        let far = [rule("b", &drop), rule("a", &jump("b")), rule("in", &jump("a"))];
        assert_eq!(told(&chains, &far), ["b"]);
        assert_eq!(told(&chains, &far[..2]), [""; 0]);
        let map = expression("lookup", &attribute(LOOKUP_DREG, &[0; 4]));
        assert_eq!(told(&chains, &[rule("b", &drop), rule("in", &map)]), ["b", "in"]);
        // Of another table of that name.
        let other = rule_in(10, "t", "in", std::slice::from_ref(&drop));
        assert_eq!(told(&[input()], &[other]), [""; 0]);
        let of_ipv6 = may_drop(&[chain(10, "in", Some(INPUT), 0)], &[]);
        assert_eq!(of_ipv6[0].family, Some(Family::Ipv6));
    }

    #[test]
    fn any_bytes_are_taken() {
        let chain = chain(IPV4, "in", Some(INPUT), 0);
        let rule = rule_in(IPV4, "t", "in", &[verdict(-3, Some("in"))]);
        for length in 0..chain.len().max(rule.len()) {
            let cut = |bytes: &[u8]| bytes[..length.min(bytes.len())].to_vec();
            may_drop(&[cut(&chain)], &[cut(&rule)]);
        }
    }
}
