// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what commands return, and prints it. The JSON forms are stable: fields are added, never
//! renamed.

mod status;
mod table;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ContextKind;
use lvs_check::{Rule, nagios, rules_text};
pub(crate) use lvs_term::printable;
use lvs_term::{
    BadNumber, Complaint, Label, Stdout, Unread, Usage, clap_context, exit, printable_json,
    printable_lines, shortened, tell, unless_closed,
};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

pub use self::status::{
    CarrierStatus, DeviceStatus, GatewayStatus, Owner, PortStatus, StatusReport, SysctlStatus,
    VipStatus,
};
pub use self::table::Table;
use crate::check::report::CheckReport;
use crate::cli::{Cli, Shown};
use crate::error::{Error, Failure};
use crate::plan::{Action, Change, Step};

/// Holds the result of a command and how it is wanted.
#[derive(Debug)]
pub struct Outcome {
    /// The result.
    pub report: Report,
    /// As what.
    pub form: Shown,
    /// Actions as text too.
    pub verbose: bool,
    /// The same for the forms wide and csv, if it has them.
    pub table: Option<Table>,
}

/// Holds the result of a command.
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

/// Holds what `setup` and `teardown` did, or with `--dry-run` would do.
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

/// Describes one action.
#[derive(Debug)]
pub struct StepReport {
    /// Why it is needed.
    pub reason: &'static str,
    /// For programs, which find in it: `change` is `tunnel`, `dummy`, `gue`, `sysctl`, `up`, `address`
    /// or `default-route`, with the fields of [`crate::plan::Change`]; `undo` tells
    /// making from taking back.
    pub action: Action,
}

impl StepReport {
    /// Returns the equivalent shell command.
    #[must_use]
    pub fn command(&self) -> String {
        self.action.to_string()
    }

    /// From what to what, of a setting that goes back too.
    fn in_order(&self) -> Action {
        let mut action = self.action.clone();
        if let (Change::Sysctl { from: Some(from), to, .. }, true) =
            (&mut action.change, action.undo)
        {
            std::mem::swap(from, to);
        }
        action
    }
}

/// As an object with the command, the reason and the action.
impl Serialize for StepReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("StepReport", 3)?;
        object.serialize_field("command", &self.command())?;
        object.serialize_field("reason", self.reason)?;
        object.serialize_field("action", &self.in_order())?;
        object.end()
    }
}

impl From<Step> for StepReport {
    fn from(step: Step) -> Self {
        Self { reason: step.reason, action: step.action }
    }
}

/// Prints what a command returned, or why it failed, and gives its exit status.
#[must_use]
pub fn finish(result: Result<Outcome, Failure>, form: Shown) -> ExitCode {
    match result.and_then(|outcome| {
        let printed = print(&outcome);
        let untold = |error| match &outcome.report {
            Report::Change(report) if report.changed && !report.dry_run => Error::Untold(error),
            _ => Error::Output(error),
        };
        printed.map_err(|e| Failure { doing: "finish".into(), error: untold(e) })?;
        Ok(outcome.exit_status())
    }) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => failed(&failure, form),
    }
}

/// Says why, and gives the exit status.
fn failed(failure: &Failure, form: Shown) -> ExitCode {
    let hints = failure.error.hints();
    if let Error::Cluster { path, problems } = &failure.error {
        let found = lvs_term::count(problems.len(), "problem");
        let message = format!("cannot {}: {found} in {}", failure.doing, path.display());
        let details = crate::error::places(path, problems);
        let complaint = Complaint { message, details, hints }.shortened();
        return told(&complaint, failure.error.exit_status(), form);
    }
    let message = match failure.error {
        // What was typed, or stands in a file, may be of any length.
        Error::Refused(_) | Error::Config { .. } => shortened(&failure.to_string()),
        _ => failure.to_string(),
    };
    let complaint = Complaint { message, details: Vec::new(), hints };
    told(&complaint, failure.error.exit_status(), form)
}

/// Tells what is wrong, and gives the exit status. To a monitor nothing is known then; where that
/// cannot be told either, it reads the exit status.
fn told(complaint: &Complaint, status: u8, form: Shown) -> ExitCode {
    if form == Shown::Nagios {
        let _ = write(&nagios::unknown(complaint));
        return ExitCode::from(nagios::State::Unknown.exit_status());
    }
    complaint.tell(status);
    ExitCode::from(status)
}

