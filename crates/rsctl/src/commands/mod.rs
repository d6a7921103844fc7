// SPDX-License-Identifier: MIT OR Apache-2.0

//! Does what each command asks for, a file per verb. A command checks everything, then talks to the
//! kernel, and returns what it did or found; it prints nothing.

mod add_server;
mod add_service;
mod apply;
mod changed;
mod check_file;
mod clear;
pub(crate) mod confirm;
mod connections;
mod converge;
mod daemon;
mod daemon_status;
mod delete_server;
mod delete_service;
mod director;
pub(crate) mod drain;
mod edit_server;
mod edit_service;
mod filter;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod generate;
mod ghosts;
mod history;
mod list;
mod listed;
mod public;
mod reading;
pub(crate) mod restore;
mod rollback;
mod save;
mod server;
mod service;
mod several;
mod shown;
mod targets;
#[cfg(test)]
mod tests;
mod timeouts;
mod undertaking;
mod warning;
mod zero;

use std::path::PathBuf;

use ipvs_netlink::{Change, SyncDaemonEntry, Timeouts};

use crate::cli::{Command, List};
use crate::error::Error;
use crate::exit::Exit;
use crate::kept::Checkpoint;
use crate::refusal::Refusal;

pub(crate) use apply::Applying;
#[cfg(test)]
pub(crate) use changed::States;
pub(crate) use changed::{Action, Changed, Made, State};
pub(crate) use check_file::Checked;
pub(crate) use confirm::Confirmed;
pub(crate) use connections::{Found, Stream, address_of};
pub(crate) use converge::Converged;
pub(crate) use daemon_status::{Daemon, Status};
pub(crate) use director::Director;
pub(crate) use history::Records;
#[cfg(test)]
pub(crate) use list::Shape;
pub(crate) use list::{IsSettled, Listing};
#[cfg(test)]
pub(crate) use listed::Whole;
pub(crate) use listed::{ListedServer, ListedService};
pub(crate) use restore::Restored;
pub(crate) use save::Saved;
pub(crate) use warning::Warning;

/// Holds what a command did or found.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// What changed, in order; empty if nothing had to. Or would change.
    Changed { made: Made, dry_run: bool },
    /// What is there.
    Listed(Listing),
    /// The timeouts of idle connections.
    Timeouts(Timeouts),
    /// The sync daemons that run.
    Daemons(Vec<SyncDaemonEntry>),
    /// How they fare.
    DaemonStatus(Status),
    /// Entries of the connection table.
    Connections(Found),
    /// Files that were written.
    Written(Vec<PathBuf>),
    /// What is there, to be kept.
    Saved(Saved),
    /// What a restore did, or would do.
    Restored(Restored),
    /// What a file is like.
    Checked(Checked),
    /// What an apply did, or would do.
    Applying(Applying),
    /// Which change stays.
    Confirmed(Confirmed),
    /// The tables to which `rollback` goes back.
    Checkpoints(Vec<Checkpoint>),
    /// Who changed what.
    History(Records),
}

impl Outcome {
    /// Returns how the command ended, once its outcome is written.
    pub(crate) fn conclude(&self) -> Result<Exit, Error> {
        match self {
            Self::Restored(restored) => restored.conclude(),
            Self::Applying(applying) => applying.conclude(),
            Self::Checked(checked) => Ok(checked.conclude()),
            Self::Changed { made, .. } if !made.failed.is_empty() => Ok(Exit::Failed),
            // Something was found that ought not to be.
            Self::DaemonStatus(Status { problems: Some(problems), .. }) if !problems.is_empty() => {
                Ok(Exit::Failed)
            }
            _ => Ok(Exit::Done),
        }
    }
}

impl Director {
    fn changed(&self, made: impl Into<Made>) -> Outcome {
        Outcome::Changed { made: made.into(), dry_run: self.dry_run }
    }
}

/// Runs a command. Long work tells `progress` how many of how many changes are made; `colored`
/// says that what is found will be shown in colours.
pub(crate) fn run(
    director: &Director,
    command: Command,
    colored: bool,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Outcome, Error> {
    let made = match command {
        Command::AddService(args) => add_service::run(director, &args),
        Command::EditService(args) => edit_service::run(director, &args),
        Command::SetService(args) => edit_service::set(director, &args),
        Command::DeleteService(args) => delete_service::run(director, &args),
        Command::AddServer(args) => add_server::run(director, &args),
        Command::EditServer(args) => edit_server::run(director, &args),
        Command::SetServer(args) => edit_server::set(director, &args),
        Command::DeleteServer(args) => delete_server::run(director, &args),
        // They are waited for, and told of meanwhile.
        Command::Drain(_) | Command::Undrain(_) | Command::SlowStart(_) => Ok(Made::default()),
        Command::Zero(args) => zero::run(director, &args).map(Made::from),
        Command::Clear(args) => clear::run(director, &args).map(Made::from),
        Command::List(args) => return list::run(director, &args, colored).map(Outcome::Listed),
        Command::Connections(args) => {
            return connections::run(director, &args).map(Outcome::Connections);
        }
        Command::Timeouts(args) => return timeouts::run(director, &args),
        Command::SyncDaemon(args) => return daemon::run(director, &args),
        Command::Generate(args) => return generate::run(&args).map(Outcome::Written),
        Command::Save(args) => return save::run(director, args).map(Outcome::Saved),
        Command::CheckFile(args) => return check_file::run(&args).map(Outcome::Checked),
        Command::Plan(args) => return apply::plan(director, &args).map(Outcome::Applying),
        Command::Apply(args) => {
            return apply::apply(director, &args, progress).map(Outcome::Applying);
        }
        Command::Restore(args) => {
            return restore::run(director, &args, progress).map(Outcome::Restored);
        }
        Command::Confirm(args) => return confirm::run(director, &args).map(Outcome::Confirmed),
        Command::Rollback(args) => return rollback::run(director, &args, progress),
        Command::History(args) => return history::run(director, &args).map(Outcome::History),
    };
    made.map(|made| director.changed(made))
}

/// Refuses an edit that the library would refuse, of what is there.
fn check_edit(before: &Change, after: &Change) -> Result<(), Error> {
    after.check_edit_of(before).map_err(|reason| {
        let operation = Box::new(after.clone().into());
        ipvs_netlink::Error::Invalid { operation, reason }.into()
    })
}

/// Lists what is there, to be followed by [`list_again`].
pub(crate) fn list_first(
    director: &Director,
    args: &List,
    colored: bool,
) -> Result<Outcome, Error> {
    list::run(director, args, colored).map(Outcome::Listed)
}

/// Lists once more, but does not have the kernel load what somebody has unloaded.
pub(crate) fn list_again(
    director: &Director,
    args: &List,
    colored: bool,
) -> Result<Outcome, Error> {
    director.procfs().services()?;
    list_first(director, args, colored)
}

/// Returns `change`, if the options made sense and it is one the library would send. Checked before
/// connecting: bad input is to be called that where there is no IPVS, too.
fn checked(change: Change, options: Result<(), Refusal>) -> Result<Change, Error> {
    match options.and_then(|()| change.check().map_err(Refusal::from)) {
        Ok(()) => Ok(change),
        Err(refusal) => Err(Error::refused(change, refusal)),
    }
}
