// SPDX-License-Identifier: MIT OR Apache-2.0

//! Is the director's command line: `cli` reads, `commands` decide and act, `output` writes.
//! `ipvsadm` is the other front-end, a program of its own.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod complete;
mod draining;
mod error;
mod exit;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod ipvsadm;
mod kept;
mod lock;
mod manual;
mod names;
mod output;
mod pause;
mod refusal;
mod trace;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use lvs_term::{Look, Progress};

use cli::{Cli, Command, FormArgs, List, Unread};
use commands::Director;
use error::Error;
use exit::Exit;

/// Runs `rsctl` with the arguments of this process.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some((program, words)) = ipvsadm::called(&args) {
        return ExitCode::from(ipvsadm::run(&program, &words));
    }
    if let Some(status) =
        complete::asked(&args).or_else(|| commands::confirm::watcher::asked(&args))
    {
        return status;
    }
    let exit = run(&args).unwrap_or_else(|error| {
        error.complaint().tell(error.exit().code());
        error.exit()
    });
    exit.into()
}

fn run(args: &[OsString]) -> Result<Exit, Error> {
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(unread) => return explained(unread, args),
    };
    let format = output::Format::of(&cli.command);
    if format == output::Format::Json {
        lvs_term::tell_as_json();
    }
    let look = Look::of_terminal(cli.global.color.unwrap_or_default());
    let report = cli.command.report();
    let dry_run = report.is_some_and(|report| report.dry_run);
    let changes = report.is_some() && !dry_run;
    let lock_wait = report.map(cli::Report::lock_wait).unwrap_or_default();
    let director = Director::new(cli.global.netns.as_ref(), dry_run, lock_wait)?
        .keeping_in(&cli.global.state_dir);
    if let Command::List(args @ List { form: FormArgs { watch: Some(seconds), .. }, .. }) =
        &cli.command
    {
        let color = cli.global.color.unwrap_or_default();
        return watch::run(&director, args, *seconds, format, color);
    }
    if let Some(exit) = draining::run(&director, &cli.command, format, look) {
        return exit;
    }
    let mut progress = None;
    let mut outcome = commands::run(&director, cli.command, look.color, &mut |done, all| {
        progress.get_or_insert_with(|| Progress::new("changes")).tell(done, all);
    })?;
    drop(progress);
    // What became of the work matters more than whether it could be told.
    let printed = output::print(&mut outcome, format, look);
    let exit = outcome.conclude()?;
    if let Some(shortfall) = output::shortfall(&outcome) {
        shortfall.tell(exit.code());
        return Ok(exit);
    }
    match printed {
        Err(Error::Output(error)) if changes => Err(Error::Untold(error)),
        printed => printed.map(|()| exit),
    }
}

/// Shows the help or the version, if that is why a line was not read.
///
/// # Errors
/// The complaint, if it is one.
fn explained(unread: Unread, args: &[OsString]) -> Result<Exit, Error> {
    if lvs_term::asks_for_json(args) {
        lvs_term::tell_as_json();
    }
    let (stop, args) = match unread {
        Unread::Stop(stop, args) => (stop, args),
        Unread::Led(usage) => return Err(usage.into()),
    };
    match lvs_term::help(&stop).map_err(Error::Output)? {
        Some(lvs_term::exit::DONE) => Ok(Exit::Done),
        Some(_) => Ok(Exit::Usage),
        None => Err(cli::explain(&stop, &args).into()),
    }
}
