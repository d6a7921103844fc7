// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges what has drifted: what is to be repaired, and what is only to be told.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::facts::Facts;
use crate::journal::Journal;
use crate::mode::Mode;
use crate::plan::networks::Networks;
use crate::plan::{Change, Effect, Step, Target, refuse, setup};
use crate::refusal::Refusal;
use crate::wanted::Wanted;

/// Holds the judgement of the host's state.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is missing and may be made, in the order of a set-up.
    pub steps: Vec<Step>,
    /// What stands in the way.
    pub refusals: Vec<Refusal>,
    /// What somebody else has made differently: it stays.
    pub not_ours: Vec<String>,
}

/// Judges the facts by the plan of a set-up: what that would do is what is missing.
///
/// Of the VIPs that would be refused now, nothing is touched; the others are kept. The
/// settings that hide VIPs are raised whatever else is wrong: that never does harm.
#[must_use]
pub fn judge(journal: &Journal, facts: &Facts) -> Verdict {
    let wanted = &journal.wanted;
    let mut verdict = Verdict::default();
    match refuse::check(wanted, facts) {
        Ok(()) => {
            verdict.steps = setup::steps(wanted, facts);
            if wanted.mode == Mode::Nat && verdict.steps.is_empty() {
                verdict.refusals.extend(refuse::through_director(wanted, facts).err());
            }
        }
        Err(refusal) => {
            verdict.refusals.push(refusal);
            partly(wanted, facts, &mut verdict);
        }
    }
    let again = journal.exposed(facts);
    verdict.steps.extend(again);
    // A host may have thousands of VIPs: nothing here goes through all of them for each.
    let repaired: HashSet<Target<'_>> =
        verdict.steps.iter().map(|step| step.action.change.target()).collect();
    let mut told = HashSet::new();
    for change in &journal.changes {
        let Effect::Foreign(what) = change.effect(facts) else { continue };
        if !repaired.contains(&change.target()) && told.insert(what.clone()) {
            verdict.not_ours.push(what);
        }
    }
    verdict
}

fn partly(wanted: &Wanted, facts: &Facts, verdict: &mut Verdict) {
    if wanted.mode == Mode::Nat {
        // What stands in one route's way is no matter of the other family's.
        let possible = |gateway: &IpAddr| refuse::gateway_is_possible(*gateway, facts).is_ok();
        let mut rest = wanted.clone();
        rest.gateways.retain(possible);
        verdict.steps = setup::steps(&rest, facts);
        return;
    }
    verdict.steps = setup::steps(wanted, facts);
    verdict.steps.retain(|step| step.action.change.hides_vips());
    let networks = Networks::of(facts.addresses.iter());
    let mut told = HashSet::new();
    let mut unfit: Vec<IpAddr> = Vec::new();
    let mut one = Wanted { vips: Vec::new(), ..wanted.clone() };
    for &vip in &wanted.vips {
        one.vips = vec![vip];
        let alone = one.without(&[]).unwrap_or_else(|| one.clone());
        if let Err(refusal) = refuse::check_beside(&alone, facts, &networks) {
            unfit.push(vip);
            // The first of them is there already.
            if told.insert(refusal.to_string()) && verdict.refusals.first() != Some(&refusal) {
                verdict.refusals.push(refusal);
            }
        }
    }
    let rest = wanted.without(&unfit).filter(|_| unfit.len() < wanted.vips.len());
    if let Some(rest) = rest {
        let more = setup::steps(&rest, facts);
        verdict.steps.extend(more.into_iter().filter(|step| !step.action.change.hides_vips()));
    }
}

/// Returns the steps that may be made now, in order. `held` tells of a change whether it has to
/// wait; what comes after one that waits may rest on it, so it waits too: above all no VIP comes
/// before what hides it.
pub fn ready(steps: Vec<Step>, held: impl Fn(&Change) -> bool) -> Vec<Step> {
    let mut rank = u8::MAX;
    let mut ready = Vec::new();
    for step in steps {
        let change = &step.action.change;
        if held(change) {
            rank = rank.min(change.rank());
        } else if change.rank() <= rank || change.hides_vips() {
            ready.push(step);
        }
    }
    ready
}

#[cfg(test)]
mod tests {
    use lvs_host::SysctlKey;