/// The form that a command line asks for which clap does not take; `tell` knows of JSON.
fn form_of(args: &[OsString]) -> Shown {
    let mut options = args.iter().take_while(|word| *word != "--");
    let is_monitors =
        options.any(|word| word == "--nagios") && args.iter().any(|word| word == "check");
    if is_monitors { Shown::Nagios } else { Shown::Text }
}

/// Prints why a line was not read: help, version or a usage error; and gives the exit status.
#[must_use]
pub fn usage(unread: Unread) -> ExitCode {
    let (stop, args) = match unread {
        Unread::Stop(stop, args) => (stop, args),
        Unread::Answered(usage) => return told(&usage.into(), exit::USAGE, Shown::Text),
    };
    match lvs_term::help(&stop) {
        Ok(Some(status)) => ExitCode::from(status),
        Ok(None) => told(&complaint(&stop, &args), exit::USAGE, form_of(&args)),
        Err(error) => {
            let failure = Failure { doing: "show the help".into(), error: Error::Output(error) };
            failed(&failure, Shown::Text)
        }
    }
}

/// Returns clap's complaint about `args` in the form of all our errors.
fn complaint(stop: &clap::Error, args: &[OsString]) -> Complaint {
    let mut usage = Usage::of(stop, args, |_: &BadNumber| None);
    if clap_context(stop, ContextKind::InvalidArg) == ["<FOLDER>"] {
        usage.hints.push("`rs-agent generate WHAT FOLDER` writes files there".to_owned());
    }
    let known = |name: &&str| Cli::command().find_subcommand(name).is_some();
    match args.get(1).and_then(|word| word.to_str()).filter(known) {
        Some(command) => usage.see(&format!("rs-agent {command}")).into(),
        None => usage.see("rs-agent").into(),
    }
}

