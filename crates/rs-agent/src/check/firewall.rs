// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a firewall drop what the director sends?

use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};
use lvs_host::firewall::{DroppedBy, Packet, Ruleset, Suspect, Verdict};
use lvs_host::socket::Transport;

use super::catalogue;
use super::incoming::{Question, questions};
pub(super) use super::incoming::{is_asked, judges};
use super::seen::Seen;
use super::subject::{Subject, some};
use crate::facts::Family;

/// How many chains of nftables are named; container hosts have hundreds.
const MOST_CHAINS: usize = 3;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    // Addresses of one family with the same trouble are told of together.
    let mut troubles: Vec<(Trouble, String, Vec<IpAddr>, Finding)> = Vec::new();
    for question in questions(subject, seen) {
        let Some((trouble, mut finding)) = judge(&question, seen) else { continue };
        let same = |(other, what, of, _): &&mut (Trouble, String, Vec<IpAddr>, Finding)| {
            let family = of.first().copied().map(Family::of);
            (*other, what.as_str(), family)
                == (trouble, &question.what, Some(Family::of(question.of)))
        };
        match troubles.iter_mut().find(same) {
            Some((_, _, of, first)) => {
                of.push(question.of);
                first.remedy.append(&mut finding.remedy);
            }
            None => troubles.push((trouble, question.what, vec![question.of], finding)),
        }
    }
    let told = |(trouble, what, of, finding): (Trouble, String, Vec<IpAddr>, Finding)| {
        let of = some(&of);
        let message = match trouble {
            Trouble::Dropped => format!("the firewall accepts no {what} for {of}"),
            Trouble::NotRead => {
                format!("whether the firewall accepts {what} for {of} could not be read")
            }
            Trouble::Unclear => {
                format!("whether the firewall accepts {what} for {of} cannot be judged")
            }
        };
        Finding { message, ..finding }
    };
    troubles.into_iter().map(told).collect()
}

/// What may be wrong with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// All are dropped.
    Dropped,
    /// The rules could not be read.
    NotRead,
    /// Some may be dropped.
    Unclear,
}

/// What is wrong with packets, and a finding that lacks its message.
fn judge(Question { wanted, packet, .. }: &Question, seen: &Seen) -> Option<(Trouble, Finding)> {
    let finding = |severity| Finding::new(&catalogue::RS_FW_01, severity, String::new());
    let family = Family::of(packet.to);
    let program = match family {
        Family::Ipv4 => "iptables-legacy",
        Family::Ipv6 => "ip6tables-legacy",
    };
    let rules = seen.firewall.ruleset(family);
    let may_be_translated = seen.firewall.rewrites.iter().any(|it| it.concerns(packet.to));
    let packet = &Packet { may_be_translated, ..packet.clone() };
    let verdict = rules.map_or(Verdict::Accepts, |rules| rules.judge(packet));
    if let Verdict::Drops(drops) = verdict {
        let read = drops.iter().map(|drop| format!("{program}-save: {}", drop.text()));
        let is_ipip = rules.is_some_and(Ruleset::names_ipip);
        let ipip = (packet.protocol == Some(Family::Ipv4.protocol()) && is_ipip)
            .then(|| "-p ipip is protocol 94: IP in IP is 4, ipencap".to_owned());
        let steps = drops.iter().map(|drop| accepting(program, drop, packet));
        let finding = finding(Severity::Error).read(read).read(ipip).steps(steps);
        return Some((Trouble::Dropped, finding));
    }
    if let Some(why) = seen.firewall.iptables_unread.get(&family).filter(|_| *wanted) {
        let finding = finding(Severity::Unread).read([why.clone()]);
        let words = "run it as root, with iptables-legacy installed";
        return Some((Trouble::NotRead, finding.words(words)));
    }
    let mut read = Vec::new();
    let mut remedy = Finding::SEE_FIRST.to_owned();
    if let Verdict::Unknown { doubt, drop } = verdict {
        if doubt.contains(" -s ") && packet.source.is_none() {
            remedy += "; with --client the rule is judged for those clients";
        }
        read.push(format!("{program}-save: {doubt}"));
        let drop = drop.map(|drop| drop.text()).filter(|drop| *drop != doubt);
        read.extend(drop.map(|drop| format!("{program}-save: {drop}")));
    }
    if *wanted {
        let drops = seen.firewall.drops.iter().filter(|it| it.concerns(packet.to));
        let drops: Vec<&Suspect> = drops.collect();
        read.extend(drops.iter().take(MOST_CHAINS).map(|it| it.what.clone()));
        if let Some(more) = drops.len().checked_sub(MOST_CHAINS).filter(|more| *more > 0) {
            read.push(format!("and {more} more chains of nftables"));
        }
        read.extend(seen.firewall.nftables_unread.clone());
    }
    if read.is_empty() {
        return None;
    }
    Some((Trouble::Unclear, finding(Severity::Unread).read(read).words(remedy)))
}

/// The rule before the others that accepts what `drop` drops.
fn accepting(program: &str, drop: &DroppedBy, packet: &Packet) -> Remedy {
    let table = if drop.table == "filter" { "" } else { &format!(" -t {}", drop.table) };
    let mut rule = format!("{program}{table} -I {}", drop.hook);
    if let Some(kind) = packet.icmpv6 {
        // They come to more addresses than this.
        let command = format!("{rule} -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT");
        return Remedy::command(Phase::Rest, command);
    }
    rule += &format!(" -d {}", packet.to);
    let protocol = match packet.protocol {
        // To accept everything is for nobody to advise.
        None => {
            let words = format!(
                "{rule} -p PROTOCOL --dport PORT -j ACCEPT, as the service has it: --port names it"
            );
            return Remedy::words(Phase::Rest, words);
        }
        Some(number) => match Transport::ALL.into_iter().find(|it| it.number() == number) {
            Some(transport) => transport.to_string(),
            None => number.to_string(),
        },
    };
    let port = packet.port.map_or_else(String::new, |port| format!(" --dport {port}"));
    Remedy::command(Phase::Rest, format!("{rule} -p {protocol}{port} -j ACCEPT"))
}
