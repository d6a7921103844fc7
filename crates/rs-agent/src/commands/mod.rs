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

use crate::cli::{Cli, Command, What};
use crate::error::Failure;
use crate::output::{Outcome, Report, Table};
use crate::run;

/// Runs the command.
///
/// # Errors
/// What could not be done, and why.
pub fn run(cli: &Cli) -> Result<Outcome, Failure> {
    let mut verbose = false;
    let (doing, report) = match &cli.command {
        Command::Setup(args) => {
            verbose = args.how.verbose;
            (doing("set up", &args.what), setup::run(args, &cli.state_dir).map(Report::Change))
        }
        Command::Teardown(args) => {
            verbose = args.how.verbose;
            let what = if args.vips.is_empty() { "this host".into() } else { some(&args.vips) };
            let report = teardown::run(args, &cli.state_dir).map(Report::Change);
            (format!("tear down {what}"), report)
        }
        Command::Check(args) => ("check this host".into(), check::run(args, &cli.state_dir)),
        Command::Status(args) => {
            let report = status::run(args, &cli.state_dir);
            ("read the status".into(), report.map(|report| Report::Status(Box::new(report))))
        }
        Command::Run(args) => {
            (doing("keep", &args.what), run::run(args, &cli.state_dir).map(Report::Change))
        }
        Command::InstallUnit(args) => {
            let doing = if args.remove { "remove the unit" } else { "install the unit" };
            (doing.into(), install_unit::run(args).map(Report::Text))
        }
        Command::Generate(args) => ("generate".into(), generate::run(args).map(Report::Text)),
    };
    match report {
        Ok(report) => {
            let table = match (&cli.command, &report) {
                (Command::Check(args), Report::Check(found)) => {
                    Some(Table::of_check(found, &args.form))
                }
                (Command::Status(args), Report::Status(status)) => {
                    Some(Table::of_status(status, &args.form))
                }
                _ => None,
            };
            Ok(Outcome { report, form: cli.shown(), verbose, table })
        }
        Err(error) => Err(Failure { doing, error }),
    }
}

fn doing(verb: &str, what: &What) -> String {
    let mut doing = verb.to_owned();
    match (&what.mode, &what.config, &what.cluster) {
        (Some(mode), ..) => doing += &format!(" {mode}"),
        (None, Some(_), _) => doing += " as configured",
        (None, None, Some(_)) => doing += " this host's part of the cluster",
        (None, None, None) => doing += " this host",
    }
    if !what.vips.is_empty() {
        doing += &format!(" for {}", some(&what.vips));
    }
    doing
}

/// Returns the first ones, and how many more there are.
fn some<T: fmt::Display>(vips: &[T]) -> String {
    lvs_term::few(vips, 8)
}
