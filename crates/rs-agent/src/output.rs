// SPDX-License-Identifier: MIT OR Apache-2.0
//! What commands return, and how it is printed. The JSON forms are stable: fields are
//! added, never renamed.

mod status;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::process::ExitCode;

use serde::Serialize;

pub use self::status::{
    CarrierStatus, DeviceStatus, GatewayStatus, Owner, PortStatus, StatusReport, SysctlStatus,
    VipStatus,
};
use crate::check::catalogue::Rule;
use crate::check::finding::Finding;
use crate::check::remedy::Ordered;
use crate::check::text::rules_text;
use crate::error::{Error, Failure};
use crate::mode::Mode;
use crate::plan::{Action, Step};

/// The result of a command and how it is wanted.
#[derive(Debug)]
pub struct Outcome {
    /// The result.
    pub report: Report,
    /// As JSON.
    pub json: bool,
    /// Actions as text too.
    pub verbose: bool,
}

/// The result of a command.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Report {
    /// Of `setup` and `teardown`.
    Change(ChangeReport),
    /// Of `check`.
    Check(CheckReport),
    /// Of `check --list-rules` and `check --explain`.
    Rules(Vec<&'static Rule>),
    /// Of `status`.
    Status(Box<StatusReport>),
    /// Of commands that have nothing else to say: lines of text.
    Text(String),
}

/// What `check` found.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// Forwarding method it was held against.
    pub mode: Mode,
    /// VIPs.
    pub vips: Vec<IpAddr>,
    /// Findings with severity `error`.
    pub errors: usize,
    /// Findings with severity `warning`.
    pub warnings: usize,
    /// All findings, worst first.
    pub findings: Vec<Finding>,
    /// The steps of all remedies, in the order in which to run them.
    pub remedies: Vec<Ordered>,
    /// What could not be read, so that its rules said nothing.
    pub unread: Vec<String>,
}

/// What `setup` and `teardown` did, or with `--dry-run` would do.
#[derive(Debug, Default, Serialize)]
pub struct ChangeReport {
    /// Nothing was changed because of `--dry-run`.
    pub dry_run: bool,
    /// Something was or would be changed.
    pub changed: bool,
    /// The actions, in order.
    pub steps: Vec<StepReport>,
    /// What was left as it is, and why.
    pub notes: Vec<String>,
    /// What will not work for a reason outside this program's reach.
    pub warnings: Vec<String>,
    /// Why there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nothing_to_do: Option<String>,
}

/// One action.
#[derive(Debug, Serialize)]
pub struct StepReport {
    /// The equivalent shell command.
    pub command: String,
    /// Why it is needed.
    pub reason: &'static str,
    /// The same for programs: `change` is `tunnel`, `dummy`, `gue`, `sysctl`, `up`, `address`
    /// or `default-route`, with the fields of [`crate::plan::Change`]; `undo` tells
    /// making from taking back.
    pub action: Action,
}

impl From<Step> for StepReport {
    fn from(step: Step) -> Self {
        Self { command: step.action.to_string(), reason: step.reason, action: step.action }
    }
}

/// Prints what a command returned and gives its exit status.
#[must_use]
pub fn finish(result: Result<Outcome, Failure>) -> ExitCode {
    match result.and_then(|outcome| {
        let printed = print(&outcome);
        printed.map_err(|e| Failure { doing: "finish".into(), error: Error::Output(e) })?;
        Ok(outcome.report.exit_status())
    }) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            let mut text = format!("error: {}\n", printable(&failure.to_string()));
            for hint in failure.error.hints() {
                let _ = writeln!(text, "hint: {}", printable(&hint));
            }
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(failure.error.exit_status())
        }
    }
}

/// Prints help, version or a usage error and gives the exit status.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let _ = io::stderr().write_all(complaint(&error.to_string()).as_bytes());
    ExitCode::from(2)
}

/// Clap's several paragraphs in the form of all our errors: one line, then hints.
fn complaint(text: &str) -> String {
    let mut paragraphs = text.split("\n\n");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = words(paragraphs.next().unwrap_or_default());
    let message = match first.strip_prefix("error: ") {
        Some(message) => message.to_owned(),
        // Without a command clap shows its help instead.
        None => "a command is missing: setup, teardown, check, status or run".to_owned(),
    };
    let mut lines = format!("error: {}\n", printable(&message));
    for tip in paragraphs.filter_map(|paragraph| paragraph.trim_start().strip_prefix("tip: ")) {
        lines += &format!("hint: {}\n", printable(&words(tip)));
    }
    lines + "hint: see `rs-agent --help` and `rs-agent COMMAND --help`\n"
}

/// What was typed may hold line ends and terminal controls.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

fn print(outcome: &Outcome) -> io::Result<()> {
    let text = if outcome.json {
        serde_json::to_string_pretty(&outcome.report)? + "\n"
    } else {
        match &outcome.report {
            Report::Change(report) => {
                let _ = io::stderr().write_all(report.remarks().as_bytes());
                report.text(outcome.verbose)
            }
            Report::Check(report) => {
                let _ = io::stderr().write_all(report.remarks().as_bytes());
                report.text()
            }
            Report::Rules(rules) => rules_text(rules),
            Report::Status(report) => report.text(),
            Report::Text(text) => text.clone(),
        }
    };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

impl Report {
    /// Of `check`: 4 for errors, 3 for warnings. Else 0: what failed is a [`Failure`].
    fn exit_status(&self) -> u8 {
        match self {
            Self::Check(report) if report.errors > 0 => 4,
            Self::Check(report) if report.warnings > 0 => 3,
            _ => 0,
        }
    }
}

impl ChangeReport {
    fn remarks(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {note}\n"));
        let warnings = self.warnings.iter().map(|warning| format!("warning: {warning}\n"));
        notes.chain(warnings).collect()
    }

    fn text(&self, verbose: bool) -> String {
        if let Some(why) = &self.nothing_to_do {
            return format!("nothing to do: {why}\n");
        }
        let mut text = String::new();
        for step in &self.steps {
            let _ = match (self.dry_run, verbose) {
                (true, _) => writeln!(text, "{}  # {}", step.command, step.reason),
                (false, true) => writeln!(text, "{}", step.command),
                (false, false) => Ok(()),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_one_line_and_hints() {
        let clap = "error: the following required arguments were not provided:\n  --mode <MODE>\n\n\
                    Usage: rs-agent setup --mode <MODE>\n\nFor more information, try '--help'.\n";
        assert_eq!(
            complaint(clap),
            "error: the following required arguments were not provided: --mode <MODE>\n\
             hint: see `rs-agent --help` and `rs-agent COMMAND --help`\n"
        );
        let typo =
            "error: unrecognized subcommand 'setpu'\n\n  tip: a similar one exists: 'setup'\n";
        assert!(complaint(typo).contains("\nhint: a similar one exists: 'setup'\n"));
        assert!(complaint("Usage: rs-agent\n").starts_with("error: a command is missing"));
        assert_eq!(printable("a\n\u{1b}[31m"), "a\\n\\u{1b}[31m");
    }
}
