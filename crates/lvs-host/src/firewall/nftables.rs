// SPDX-License-Identifier: MIT OR Apache-2.0
//! What rules of nftables may do to a packet before anything else looks at it. Whatever is
//! not understood may do it.

use netlink_packet_core::NlasIterator;
use nix::errno::Errno;

use super::facts::{Firewall, Suspect};
use super::iptables::targets;
use crate::ip::Family;
use crate::netlink::{Netlink, NetlinkError};

/// Families of include/uapi/linux/netfilter.h.
pub(super) const INET: u8 = 1;
const IPV4: u8 = 2;
const ARP: u8 = 3;
pub(super) const NETDEV: u8 = 5;
const BRIDGE: u8 = 7;
const IPV6: u8 = 10;

/// Attributes of include/uapi/linux/netfilter/nf_tables.h.
pub(super) const RULE_TABLE: u16 = 1;
pub(super) const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const EXPR_NAME: u16 = 1;
const EXPR_DATA: u16 = 2;
const NAT_TYPE: u16 = 1;
const PAYLOAD_SREG: u16 = 5;
const TARGET_NAME: u16 = 1;

/// The messages of all chains and of all rules.
pub(super) struct Messages {
    pub(super) chains: Vec<Vec<u8>>,
    pub(super) rules: Vec<Vec<u8>>,
}

