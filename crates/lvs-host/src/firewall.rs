// SPDX-License-Identifier: MIT OR Apache-2.0
//! The packet filters of a host, and what becomes of packets in them.
//!
//! [`read`] asks the programs of iptables and arptables for their rulesets (`programs`), and the
//! kernel for the rules of nftables (`nftables`, `nft_drops`), each only where there are tables
//! of that kind: asking would load the modules. A [`Ruleset`] of iptables is understood, and
//! [`Ruleset::judge`] says what becomes of a [`Packet`] for certain; of the others a
//! [`Firewall`] says only what they may do.

mod facts;
mod iptables;
mod nft_drops;
mod nftables;
mod programs;

pub use self::facts::{Firewall, Suspect};
pub use self::iptables::{DroppedBy, Packet, Ruleset, Source, Verdict};
use crate::ip::Family;

/// Reads the packet filters of the calling thread's network namespace. What cannot be read may
/// do anything, and is told as such.
#[must_use]
pub fn read() -> Firewall {
    let mut firewall = Firewall::default();
    for family in Family::BOTH {
        iptables_of(family, &mut firewall);
    }
    match programs::arptables() {
        Ok(found) => firewall.arp.extend(found),
        Err(why) => firewall.arp.push(format!("rules of arptables could not be read: {why}")),
    }
    if let Some(rule) = firewall.ip6tables.as_ref().and_then(Ruleset::drops_neighbours) {
        firewall.neighbours.push(format!("a rule of ip6tables may drop what asks: {rule}"));
    }
    match nftables::read() {
        Ok(None) => {}
        Ok(Some(nftables::Messages { chains, rules })) => {
            rules.iter().for_each(|rule| nftables::judge(rule, &mut firewall));
            firewall.drops = nft_drops::may_drop(&chains, &rules);
        }
        Err(error) => {
            let what = format!("rules of nftables could not be read: {error}");
            firewall.arp.push(what.clone());
            firewall.nftables_unread = Some(what.clone());
            firewall.rewrites.push(Suspect { family: None, what });
        }
    }
    firewall
}

fn iptables_of(family: Family, firewall: &mut Firewall) {
    let (names, program, name) = match family {
        Family::Ipv4 => ("ip_tables_names", "iptables-legacy-save", "iptables"),
        Family::Ipv6 => ("ip6_tables_names", "ip6tables-legacy-save", "ip6tables"),
    };
    match programs::rulesets(names, program) {
        Ok(text) => {
            let rules = text.map(|text| Ruleset::parse(&text));
            match family {
                Family::Ipv4 => firewall.iptables = rules,
                Family::Ipv6 => firewall.ip6tables = rules,
            }
        }
        Err(why) => {
            let what = format!("rules of {name} could not be read: {why}");
            if family == Family::Ipv6 {
                firewall.neighbours.push(what.clone());
            }
            firewall.rewrites.push(Suspect { family: Some(family), what });
            firewall.iptables_unread.insert(family, why);
        }
    }
}
