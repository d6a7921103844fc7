// SPDX-License-Identifier: MIT OR Apache-2.0

//! What each command does, a file per verb. A command checks everything, then
//! talks to the kernel, and returns what it did or found; it prints nothing.

mod add_server;
mod add_service;
mod clear;
mod delete_server;
mod delete_service;
mod edit_server;
mod edit_service;
mod list;
mod restore;
mod save;
mod server;
mod service;
#[cfg(test)]
mod tests;

use ipvs_netlink::{Change, Client, DestinationKey, ServiceKey};

use crate::cli::Command;
use crate::error::Error;
use crate::exit::Exit;
use crate::refusal::Refusal;

pub(crate) use list::{ListedServer, ListedService, Listing};
pub(crate) use restore::Restored;
pub(crate) use save::Saved;

/// What a command did or found.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// What changed, in order; empty if nothing had to.
    Changed(Vec<Changed>),
    /// What is there.
    Listed(Listing),
    /// What is there, to be kept.
    Saved(Saved),
    /// What a restore did, or would do.
    Restored(Restored),
}

impl Outcome {
    /// How it ended, once it is written.
    pub(crate) fn conclude(self) -> Result<Exit, Error> {
        match self {
            Self::Restored(restored) => restored.conclude(),
            _ => Ok(Exit::Done),
        }
    }
}

/// One change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) action: Action,
    pub(crate) service: ServiceKey,
    /// The real server, if the change was about one.
    pub(crate) server: Option<DestinationKey>,
}

/// What was done to the service or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Add,
    Edit,
    Delete,
}

impl Changed {
    fn service(action: Action, service: ServiceKey) -> Self {
        Self { action, service, server: None }
    }

    fn server(action: Action, service: ServiceKey, server: DestinationKey) -> Self {
        Self { action, service, server: Some(server) }
    }
}

pub(crate) fn run(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::AddService(args) => add_service::run(&args).map(Outcome::Changed),
        Command::EditService(args) => edit_service::run(&args).map(Outcome::Changed),
        Command::DeleteService(args) => delete_service::run(&args).map(Outcome::Changed),
        Command::AddServer(args) => add_server::run(&args).map(Outcome::Changed),
        Command::EditServer(args) => edit_server::run(&args).map(Outcome::Changed),
        Command::DeleteServer(args) => delete_server::run(&args).map(Outcome::Changed),
        Command::List(args) => list::run(&args).map(Outcome::Listed),
        Command::Clear(args) => clear::run(&args).map(Outcome::Changed),
        Command::Save(args) => save::run(args).map(Outcome::Saved),
        Command::Restore(args) => restore::run(&args).map(Outcome::Restored),
    }
}

/// `change`, if the options made sense and it is one the library would send.
/// Checked before connecting: bad input is to be called that where there is
/// no IPVS, too.
fn checked(change: Change, options: Result<(), Refusal>) -> Result<Change, Error> {
    match options.and_then(|()| change.check().map_err(Refusal::from)) {
        Ok(()) => Ok(change),
        Err(refusal) => Err(Error::refused(change, refusal)),
    }
}

fn apply(change: Change) -> Result<(), Error> {
    Ok(Client::connect()?.apply(change)?)
}