fn print(outcome: &Outcome) -> io::Result<()> {
    let report = &outcome.report;
    if matches!(outcome.form, Shown::Wide | Shown::Csv) {
        // Who reads these has no other place for them.
        match report {
            Report::Check(report) => tell(&report.found.remarks()),
            Report::Status(report) => tell(&report.remarks()),
            _ => {}
        }
    }
    let text = match (outcome.form, report) {
        (Shown::Json, _) => printable_json(&serde_json::to_string(report)?) + "\n",
        (Shown::JsonPretty, _) => printable_json(&serde_json::to_string_pretty(report)?) + "\n",
        (Shown::Csv, _) => outcome.table.as_ref().map_or(Ok(String::new()), Table::csv)?,
        (Shown::Wide, _) => outcome.table.as_ref().map_or(Ok(String::new()), Table::wide)?,
        (Shown::Nagios, Report::Check(report)) => report.monitored(),
        (_, Report::Change(report)) => {
            tell(&report.remarks());
            report.text(outcome.verbose)
        }
        (_, Report::Check(report)) => {
            tell(&report.found.remarks());
            report.text()
        }
        (_, Report::Rules(rules)) => rules_text(rules),
        (_, Report::Status(report)) => {
            tell(&report.remarks());
            report.text()
        }
        (_, Report::Text(text)) => printable_lines(text).into_owned(),
    };
    write(&text)
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = Stdout::lock();
    unless_closed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

impl Outcome {
    /// Returns that of what `check` found and `status` saw; else 0, as what failed is a
    /// [`Failure`].
    fn exit_status(&self) -> u8 {
        match &self.report {
            Report::Check(report) if self.form == Shown::Nagios => {
                nagios::state(&report.found).exit_status()
            }
            Report::Check(report) => report.found.exit_status(),
            Report::Status(report) => report.exit_status(),
            _ => 0,
        }
    }
}

impl ChangeReport {
    fn remarks(&self) -> String {
        let notes = self.notes.iter().map(|note| Label::Note.line(note));
        notes.chain(self.warnings.iter().map(|it| Label::Warning.line(it))).collect()
    }

    fn text(&self, verbose: bool) -> String {
        if let Some(why) = &self.nothing_to_do {
            return format!("nothing to do: {}\n", printable(why));
        }
        let mut text = String::new();
        for step in self.steps.iter().filter(|_| self.dry_run || verbose) {
            let command = step.command();
            let command = printable(&command);
            let _ = match self.dry_run {
                true => writeln!(text, "{command}  # {}", step.reason),
                false => writeln!(text, "{command}"),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use lvs_term::is_harmful;

    use super::*;
    use crate::drift::Difference;
    use crate::mode::Mode;
    use crate::request::{Request, Typed};

    #[test]
    fn a_step_says_from_what_to_what_also_on_the_way_back() {
        let key = lvs_host::SysctlKey::ipv4("all", "arp_ignore");
        let change = Change::Sysctl { key, from: Some(0), to: 1 };
        for (action, from, to) in [(change.clone().make(), 0, 1), (change.undo(), 1, 0)] {
            let step = serde_json::to_value(StepReport::from(Step { action, reason: "" })).unwrap();
            let action = &step["action"];
            assert_eq!((&action["from"], &action["to"]), (&from.into(), &to.into()), "{step}");
            let command = format!("sysctl -w net.ipv4.conf.all.arp_ignore={to}");
            assert_eq!(step["command"], command);
        }
    }

    fn complained(words: &[&str]) -> String {
        use clap::Parser as _;
        let args: Vec<_> = ["rs-agent"].iter().chain(words).map(OsString::from).collect();
        let stop = Cli::try_parse_from(&args).expect_err("a complaint");
        complaint(&stop, &args).to_string()
    }

    #[test]
    fn a_complaint_is_one_line_and_hints() {
        let dr = ["setup", "--mode", "dr", "--vip", "192.0.2.10"];
        for (words, message, hints) in [
            (
                &["setpu"][..],
                "there is no command `setpu`",
                "did you mean `setup`?|see `rs-agent --help`",
            ),
            (
                &["check", "--vip", "192.0.2.10"],
                "missing `--mode <MODE>`",
                "see `rs-agent check --help`",
            ),
            (
                &[&dr[..], &["--scope", "site"]].concat(),
                "`site` is not a value of `--scope <SCOPE>`: use one of `host`, `global`, `link`",
                "see `rs-agent setup --help`",
            ),
            (
                &[&dr[..], &["--tunnel-port", "0"]].concat(),
                "tunnel port 0 is out of range: use 1 to 65535",
                "see `rs-agent setup --help`",
            ),
            (
                &[&dr[..], &["--config", "x"]].concat(),
                "`--mode <MODE>` cannot be used together with `--config <FILE>`",
                "see `rs-agent setup --help`",
            ),
        ] {
            let mut expected = format!("error: {message}\n");
            hints.split('|').for_each(|hint| expected += &format!("hint: {hint}\n"));
            assert_eq!(complained(words), expected);
        }
    }

    /// What was typed, and what stands in a file that was named.
    #[test]
    fn no_word_reaches_the_terminal_as_it_is() {
        let odd = "a\x07\x1b[31m\u{202e}b";
        let failure = |error| {
            let failure = Failure { doing: format!("set up dr for {odd}"), error };
            let hints = failure.error.hints();
            Complaint { message: failure.to_string(), details: Vec::new(), hints }.to_string()
        };
        let vips = [odd.to_owned()];
        let typed = Typed { vips: &vips, ..Typed::default() };
        let faults =
            crate::config::parse(&format!("\"{odd}\" = 1\nmode = \"{odd}\"\n")).unwrap_err();
        for text in [
            complained(&[odd]),
            complained(&["setup", &format!("--{odd}")]),
            complained(&["setup", "--mode", odd]),
            complained(&["check", "--watch", odd]),
            failure(Request::check(Mode::Dr, &typed).unwrap_err().into()),
            failure(Error::Config { path: odd.into(), faults: vec![odd.to_owned()] }),
            failure(Error::Config { path: odd.into(), faults }),
            failure(Error::NotOurFiles(vec![odd.to_owned()])),
            failure(Error::Damaged {
                path: odd.into(),
                why: odd.to_owned(),
                copy: "so is its copy",
                known: vec![odd.to_owned()],
            }),
        ] {
            assert!(text.contains("\\u{1b}[31m\\u{202e}b"), "{text}");
            assert!(!text.contains(|c| c != '\n' && is_harmful(c)), "{text:?}");
            assert!(
                text.lines().all(|it| it.starts_with("error: ") || it.starts_with("hint: ")),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is() {
        let name = "e\u{1b}[1m\u{9b}2J\u{202e}\u{61c}";
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
            differences: vec![Difference {
                what: name.into(),
                harmful: true,
                means: "",
                remedy: name.into(),
            }],
            notes: vec![name.into()],
            ..StatusReport::default()
        };
        for text in
            [json.clone(), report.remarks(), report.text(true), status.remarks(), status.text()]
        {
            assert!(text.contains("e\\u"), "{text:?}");
            assert!(!text.contains(|c| c != '\n' && is_harmful(c)), "{text:?}");
        }
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["notes"][0], name, "nothing is lost");
    }
}
