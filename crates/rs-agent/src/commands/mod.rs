// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does what each command asks for, a file per command. A command returns a value;
//! [`crate::output`] prints it.

mod check;
mod generate;
mod install_unit;
mod setup;
mod status;
mod teardown;

use std::fmt;

use crate::cli::{Cli, Command, How, Shown, What};
use crate::error::{Error, Failure};
use crate::output::{Outcome, Report};
use crate::run;

/// Runs the command.
///
/// # Errors
/// What could not be done, and why.
pub fn run(cli: &Cli) -> Result<Outcome, Failure> {
    match &cli.command {
        Command::Setup(args) => {
            let doing = doing("set up", &args.what);
            let report = setup::run(args, &cli.state_dir).map(Report::Change);
            outcome(doing, report, changed(&args.how), args.how.verbose)
        }
        Command::Teardown(args) => {
            let what = if args.vips.is_empty() { "this host".into() } else { some(&args.vips) };
            let report = teardown::run(args, &cli.state_dir).map(Report::Change);
            outcome(format!("tear down {what}"), report, changed(&args.how), args.how.verbose)
        }
        Command::Check(args) => {
            let report = check::run(args, &cli.state_dir);
            outcome("check this host".into(), report, args.form.shown(), false)
        }
        Command::Status(args) => {
            let report = status::run(args, &cli.state_dir);
            let report = report.map(|report| Report::Status(Box::new(report)));
            outcome("read the status".into(), report, args.form.shown(), false)
        }
        Command::Run(args) => {
            let report = run::run(args, &cli.state_dir).map(Report::Change);
            outcome(doing("keep", &args.what), report, Shown::Text, false)
        }
        Command::InstallUnit(args) => {
            let report = install_unit::run(args).map(Report::Text);
            let doing = if args.remove { "remove the unit" } else { "install the unit" };
            outcome(doing.into(), report, Shown::Text, false)
        }
        Command::Generate(args) => {
            outcome("generate".into(), generate::run(args).map(Report::Text), Shown::Text, false)
        }
    }
}

fn changed(how: &How) -> Shown {
    if how.json { Shown::Json } else { Shown::Text }
}

fn doing(verb: &str, what: &What) -> String {
    let mut doing = verb.to_owned();
    match (&what.mode, &what.config) {
        (Some(mode), _) => doing += &format!(" {mode}"),
        (None, Some(_)) => doing += " as configured",
        (None, None) => doing += " this host",
    }
    if !what.vips.is_empty() {
        doing += &format!(" for {}", some(&what.vips));
    }
    doing
}

fn outcome(
    doing: String,
    report: Result<Report, Error>,
    form: Shown,
    verbose: bool,
) -> Result<Outcome, Failure> {
    match report {
        Ok(report) => Ok(Outcome { report, form, verbose }),
        Err(error) => Err(Failure { doing, error }),
    }
}

/// Returns the first ones, and how many more there are.
fn some<T: fmt::Display>(vips: &[T]) -> String {
    lvs_term::few(vips, 8)
}
