// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts remedies in the one order in which they do no harm.
//!
//! Each remedy is safe by itself: what adds a VIP hides it first. The remedies of several
//! findings are safe together in the order of their phases. And each command is safe where
//! one before it failed, as whoever pastes them may not see that: it begins with the settings
//! that it needs, or looks first whether what it relies on is so.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::finding::Finding;
use crate::remedy::{Instruction, Phase, Remedy};
use crate::rule::RuleId;

/// An ordered remedy is a step among those of all findings, where it stands only once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderedRemedy {
    /// When.
    pub phase: Phase,
    /// What.
    #[serde(flatten)]
    pub instruction: Instruction,
    /// The rules that it helps against.
    pub rules: Vec<RuleId>,
}

impl OrderedRemedy {
    /// Returns the command or the words.
    #[must_use]
    pub fn text(&self) -> &str {
        self.instruction.text()
    }
}

/// Gives each command that makes a VIP local the settings that hide it, what else that takes
/// to its finding, and puts the steps of each finding in order.
pub fn complete(findings: &mut [Finding], hiding: impl FnOnce() -> Vec<Remedy>) {
    let shows = |finding: &Finding| finding.remedy.iter().any(|remedy| remedy.shows);
    let hiding = if findings.iter().any(shows) { hiding() } else { Vec::new() };
    let (settings, others): (Vec<Remedy>, Vec<Remedy>) = hiding.into_iter().partition(|it| {
        it.phase == Phase::Settings && matches!(it.instruction, Instruction::Command(_))
    });
    let mut guards: Vec<&str> = Vec::new();
    for setting in &settings {
        if !guards.contains(&setting.text()) {
            guards.push(setting.text());
        }
    }
    for finding in findings {
        if shows(finding) {
            finding.remedy.splice(0..0, others.iter().cloned());
        }
        for remedy in &mut finding.remedy {
            if let (true, Instruction::Command(command)) = (remedy.shows, &mut remedy.instruction) {
                *command = after(&guards, command);
            }
        }
        finding.remedy.sort_by_key(|remedy| remedy.phase);
        // One finding may ask for a step twice, as for a device that several VIPs are to be on.
        let mut told: HashSet<Instruction> = HashSet::new();
        finding.remedy.retain(|remedy| told.insert(remedy.instruction.clone()));
    }
}

/// Returns the command as one that is not run unless those before it succeed.
fn after(guards: &[&str], command: &str) -> String {
    guards.iter().chain([&command]).copied().collect::<Vec<_>>().join(" && ")
}

/// Returns the steps of all findings in the order in which to run them, each once. What would be
/// done on a device that another step deletes is left out.
#[must_use]
pub fn in_order(findings: &[Finding]) -> Vec<OrderedRemedy> {
    let mut places: HashMap<(Phase, &Instruction), usize> = HashMap::new();
    let mut steps: Vec<OrderedRemedy> = Vec::new();
    let all = || findings.iter().flat_map(|finding| &finding.remedy);
    let gone: Vec<&String> = all().filter_map(|remedy| remedy.deletes.as_ref()).collect();
    let is_left = |remedy: &&Remedy| remedy.on.as_ref().is_none_or(|on| !gone.contains(&on));
    for finding in findings {
        let rule = finding.rule.id;
        for Remedy { phase, instruction, .. } in finding.remedy.iter().filter(is_left) {
            let place = *places.entry((*phase, instruction)).or_insert(steps.len());
            match steps.get_mut(place) {
                Some(step) if step.rules.contains(&rule) => {}
                Some(step) => step.rules.push(rule),
                None => steps.push(OrderedRemedy {
                    phase: *phase,
                    instruction: instruction.clone(),
                    rules: vec![rule],
                }),
            }
        }
    }
    // Stable: in a phase the worst finding comes first.
    steps.sort_by_key(|step| step.phase);
    steps
}
