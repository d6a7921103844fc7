// SPDX-License-Identifier: MIT OR Apache-2.0

//! What became of changes whose answers were lost.
//!
//! The kernel makes a change while `send` runs; only the answer can get lost
//! (`ENOBUFS`, a signal, the acknowledgement of a stopped sync daemon). So the
//! table itself says what was done, and a change that it does not show can be
//! sent again: its answer then tells why.

use std::collections::HashMap;

use super::Client;
use super::answer::MORE;
use super::exchange::{Form, unanswered};
use crate::error::{Error, ErrorKind};
use crate::model::{Change, Destination, DestinationKey, Service, ServiceKey, SyncRole};
use crate::operation::Operation;
use crate::trace::Event;
use crate::transport::Transport;

#[cfg(test)]
mod tests;

/// How often a question is asked again before its error is believed.
const ATTEMPTS: usize = 3;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Service(ServiceKey),
    Destination(ServiceKey, DestinationKey),
    /// Of one service, or of all.
    Counters(Option<ServiceKey>),
    Timeouts,
    Daemon(SyncRole),
    Everything,
}

impl Target {
    fn of(change: &Change) -> Self {
        match change {
            Change::AddService(service) | Change::SetService(service) => Self::Service(service.key),
            Change::RemoveService(key) => Self::Service(*key),
            Change::AddDestination { service, destination }
            | Change::SetDestination { service, destination } => {
                Self::Destination(*service, destination.key)
            }
            Change::RemoveDestination { service, destination } => {
                Self::Destination(*service, *destination)
            }
            Change::Flush => Self::Everything,
            Change::Zero(key) => Self::Counters(*key),
            Change::SetTimeouts(_) => Self::Timeouts,
            Change::StartDaemon(daemon) => Self::Daemon(daemon.role),
            Change::StopDaemon(role) => Self::Daemon(*role),
        }
    }
}

/// Whether the table, after `later`, does not tell any more what `earlier` did to
/// it: then `earlier` must not be made again either, since that would undo `later`
/// or meet another table than it met the first time.
pub(super) fn hides(later: &Change, earlier: &Change) -> bool {
    use Target as T;
    match (Target::of(later), Target::of(earlier)) {
        // No table shows it, and it can always be made again.
        (T::Counters(_), T::Counters(_)) => false,
        (T::Everything, T::Service(_) | T::Destination(..) | T::Counters(Some(_))) => true,
        (T::Service(_) | T::Destination(..), T::Everything) => true,
        // An edit of a service leaves its servers alone.
        (T::Service(later_key), T::Destination(key, _) | T::Counters(Some(key))) => {
            later_key == key && !matches!(later, Change::SetService(_))
        }
        (later, earlier) => later == earlier,
    }
}

/// The objects read back so far.
#[derive(Default)]
pub(super) struct Seen {
    services: HashMap<ServiceKey, Option<Service>>,
    destinations: HashMap<ServiceKey, HashMap<DestinationKey, Destination>>,
}

impl<T: Transport> Client<T> {
    /// Makes a change. If its answer gets lost, the table tells what became of it.
    pub(crate) fn change(&mut self, change: Change) -> Result<(), Error> {
        let operation = Operation::Change(change);
        match (self.ask(&operation, Form::Single, &mut |_, _| MORE), operation) {
            (Err(error), Operation::Change(change)) if error.in_doubt() => {
                self.observer.show(&Event::ReadBack(&error));
                match self.settle(&change, &mut Seen::default()) {
                    // The change is what its maker wants to hear of.
                    Err(again) if again.in_doubt() => Err(error),
                    outcome => outcome,
                }
            }
            (outcome, _) => outcome.map(drop),
        }
    }

    /// Sees to it that `change` is made, or finds out why it cannot be.
    pub(super) fn settle(&mut self, change: &Change, seen: &mut Seen) -> Result<(), Error> {
        if self.is_made(change, seen)? {
            return Ok(());
        }
        // Not done, or undone by another writer: either way this one answers.
        let operation = Operation::Change(change.clone());
        let outcome = self.ask(&operation, Form::Single, &mut |_, _| MORE);
        match outcome {
            Err(error) if error.in_doubt() => {
                self.observer.show(&Event::ReadBack(&error));
                if self.is_made(change, &mut Seen::default())? { Ok(()) } else { Err(error) }
            }
            outcome => outcome.map(drop),
        }
    }

    /// Whether the table is as `change` would leave it. That it cannot be read,
    /// whyever, is no verdict on the change.
    pub(super) fn is_made(&mut self, change: &Change, seen: &mut Seen) -> Result<bool, Error> {
        // What became of a change must be known, however long it takes.
        let deadline = self.deadline.take();
        let shown = self.again(|client| client.shows(change, seen));
        self.deadline = deadline;
        let made = shown.map_err(|_| unanswered(&Operation::Change(change.clone())))?;
        // Counters do not tell.
        if !matches!(change, Change::Zero(_)) {
            self.observer.show(&Event::Shown { change, made });
        }
        Ok(made)
    }

    /// The same, asked once. Counters never tell.
    fn shows(&mut self, change: &Change, seen: &mut Seen) -> Result<bool, Error> {
        Ok(match change {
            Change::AddService(service) | Change::SetService(service) => {
                self.seen_service(&service.key, seen)?.as_ref() == Some(service)
            }
            Change::RemoveService(key) => self.seen_service(key, seen)?.is_none(),
            Change::AddDestination { service, destination }
            | Change::SetDestination { service, destination } => {
                let there = self.seen_destinations(service, seen)?;
                there.get(&destination.key) == Some(destination)
            }
            Change::RemoveDestination { service, destination } => {
                !self.seen_destinations(service, seen)?.contains_key(destination)
            }
            Change::Flush => self.services()?.is_empty(),
            Change::Zero(_) => false,
            Change::SetTimeouts(wanted) => !wanted.differs_from(&self.timeouts()?),
            Change::StartDaemon(daemon) => self.daemons()?.iter().any(|now| now.is(daemon)),
            Change::StopDaemon(role) => self.daemons()?.iter().all(|now| now.role != *role),
        })
    }

    fn seen_service<'s>(
        &mut self,
        key: &ServiceKey,
        seen: &'s mut Seen,
    ) -> Result<&'s Option<Service>, Error> {
        if !seen.services.contains_key(key) {
            let service = self.service(key)?.map(|entry| entry.service);
            seen.services.insert(*key, service);
        }
        Ok(&seen.services[key])
    }

    /// The servers of a service; none of a service that is not there.
    fn seen_destinations<'s>(
        &mut self,
        service: &ServiceKey,
        seen: &'s mut Seen,
    ) -> Result<&'s HashMap<DestinationKey, Destination>, Error> {
        if !seen.destinations.contains_key(service) {
            let there = match self.destinations(service) {
                Err(error) if error.kind() == ErrorKind::ServiceMissing => Vec::new(),
                outcome => outcome?,
            };
            let there = there.into_iter().map(|entry| (entry.destination.key, entry.destination));
            seen.destinations.insert(*service, there.collect());
        }
        Ok(&seen.destinations[service])
    }

    /// Asks again if the answer is lost: asking changes nothing.
    pub(super) fn again<R>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut attempts = 1;
        loop {
            match ask(self) {
                Err(error) if error.in_doubt() && attempts < ATTEMPTS => {
                    self.observer.show(&Event::AskedAgain(&error));
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }
}
