// SPDX-License-Identifier: MIT OR Apache-2.0
//! Findings and rules for people.

use std::fmt::Write as _;

use super::catalogue::Rule;
use super::finding::{Finding, Severity};
use crate::output::{CheckReport, printable};

impl CheckReport {
    pub(crate) fn remarks(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {}\n", printable(note)));
        let unread = |what: &String| format!("note: not read: {}\n", printable(what));
        notes.chain(self.unread.iter().map(unread)).collect()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let Finding { rule, severity, message, .. } = finding;
            let _ = writeln!(text, "{severity}: {rule}: {}", printable(message));
            for read in &finding.read {
                let _ = writeln!(text, "  read:   {}", printable(read));
            }
            let _ = writeln!(text, "  why:    {}", finding.why);
            for remedy in &finding.remedy {
                let _ = writeln!(text, "  remedy: {}", printable(remedy.step.text()));
            }
        }
        // Those of one finding stand above, in order.
        if self.findings.len() > 1 && self.remedies.len() > 1 {
            text += "all remedies, in one safe order (what hides a VIP comes before the VIP):\n";
            for (number, step) in (1..).zip(&self.remedies) {
                let _ = writeln!(text, "  {number}. {}", printable(step.text()));
            }
        }
        let infos = self.findings.iter().filter(|it| it.severity == Severity::Info).count();
        let unjudged = match self.unjudged {
            0 => String::new(),
            number => format!(", {number} unread"),
        };
        let count = |number: usize, what: &str| {
            format!("{number} {what}{}", if number == 1 { "" } else { "s" })
        };
        let vips: Vec<String> = self.vips.iter().map(ToString::to_string).collect();
        let of = if vips.is_empty() { String::new() } else { format!(" for {}", vips.join(", ")) };
        let _ = writeln!(
            text,
            "{}{of}: {}, {}, {}{unjudged}",
            self.mode,
            count(self.errors, "error"),
            count(self.warnings, "warning"),
            count(infos, "info")
        );
        text
    }
}

/// One rule in full, several in a line each.
pub(crate) fn rules_text(rules: &[&Rule]) -> String {
    let severities = |rule: &Rule| {
        rule.severities.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match rules {
        [rule] => format!(
            "{} ({})\n{}.\nread:   {}\nwhy:    {}\nremedy: {}\n",
            rule.id,
            severities(rule),
            rule.meaning,
            rule.reads,
            rule.why,
            rule.remedy
        ),
        _ => rules
            .iter()
            .map(|rule| format!("{}  {:<22}  {}\n", rule.id, severities(rule), rule.meaning))
            .collect(),
    }
}