/// Reads chains and rules if the kernel has nf_tables. Nobody is asked who has none: asking would
/// load the module.
pub(super) fn read() -> Result<Option<Messages>, NetlinkError> {
    if !is_here() {
        return Ok(None);
    }
    let chains = Netlink::nft_chain_messages();
    match chains.and_then(|chains| Ok(Messages { chains, rules: Netlink::nft_rule_messages()? })) {
        Ok(messages) => Ok(Some(messages)),
        Err(NetlinkError::Kernel(Errno::EINVAL | Errno::EOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// As a module that is loaded, or in the kernel itself.
fn is_here() -> bool {
    let loaded = std::fs::read_to_string("/proc/modules").unwrap_or_default();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let built_in = format!("/lib/modules/{}/modules.builtin", release.trim());
    let built_in = std::fs::read_to_string(built_in).unwrap_or_default();
    loaded.lines().any(|line| line.starts_with("nf_tables "))
        || built_in.lines().any(|line| line.ends_with("/nf_tables.ko"))
}

/// Notes what one rule may do.
pub(super) fn judge(rule: &[u8], firewall: &mut Firewall) {
    let (Some(&family), Some(attributes)) = (rule.first(), rule.get(4..)) else { return };
    let named = |kind| text(&value(attributes, kind).unwrap_or_default());
    let Some(name) = name_of_family(family) else { return };
    let chain = format!("chain {name} {} {}", named(RULE_TABLE), named(RULE_CHAIN));
    if matches!(family, ARP | NETDEV | BRIDGE) {
        let what = format!("a rule of nftables may drop what asks for it: {chain}");
        if !firewall.arp.contains(&what) {
            firewall.arp.push(what);
        }
    }
    if family != ARP && expressions(attributes).any(|(name, data)| rewrites(&name, &data)) {
        let what = format!("a rule of nftables may send its packets elsewhere: {chain}");
        let rewrite = Suspect { family: ip_family(family), what };
        if !firewall.rewrites.contains(&rewrite) {
            firewall.rewrites.push(rewrite);
        }
    }
}

/// Whether an expression may change a packet's destination, or who decides about it.
fn rewrites(name: &str, data: &[u8]) -> bool {
    match name {
        // 0 is that of the source.
        "nat" => value(data, NAT_TYPE) != Some(vec![0; 4]),
        "redir" | "tproxy" | "queue" | "fwd" => true,
        // One that writes.
        "payload" => value(data, PAYLOAD_SREG).is_some(),
        "target" => targets::may_rewrite(&target(data)),
        _ => false,
    }
}

/// The only IP packets that rules of a family see; `None`: those of both.
pub(super) fn ip_family(family: u8) -> Option<Family> {
    match family {
        IPV4 => Some(Family::Ipv4),
        IPV6 => Some(Family::Ipv6),
        _ => None,
    }
}

/// How `nft` calls a family.
pub(super) fn name_of_family(family: u8) -> Option<&'static str> {
    Some(match family {
        INET => "inet",
        IPV4 => "ip",
        ARP => "arp",
        NETDEV => "netdev",
        BRIDGE => "bridge",
        IPV6 => "ip6",
        _ => return None,
    })
}

/// Name and data of each expression of a rule.
pub(super) fn expressions(attributes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let all = value(attributes, RULE_EXPRESSIONS).unwrap_or_default();
    let all: Vec<_> = attributes_of(&all).map(|(_, expression)| expression).collect();
    all.into_iter().map(|expression| {
        let of = |kind| value(&expression, kind).unwrap_or_default();
        (text(&of(EXPR_NAME)), of(EXPR_DATA))
    })
}

/// The name of a target of iptables.
pub(super) fn target(data: &[u8]) -> String {
    text(&value(data, TARGET_NAME).unwrap_or_default())
}

pub(super) fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}

pub(super) fn attributes_of(bytes: &[u8]) -> impl Iterator<Item = (u16, Vec<u8>)> {
    let attributes = NlasIterator::new(bytes).map_while(Result::ok);
    attributes.map(|attribute| (attribute.kind(), attribute.value().to_vec()))
}

pub(super) fn value(attributes: &[u8], kind: u16) -> Option<Vec<u8>> {
    attributes_of(attributes).find(|(known, _)| *known == kind).map(|(_, value)| value)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    pub(crate) fn expression(name: &str, data: &[u8]) -> Vec<u8> {
        let name = attribute(EXPR_NAME, format!("{name}\0").as_bytes());
        attribute(1, &[name, attribute(EXPR_DATA, data)].concat())
    }

    fn rule(family: u8, expressions: &[Vec<u8>]) -> Vec<u8> {
        rule_in(family, "nat", "PREROUTING", expressions)
    }

    pub(crate) fn rule_in(
        family: u8,
        table: &str,
        chain: &str,
        expressions: &[Vec<u8>],
    ) -> Vec<u8> {
        let mut body = vec![family, 0, 0, 0];
        body.extend(attribute(RULE_TABLE, format!("{table}\0").as_bytes()));
        body.extend(attribute(RULE_CHAIN, format!("{chain}\0").as_bytes()));
        body.extend(attribute(RULE_EXPRESSIONS, &expressions.concat()));
        body
    }

    fn found(rule: &[u8]) -> Firewall {
        let mut firewall = Firewall::default();
        judge(rule, &mut firewall);
        firewall
    }

    #[test]
    fn what_gives_another_destination_is_seen() {
        let dnat = expression("nat", &attribute(NAT_TYPE, &[0, 0, 0, 1]));
        let snat = expression("nat", &attribute(NAT_TYPE, &[0; 4]));
        let target = |name: &str| expression("target", &attribute(TARGET_NAME, name.as_bytes()));
        let write = expression("payload", &attribute(PAYLOAD_SREG, &[0, 0, 0, 1]));
        let load = expression("payload", &attribute(1, &[0, 0, 0, 1]));
        for (expression, rewrites) in [
            (dnat.clone(), true),
            (snat, false),
            (expression("redir", &[]), true),
            (expression("tproxy", &[]), true),
            (expression("counter", &[]), false),
            (target("REDIRECT\0\0\0"), true),
            (target("MASQUERADE\0"), false),
            (target("SOMETHING\0"), true),
            (write, true),
            (load, false),
        ] {
            let rule = rule(IPV4, &[expression]);
            assert_eq!(!found(&rule).rewrites.is_empty(), rewrites, "{rule:?}");
        }
        let told = found(&rule(IPV6, std::slice::from_ref(&dnat))).rewrites;
        assert_eq!(told[0].family, Some(Family::Ipv6));
        assert!(told[0].what.ends_with("chain ip6 nat PREROUTING"), "{told:?}");
        let told = found(&rule(INET, &[expression("counter", &[]), dnat])).rewrites;
        assert_eq!(told[0].family, None);
    }

    #[test]
    fn what_may_hide_from_arp_is_seen() {
        for (family, hides) in [(ARP, true), (NETDEV, true), (BRIDGE, true), (IPV4, false)] {
            let found = found(&rule(family, &[expression("cmp", &[])]));
            assert_eq!((found.arp.is_empty(), found.rewrites.is_empty()), (!hides, true));
        }
    }

    #[test]
    fn any_bytes_are_taken() {
        let whole = rule(IPV4, &[expression("nat", &attribute(NAT_TYPE, &[0, 0, 0, 1]))]);
        for length in 0..whole.len() {
            found(&whole[..length]);
        }
    }
}
