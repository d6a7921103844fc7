// SPDX-License-Identifier: MIT OR Apache-2.0
//! What commands return, and how it is printed. The JSON forms are stable: fields are
//! added, never renamed.

mod status;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use lvs_check::{Rule, rules_text};
use lvs_term::{Stdout, check_stdout, is_harmful};
use serde::{Serialize, Serializer};

pub use self::status::{
    CarrierStatus, DeviceStatus, GatewayStatus, Owner, PortStatus, StatusReport, SysctlStatus,
    VipStatus,
};
use crate::check::report::CheckReport;
use crate::error::{Error, Failure};
use crate::plan::{Action, Change, Step};

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
    /// For programs, which find in it: `change` is `tunnel`, `dummy`, `gue`, `sysctl`, `up`, `address`
    /// or `default-route`, with the fields of [`crate::plan::Change`]; `undo` tells
    /// making from taking back.
    #[serde(serialize_with = "in_order")]
    pub action: Action,
}

/// From what to what, of a setting that goes back too.
fn in_order<S: Serializer>(action: &Action, serializer: S) -> Result<S::Ok, S::Error> {
    let mut action = action.clone();
    if let (Change::Sysctl { from: Some(from), to, .. }, true) = (&mut action.change, action.undo) {
        std::mem::swap(from, to);
    }
    action.serialize(serializer)
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
        Err(failure) => self::failed(&failure),
    }
}

/// Says why, and gives the exit status.
fn failed(failure: &Failure) -> ExitCode {
    let mut text = format!("error: {}\n", printable(&failure.to_string()));
    for hint in failure.error.hints() {
        let _ = writeln!(text, "hint: {}", printable(&hint));
    }
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(failure.error.exit_status())
}

/// A reader that closed the pipe early is no error.
fn seen(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints help, version or a usage error and gives the exit status.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match seen(check_stdout().and_then(|()| error.print())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                failed(&Failure { doing: "show the help".into(), error: Error::Output(error) })
            }
        };
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

/// Returns the text on one line and without what a terminal would act on. What was typed,
/// the names of interfaces and what other programs wrote may hold anything.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// Returns the same JSON without what a terminal would act on: inside its strings, where
/// alone that can be, each such character is written by its number.
pub(crate) fn printable_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // None of them is beyond the first 65536, where JSON would want two numbers.
        if c != '\n' && is_harmful(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn print(outcome: &Outcome) -> io::Result<()> {
    let text = if outcome.json {
        printable_json(&serde_json::to_string_pretty(&outcome.report)?) + "\n"
    } else {
        match &outcome.report {
            Report::Change(report) => {
                let _ = io::stderr().write_all(report.remarks().as_bytes());
                report.text(outcome.verbose)
            }
            Report::Check(report) => {
                let _ = io::stderr().write_all(report.found.remarks().as_bytes());
                report.text()
            }
            Report::Rules(rules) => rules_text(rules),
            Report::Status(report) => {
                let notes = report.notes.iter().map(|note| format!("note: {note}\n"));
                let _ = io::stderr().write_all(notes.collect::<String>().as_bytes());
                report.text()
            }
            Report::Text(text) => text.clone(),
        }
    };
    let mut stdout = Stdout::lock();
    seen(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

impl Report {
    /// Returns that of what `check` found; else 0, as what failed is a [`Failure`].
    fn exit_status(&self) -> u8 {
        match self {
            Self::Check(report) => report.found.exit_status(),
            _ => 0,
        }
    }
}

impl ChangeReport {
    fn remarks(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {}\n", printable(note)));
        let warning = |warning: &String| format!("warning: {}\n", printable(warning));
        let warnings = self.warnings.iter().map(warning);
        notes.chain(warnings).collect()
    }

    fn text(&self, verbose: bool) -> String {
        if let Some(why) = &self.nothing_to_do {
            return format!("nothing to do: {}\n", printable(why));
        }
        let mut text = String::new();
        for step in &self.steps {
            let command = printable(&step.command);
            let _ = match (self.dry_run, verbose) {
                (true, _) => writeln!(text, "{command}  # {}", step.reason),
                (false, true) => writeln!(text, "{command}"),
                (false, false) => Ok(()),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;

    #[test]
    fn a_step_says_from_what_to_what_also_on_the_way_back() {
        let key = crate::sysctl_key::SysctlKey::ipv4("all", "arp_ignore");
        let change = Change::Sysctl { key, from: Some(0), to: 1 };
        for (action, from, to) in [(change.clone().make(), 0, 1), (change.undo(), 1, 0)] {
            let step = serde_json::to_value(StepReport::from(Step { action, reason: "" })).unwrap();
            let action = &step["action"];
            assert_eq!((&action["from"], &action["to"]), (&from.into(), &to.into()), "{step}");
            let command = format!("sysctl -w net.ipv4.conf.all.arp_ignore={to}");
            assert_eq!(step["command"], command);
        }
    }

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

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is() {
        let name = "e\u{1b}[1m\u{9b}2J\u{202e}\u{61c}";
        assert_eq!(printable(name), "e\\u{1b}[1m\\u{9b}2J\\u{202e}\\u{61c}");
        assert_eq!(printable("grün \u{1f600}"), "grün \u{1f600}");
        let mut report = ChangeReport { notes: vec![name.into()], ..ChangeReport::default() };
        report.warnings = vec![name.into()];
        let json = printable_json(&serde_json::to_string_pretty(&report).unwrap());
        report.nothing_to_do = Some(name.into());
        let vip = VipStatus {
            vip: [192, 0, 2, 10].into(),
            device: name.into(),
            scope: None,
            local: false,
            ours: false,
            owner: Owner::Nobody,
        };
        let status = StatusReport {
            mode: Some(Mode::Dr),
            since: Some(name.into()),
            vips: vec![vip],
            drift: vec![name.into()],
            ..StatusReport::default()
        };
        for text in [json.clone(), report.remarks(), report.text(true), status.text()] {
            assert!(text.contains("e\\u"), "{text:?}");
            assert!(!text.contains(|c| c != '\n' && is_harmful(c)), "{text:?}");
        }
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["notes"][0], name, "nothing is lost");
    }
}