    use super::*;
    use crate::facts::{Address, Link};
    use crate::journal::Store;
    use crate::plan::ADDRESS_TAG;
    use crate::request::{Scope, Typed};

    const VIPS: [&str; 2] = ["192.0.2.10", "203.0.113.10"];

    fn link(name: &str, arp: bool) -> Link {
        Link { name: name.into(), up: true, arp, ..Link::default() }
    }

    fn address(device: &str, ip: &str, tag: Option<u8>) -> Address {
        let ip: IpAddr = ip.parse().unwrap();
        let (prefix, deprecated) = (crate::facts::host_prefix(ip), ip.is_ipv6());
        Address { tag, deprecated, ..Address::new(device, ip, prefix, "host") }
    }

    fn arp(facts: &mut Facts, ignore: i32, announce: i32) {
        facts.sysctls.insert(SysctlKey::ipv4("all", "arp_ignore"), ignore);
        facts.sysctls.insert(SysctlKey::ipv4("all", "arp_announce"), announce);
    }

    /// A host as a set-up leaves it, and the journal of that.
    fn set_up() -> (Journal, Facts) {
        let mut facts =
            Facts { links: vec![link("lo", false), link("eth0", true)], ..Facts::default() };
        arp(&mut facts, 0, 0);
        let vips = VIPS.map(str::to_owned);
        let typed = Typed { vips: &vips, ..Typed::default() };
        let request = crate::request::Request::check(Mode::Dr, &typed).unwrap();
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        let store = Store::new(std::path::Path::new("/nonexistent")).unwrap();
        let mut journal = store.begin(wanted.clone(), &facts);
        journal.intend(setup::steps(&wanted, &facts).into_iter().map(|step| step.action.change));
        facts.addresses = VIPS.map(|vip| address("lo", vip, Some(ADDRESS_TAG))).to_vec().into();
        arp(&mut facts, 1, 2);
        journal.confirm_tags(&facts);
        (journal, facts)
    }

    fn commands(verdict: &Verdict) -> Vec<String> {
        verdict.steps.iter().map(|step| step.action.to_string()).collect()
    }

    #[test]
    fn a_host_in_order_needs_nothing() {
        let (journal, facts) = set_up();
        assert_eq!(judge(&journal, &facts), Verdict::default());
    }

    #[test]
    fn what_is_missing_is_repaired_and_what_is_different_is_told() {
        let (journal, mut facts) = set_up();
        arp(&mut facts, 0, 2);
        facts.addresses.retain(|have| have.ip.to_string() != VIPS[1]);
        let verdict = judge(&journal, &facts);
        assert_eq!(commands(&verdict).len(), 2, "{verdict:?}");
        assert_eq!(verdict.not_ours, Vec::<String>::new(), "what is repaired is not told");

        let (journal, mut facts) = set_up();
        arp(&mut facts, 2, 2);
        let mut other = facts.addresses[0].clone();
        other.tag = None;
        facts.addresses.retain(|have| have.ip != other.ip);
        facts.addresses.push(other);
        let verdict = judge(&journal, &facts);
        assert_eq!(commands(&verdict), Vec::<String>::new());
        assert_eq!(verdict.not_ours.len(), 2, "{verdict:?}");
    }

    #[test]
    fn a_vip_that_became_a_source_is_deprecated_again_and_ours_unless_another_says_whose() {
        let (mut journal, mut facts) = set_up();
        for device in ["all", "default", "lo"] {
            facts.sysctls.insert(SysctlKey::ipv6(device, "disable_ipv6"), 0);
        }
        let vip: IpAddr = "2001:db8::10".parse().unwrap();
        journal.wanted.vips.push(vip);
        let (device, scope) = ("lo".to_owned(), Scope::default());
        let tag = Some(ADDRESS_TAG);
        journal.intend([Change::Address { ip: vip, device, tag, scope, label: None }]);
        facts.addresses.push(address("lo", "2001:db8::10", tag));
        assert_eq!(judge(&journal, &facts), Verdict::default());
        // Whoever changes an address takes the tag off it, too, or puts an own one on it.
        for (found, tag) in [
            (Some(ADDRESS_TAG), Some(ADDRESS_TAG)),
            (None, Some(ADDRESS_TAG)),
            (Some(18), Some(18)),
        ] {
            facts.addresses.retain(|have| have.ip != vip);
            let exposed = Address { deprecated: false, ..address("lo", "2001:db8::10", found) };
            facts.addresses.push(exposed);
            let verdict = judge(&journal, &facts);
            let command = "ip addr change 2001:db8::10/128 dev lo nodad preferred_lft 0";
            assert_eq!(commands(&verdict), [command]);
            let change = Change::Deprecate { ip: vip, device: "lo".to_owned(), tag };
            assert_eq!(verdict.steps[0].action, change.make());
            // The journal keeps what it has of it.
            let before = journal.clone();
            journal.intend(verdict.steps.into_iter().map(|step| step.action.change));
            assert_eq!(journal, before);
        }
        // No VIP of this set-up any more.
        journal.wanted.vips.retain(|have| *have != vip);
        assert_eq!(commands(&judge(&journal, &facts)), Vec::<String>::new());
    }

