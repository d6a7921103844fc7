// SPDX-License-Identifier: MIT OR Apache-2.0

//! Drains servers and brings them back: `drain`, `undrain`, `slow-start`. What is decided is
//! decided by `ipvs_cluster::drain`; here it is remembered, made and looked at. The lock of the
//! table is held for each change, from before the look at what it changes, and never while
//! something is waited for.

mod back;
mod begin;
mod list;
mod rise;
mod see;
mod watch;

use std::time::Duration;

use ipvs_cluster::drain::{Drain, Drains, Ended, Rise, Waits};
use ipvs_netlink::{
    Change, Client, Connections, Destination, DestinationEntry, DestinationKey, ServiceKey, Weight,
    unchecked,
};
use nix::time::ClockId;

use super::{Action, Changed, Director};
use crate::error::Error;
use crate::kept::KnownDrains;

pub(crate) use back::undrain;
pub(crate) use begin::drain;
pub(crate) use list::list;
pub(crate) use rise::slow_start;
pub(crate) use watch::Watch;

/// Holds servers that are drained or brought back, and what became of each.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    pub(crate) verb: Verb,
    pub(crate) items: Vec<Item>,
    pub(crate) warnings: Vec<String>,
    /// What could not be changed, and why.
    pub(crate) failed: Vec<Error>,
    pub(crate) is_dry_run: bool,
}

/// Names what is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verb {
    #[default]
    Drain,
    Undrain,
    SlowStart,
    List,
}

/// Is one server of one service.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) service: ServiceKey,
    pub(crate) server: DestinationKey,
    pub(crate) work: Work,
    pub(crate) state: State,
    /// As it was last; `None` if it is not there.
    pub(crate) seen: Option<Seen>,
    /// When that was, by the clock of drains.
    pub(crate) at: Duration,
    /// Whether it was begun before this command.
    pub(crate) is_resumed: bool,
}

/// Says what is done with a server.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Drain { drain: Drain, waits: Waits },
    Rise(Rise),
}

/// Holds what is of interest of a server that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) weight: Weight,
    pub(crate) connections: Connections,
}

/// Says how far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Draining,
    /// Nothing is left, and it is kept.
    Drained,
    /// So much was left at the deadline, and it is kept.
    Late(u64),
    /// It was deleted, with so much left.
    Removed(u64),
    Rising,
    Risen,
    /// It has its weight back.
    Restored,
    /// It had weight 0 before it was drained, too, or is not drained at all.
    Unchanged,
    /// Somebody else deleted it.
    Gone,
    /// Somebody else gave it this weight.
    Reweighted(Weight),
    /// Another command ended the drain.
    Cancelled,
    /// It could not be changed: [`Drained::failed`] says why.
    Failed,
}

impl State {
    /// Returns whether nothing more is done.
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Draining | Self::Rising)
    }

    /// Returns whether it is not what was asked for.
    pub(crate) fn fell_short(self) -> bool {
        matches!(
            self,
            Self::Late(_) | Self::Gone | Self::Reweighted(_) | Self::Cancelled | Self::Failed
        )
    }
}

impl From<Ended> for State {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Gone => Self::Gone,
            Ended::Reweighted(weight) => Self::Reweighted(weight),
        }
    }
}

impl From<&DestinationEntry> for Seen {
    fn from(entry: &DestinationEntry) -> Self {
        Self { weight: entry.destination.weight, connections: entry.connections }
    }
}

impl Item {
    fn new(work: Work, state: State, seen: Option<&DestinationEntry>) -> Self {
        let (service, server) = match &work {
            Work::Drain { drain, .. } => (drain.service, drain.server),
            Work::Rise(rise) => (rise.service, rise.server),
        };
        let (seen, at) = (seen.map(Seen::from), now());
        Self { service, server, work, state, seen, at, is_resumed: false }
    }

    /// Returns how much of what a drain waits for is left.
    pub(crate) fn left(&self) -> u64 {
        match (&self.work, self.seen) {
            (Work::Drain { waits, .. }, Some(seen)) => waits.left(seen.connections),
            _ => 0,
        }
    }

    /// Returns how long it still lasts at most.
    pub(crate) fn remaining(&self) -> Duration {
        match &self.work {
            Work::Drain { drain, .. } => drain.remaining(self.at),
            Work::Rise(rise) => (rise.began + rise.ramp.over()).saturating_sub(self.at),
        }
    }
}

impl Drained {
    fn new(verb: Verb, director: &Director) -> Self {
        Self { verb, is_dry_run: director.dry_run, ..Self::default() }
    }

    /// Returns whether there is nothing to wait for.
    pub(crate) fn is_over(&self) -> bool {
        self.is_dry_run || self.items.iter().all(|item| item.state.is_over())
    }

    /// Returns whether it is not what was asked for.
    pub(crate) fn fell_short(&self) -> bool {
        self.items.iter().any(|item| item.state.fell_short())
    }

    fn warn(&mut self, warning: impl ToString) {
        let warning = warning.to_string();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Tells what is worth knowing of what was remembered.
    fn tell_of(&mut self, known: &KnownDrains) {
        if let Some(notice) = &known.notice {
            self.warn(notice);
        }
        for Drain { service, server, weight, .. } in known.stale.drains() {
            self.warn(format_args!(
                "the drain of {server} of {service} ended with the last boot; its weight was {weight}"
            ));
        }
        for Rise { service, server, ramp, .. } in known.stale.rises() {
            let to = ramp.to();
            self.warn(format_args!(
                "the slow start of {server} of {service} ended with the last boot; its weight was \
                 to be {to}"
            ));
        }
    }

    /// Notes that a server could not be changed.
    fn fail(&mut self, place: usize, error: Error) {
        self.items[place].state = State::Failed;
        self.failed.push(error);
    }
}

/// Tells the time by the clock of [`Drain`].
fn now() -> Duration {
    // It fails for clocks that the kernel does not have only.
    ClockId::CLOCK_BOOTTIME.now().map(Duration::from).unwrap_or_default()
}

/// Sets a server that is there, whatever else another tool has made of it.
fn set(
    director: &Director,
    client: &mut Client,
    service: ServiceKey,
    before: Destination,
    weight: Weight,
) -> Result<(), Error> {
    let destination = before.with_weight(weight);
    unchecked::apply(client, Change::SetDestination { service, destination })?;
    let changed = Changed::server(Action::Edit, service, before.key);
    director.record([&changed.between(Some(before), Some(destination))]);
    Ok(())
}

/// Returns what is under way and still as it was remembered, for a command that changes many
/// objects and is to undo none of it: `under_way(director)?.applied_to(desired)`. What somebody
/// else has ended is none of it. The kernel is asked only if something is remembered.
pub(crate) fn under_way(director: &Director) -> Result<Drains, Error> {
    let mut drains = director.kept()?.drains().map_err(Error::Unread)?.drains;
    if drains.is_empty() {
        return Ok(drains);
    }
    let mut client = director.connect()?;
    let mut over = Vec::new();
    for drain in drains.drains() {
        let seen = see::server(&mut client, &drain.service, &drain.server)?;
        if seen.is_none_or(|it| it.destination.weight != Weight::ZERO) {
            over.push((drain.service, drain.server));
        }
    }
    for rise in drains.rises() {
        let seen = see::server(&mut client, &rise.service, &rise.server)?;
        let weight = seen.map(|it| it.destination.weight);
        if weight != Some(rise.weight) && weight != Some(rise.before) {
            over.push((rise.service, rise.server));
        }
    }
    for (service, server) in over {
        drains.end(&service, &server);
    }
    Ok(drains)
}
