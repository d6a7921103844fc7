// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells a monitor what was found, in the form of the Monitoring Plugins guidelines: a line with
//! the state, the worst of it and performance data; behind it lines of long text; and an exit
//! status for each state. Nagios, Icinga, Naemon and Checkmk read it.

use std::fmt;
use std::fmt::Write as _;

use lvs_term::{Complaint, one_line};

use crate::finding::Finding;
use crate::report::Report;

/// So many findings have a line each, and so many remarks: what a monitor keeps of an output has a
/// limit (8 KiB in Nagios).
const SHOWN: usize = 12;

/// A state says what a monitor is to make of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All is well.
    Ok,
    /// There are warnings.
    Warning,
    /// There are errors.
    Critical,
    /// There may be errors: something could not be judged, or the check could not be made.
    Unknown,
}

impl State {
    /// Returns the exit status by which a monitor knows it.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// Returns the state of that report: the worse comes first in the same order as with
/// [`Report::exit_status`].
#[must_use]
pub fn state(report: &Report) -> State {
    match report {
        Report { errors: 1.., .. } => State::Critical,
        Report { unjudged: 1.., .. } => State::Unknown,
        Report { warnings: 1.., .. } => State::Warning,
        _ => State::Ok,
    }
}

/// Returns the report of the host as that which it was held against. `option` is
/// the one that asks for this form: without it the same command shows the remedies, of which many
/// have a `|`, which they could not have here.
#[must_use]
pub fn text(report: &Report, held_against: &str, option: &str) -> String {
    let Report { errors, warnings, unjudged, findings, .. } = report;
    let mut first = report.summary(held_against);
    let state = state(report);
    if let (Some(Finding { rule, message, .. }), true) = (findings.first(), state != State::Ok) {
        let _ = write!(first, "; {}: {message}", rule.id);
    }
    // A value above 0 is what raises the state: the range of `warn` and of `crit` is 0 to 0.
    let mut text = line(state, &first);
    let infos = report.infos();
    let _ = writeln!(
        text,
        "|errors={errors};;0;0 warnings={warnings};0;;0 unread={unjudged};;;0 infos={infos};;;0"
    );
    let shown = |it: &Finding| format!("{}: {}: {}", it.severity, it.rule.id, plain(&it.message));
    text += &some(findings.iter().map(shown));
    if !findings.is_empty() {
        let _ = writeln!(
            text,
            "the same without `{option}` says what was read, why it matters, and what the remedy is"
        );
    }
    text + &some(report.remarks().lines().map(plain))
}

/// The first lines, and how many more there are.
fn some(mut lines: impl Iterator<Item = String>) -> String {
    let mut text: String = lines.by_ref().take(SHOWN).map(|line| line + "\n").collect();
    if let more @ 1.. = lines.count() {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

/// Returns what is told where the check could not be made.
#[must_use]
pub fn unknown(complaint: &Complaint) -> String {
    let mut text = line(State::Unknown, &complaint.message) + "\n";
    for more in &complaint.details {
        let _ = writeln!(text, "{}", plain(more));
    }
    for hint in &complaint.hints {
        let _ = writeln!(text, "hint: {}", plain(hint));
    }
    text
}

fn line(state: State, text: &str) -> String {
    format!("LVS {state} - {}", plain(text))
}

/// Stands for `|`, as nothing quotes that: a monitor reads performance data behind it.
const PIPE: &str = "\\u{7c}";

fn plain(text: &str) -> String {
    one_line(text).replace('|', PIPE)
}
