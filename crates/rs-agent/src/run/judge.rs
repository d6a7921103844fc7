// SPDX-License-Identifier: MIT OR Apache-2.0
//! What has drifted: what is to be repaired, and what is only to be told.

use std::net::IpAddr;

use crate::facts::Facts;
use crate::journal::Journal;
use crate::mode::Mode;
use crate::plan::{Change, Effect, Step, refuse, setup};
use crate::refusal::Refusal;
use crate::wanted::Wanted;

/// The state of the host, judged.
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
            if let (Mode::Nat, Err(refusal)) =
                (wanted.mode, refuse::through_director(wanted, facts))
                && verdict.steps.is_empty()
            {
                verdict.refusals.push(refusal);
            }
        }
        Err(refusal) => {
            verdict.refusals.push(refusal);
            partly(wanted, facts, &mut verdict);
        }
    }
    for change in &journal.changes {
        let repaired = verdict.steps.iter().any(|step| step.action.change.same_target(change));
        if let Effect::Foreign(what) = change.effect(facts)
            && !repaired
            && !verdict.not_ours.contains(&what)
        {
            verdict.not_ours.push(what);
        }
    }
    verdict
}

fn partly(wanted: &Wanted, facts: &Facts, verdict: &mut Verdict) {
    if wanted.mode == Mode::Nat {
        return;
    }
    verdict.steps = setup::steps(wanted, facts);
    verdict.steps.retain(|step| hides(&step.action.change));
    let mut unfit: Vec<IpAddr> = Vec::new();
    let mut one = Wanted { vips: Vec::new(), ..wanted.clone() };
    for &vip in &wanted.vips {
        one.vips = vec![vip];
        let alone = one.without(&[]).unwrap_or_else(|| one.clone());
        if let Err(refusal) = refuse::check(&alone, facts) {
            unfit.push(vip);
            if !verdict.refusals.contains(&refusal) {
                verdict.refusals.push(refusal);
            }
        }
    }
    let rest = wanted.without(&unfit).filter(|_| unfit.len() < wanted.vips.len());
    if let Some(rest) = rest {
        let more = setup::steps(&rest, facts);
        verdict.steps.extend(more.into_iter().filter(|step| !hides(&step.action.change)));
    }
}

/// Whether it is one of the settings on `all` that hide VIPs.
#[must_use]
pub fn hides(change: &Change) -> bool {
    matches!(change, Change::Sysctl { key, .. } if key.device() == Some("all"))
}

/// The steps that may be made now, in order. `held` tells of a change whether it has to
/// wait; what comes after one that waits may rest on it, so it waits too: above all no VIP
/// comes before what hides it.
pub fn ready(steps: Vec<Step>, held: impl Fn(&Change) -> bool) -> Vec<Step> {
    let mut rank = u8::MAX;
    let mut ready = Vec::new();
    for step in steps {
        let change = &step.action.change;
        if held(change) {
            rank = rank.min(change.rank());
        } else if change.rank() <= rank || hides(change) {
            ready.push(step);
        }
    }
    ready
}
