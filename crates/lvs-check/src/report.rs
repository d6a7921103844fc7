// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows all that a check found, for people and as JSON; and rules for people.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

use lvs_term::{count, few, printable};
use serde::Serialize;

use crate::finding::Finding;
use crate::order::{OrderedRemedy, in_order};
use crate::remedy::Instruction;
use crate::rule::Rule;
use crate::severity::Severity;

/// A report holds all that a check found. Its JSON form is stable: fields are added, never
/// renamed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Findings with severity `error`.
    pub errors: usize,
    /// Findings with severity `warning`.
    pub warnings: usize,
    /// Findings with severity `unread`.
    pub unjudged: usize,
    /// All findings, worst first.
    pub findings: Vec<Finding>,
    /// The steps of all remedies, in the order in which to run them.
    pub remedies: Vec<OrderedRemedy>,
    /// What could not be read, so that its rules said nothing.
    pub unread: Vec<String>,
    /// What else there is to say of the check.
    pub notes: Vec<String>,
}

impl Report {
    /// Returns the report of these findings, given worst first.
    #[must_use]
    pub fn new(findings: Vec<Finding>, unread: Vec<String>, notes: Vec<String>) -> Self {
        let mut report =
            Self { remedies: in_order(&findings), findings, unread, notes, ..Self::default() };
        report.errors = report.count(Severity::Error);
        report.warnings = report.count(Severity::Warning);
        report.unjudged = report.count(Severity::Unread);
        report
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|found| found.severity == severity).count()
    }

    /// Returns the exit status that tells a monitor the worst: 4 for errors, 5 for what could
    /// not be judged, 3 for warnings, else 0.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self { errors: 1.., .. } => 4,
            Self { unjudged: 1.., .. } => 5,
            Self { warnings: 1.., .. } => 3,
            _ => 0,
        }
    }

    /// Returns what is said beside the findings, a line each.
    #[must_use]
    pub fn remarks(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {}\n", printable(note)));
        let unread = |what: &String| format!("note: not read: {}\n", printable(what));
        notes.chain(self.unread.iter().map(unread)).collect()
    }

    /// Returns the findings for people, and at the end how many there are of the host as that
    /// which it was held against.
    #[must_use]
    pub fn text(&self, held_against: &str) -> String {
        let mut text = String::new();
        let mut hidden = false;
        let mut left = Left::of(self.findings.iter().map(|it| (it.rule.id, it.severity)));
        for Finding { rule, severity, message, read, remedy } in &self.findings {
            match left.next((rule.id, *severity)) {
                Next::Shown => {}
                Next::Hidden => continue,
                Next::More(more) => {
                    hidden = true;
                    let _ = writeln!(text, "{severity}: {}: and {more} more, in JSON", rule.id);
                    continue;
                }
            }
            let _ = writeln!(text, "{severity}: {}: {}", rule.id, printable(message));
            for read in read {
                let _ = writeln!(text, "  read:   {}", printable(read));
            }
            let _ = writeln!(text, "  why:    {}", rule.why);
            for remedy in remedy {
                let _ = writeln!(text, "  remedy: {}", printable(remedy.text()));
            }
        }
        // Those of one finding stand above, in order, if it is not among the rest.
        if hidden && !self.remedies.is_empty() || self.findings.len() > 1 && self.remedies.len() > 1
        {
            text += "all remedies, in one safe order (what hides a VIP comes before the VIP):\n";
            // What can be run is there to be pasted.
            let words = |step: &&OrderedRemedy| matches!(step.instruction, Instruction::Words(_));
            let words = self.remedies.iter().filter(words);
            let mut left = Left::of(words.map(|step| (step.phase, step.rules.as_slice())));
            let mut number = 0;
            for step in &self.remedies {
                let next = match step.instruction {
                    Instruction::Command(_) => Next::Shown,
                    Instruction::Words(_) => left.next((step.phase, step.rules.as_slice())),
                };
                let _ = match next {
                    Next::Hidden => Ok(()),
                    Next::More(more) => {
                        let rules = few(&step.rules, SHOWN);
                        writeln!(text, "  and {more} more for {rules}, in JSON")
                    }
                    Next::Shown => {
                        number += 1;
                        writeln!(text, "  {number}. {}", printable(step.text()))
                    }
                };
            }
        }
        text + &self.summary(held_against) + "\n"
    }

    /// Returns how many findings of each severity there are.
    pub(crate) fn summary(&self, held_against: &str) -> String {
        let unjudged = match self.unjudged {
            0 => String::new(),
            number => format!(", {number} unread"),
        };
        format!(
            "{}: {}, {}, {}{unjudged}",
            printable(held_against),
            count(self.errors, "error"),
            count(self.warnings, "warning"),
            count(self.infos(), "info")
        )
    }

    /// Returns how many findings have the severity `info`.
    pub(crate) fn infos(&self) -> usize {
        self.count(Severity::Info)
    }
}

/// So many findings of one rule are shown to people: a host may have thousands of addresses, all
/// wrong in the same way.
const SHOWN: usize = 8;

/// How many there are of each kind, and how many of them were told.
struct Left<K>(HashMap<K, (usize, usize)>);

enum Next {
    Shown,
    /// The first that is not, with how many there are.
    More(usize),
    Hidden,
}

impl<K: Eq + Hash> Left<K> {
    fn of(all: impl Iterator<Item = K>) -> Self {
        let mut kinds = HashMap::new();
        all.for_each(|kind| kinds.entry(kind).or_insert((0, 0)).0 += 1);
        Self(kinds)
    }

    fn next(&mut self, kind: K) -> Next {
        let (all, told) = self.0.entry(kind).or_default();
        *told += 1;
        match *told {
            ..=SHOWN => Next::Shown,
            told if told == SHOWN + 1 => Next::More(*all - SHOWN),
            _ => Next::Hidden,
        }
    }
}

/// Returns one rule in full, or several in a line each.
#[must_use]
pub fn rules_text(rules: &[&Rule]) -> String {
    match rules {
        [rule] => format!(
            "{} ({})\n{}.\nread:   {}\nwhy:    {}\nremedy: {}\nblind:  {}\n",
            rule.id,
            rule.severities_text(),
            rule.meaning,
            rule.reads,
            rule.why,
            rule.remedy,
            rule.blind
        ),
        _ => rules
            .iter()
            .map(|rule| format!("{}  {:<22}  {}\n", rule.id, rule.severities_text(), rule.meaning))
            .collect(),
    }
}