    #[test]
    fn another_scope_is_told_whoever_has_the_vip() {
        let (journal, mut facts) = set_up();
        for tag in [Some(ADDRESS_TAG), None] {
            facts.addresses.retain(|have| have.ip.to_string() != VIPS[0]);
            let global = Address { scope: "global".to_owned(), ..address("lo", VIPS[0], tag) };
            facts.addresses.push(global);
            let verdict = judge(&journal, &facts);
            assert_eq!(
                verdict.not_ours,
                ["192.0.2.10 on lo was added by somebody else, with scope global"]
            );
            assert_eq!(commands(&verdict), Vec::<String>::new());
        }
    }

    #[test]
    fn a_vip_in_trouble_is_left_and_the_others_are_kept() {
        let (journal, mut facts) = set_up();
        facts.addresses = vec![address("eth0", VIPS[0], None)].into();
        arp(&mut facts, 0, 0);
        let verdict = judge(&journal, &facts);
        assert!(matches!(verdict.refusals.as_slice(), [Refusal::OnNic { .. }]), "{verdict:?}");
        let commands = commands(&verdict);
        assert_eq!(commands.len(), 3, "{commands:?}");
        assert!(commands[2].starts_with("ip addr add 203.0.113.10/32"), "{commands:?}");
        // Where nothing can be hidden, no VIP comes.
        arp(&mut facts, 8, 0);
        let verdict = judge(&journal, &facts);
        assert!(verdict.steps.iter().all(|step| step.action.change.hides_vips()), "{verdict:?}");
    }

    #[test]
    fn what_stands_in_one_gateways_way_keeps_back_no_other() {
        let (_, mut facts) = set_up();
        let gateways = crate::request::texts(&["10.0.0.1", "2001:db8:1::1"]);
        let typed = Typed { gateways, ..Typed::default() };
        let request = crate::request::Request::check(Mode::Nat, &typed).unwrap();
        let wanted = Wanted::resolve(&request, None, &facts).unwrap();
        let journal = Store::new(std::path::Path::new("/nonexistent")).unwrap();
        let journal = journal.begin(wanted, &facts);
        // The IPv6 network is not there.
        let near = crate::facts::Lookup::default();
        facts.hops.insert("10.0.0.1".parse().unwrap(), Some(near));
        let verdict = judge(&journal, &facts);
        assert_eq!(commands(&verdict), ["ip route replace default via 10.0.0.1"]);
        let far = crate::refusal::Refusal::GatewayFar("2001:db8:1::1".parse().unwrap());
        assert_eq!(verdict.refusals, [far]);
    }

    #[test]
    fn no_vip_comes_before_what_hides_it() {
        let (journal, mut facts) = set_up();
        facts.addresses.retain(|_| false);
        arp(&mut facts, 0, 0);
        let steps = judge(&journal, &facts).steps;
        assert_eq!(steps.len(), 4);
        let of =
            |name: &str| steps.iter().position(|s| s.action.to_string().contains(name)).unwrap();
        let (ignore, vip) = (of("arp_ignore"), of("192.0.2.10"));
        let held = |index: usize| {
            let target = steps[index].action.change.clone();
            ready(steps.clone(), move |change| change.same_target(&target)).len()
        };
        assert_eq!(held(ignore), 1, "the other setting, and no VIP");
        assert_eq!(held(vip), 3, "all but that VIP");
    }
}
