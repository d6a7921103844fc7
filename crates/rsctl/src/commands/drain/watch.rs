// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_cluster::drain::{Climb, Drain, Ended, Next, Rise, Then};
use ipvs_netlink::{Change, Client, Destination, DestinationEntry, ErrorKind, unchecked};
use lvs_host::state::Version;

use super::super::{Action, Changed, Director};
use super::{Drained, Item, Seen, State, Work, now, see, set};
use crate::error::Error;
use crate::kept::Kept;

/// Between two looks: others may do something at any time.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at servers that are drained or brought back, and does what is due.
#[derive(Debug)]
pub(crate) struct Watch {
    client: Client,
    kept: Kept,
    /// Of the file, as it was read last.
    version: Version,
}

impl Watch {
    pub(crate) fn begin(director: &Director) -> Result<Self, Error> {
        Ok(Self { client: director.connect()?, kept: director.kept()?.clone(), version: None })
    }

    /// Looks once, and does what is due.
    ///
    /// # Errors
    /// The table or the file cannot be read, or another `rsctl` has the lock for too long. What is
    /// drained stays so, and remembered.
    pub(crate) fn look(&mut self, director: &Director, drained: &mut Drained) -> Result<(), Error> {
        let version = self.kept.drains_version();
        if version != self.version || version.is_none() {
            let known = self.kept.drains().map_err(Error::Unread)?.drains;
            self.version = version;
            for item in drained.items.iter_mut().filter(|item| !item.state.is_over()) {
                let (service, server) = (&item.service, &item.server);
                let is_known = match &mut item.work {
                    // Another command may have given it more time.
                    Work::Drain { drain, .. } => {
                        known.drain(service, server).map(|it| *drain = it.clone()).is_some()
                    }
                    Work::Rise(rise) => {
                        known.rise(service, server).map(|it| *rise = it.clone()).is_some()
                    }
                };
                if !is_known {
                    item.see(see::server(&mut self.client, service, server)?.as_ref());
                    item.state = item.ended_by_another();
                }
            }
        }
        let mut is_due = false;
        for item in drained.items.iter_mut().filter(|item| !item.state.is_over()) {
            let seen = see::server(&mut self.client, &item.service, &item.server)?;
            item.see(seen.as_ref());
            is_due |= match &item.work {
                Work::Drain { drain, waits } => match drain.next(seen.as_ref(), *waits, item.at) {
                    Next::Wait(_) => false,
                    // The record stays, as the server does.
                    Next::Finish if drain.then == Then::Keep => {
                        item.state = State::Drained;
                        false
                    }
                    Next::TooLate(left) if drain.then == Then::Keep => {
                        item.state = State::Late(left);
                        false
                    }
                    Next::Finish | Next::TooLate(_) | Next::Over(_) => true,
                },
                Work::Rise(rise) => {
                    !matches!(rise.next(seen.map(|it| it.destination), item.at), Climb::Wait(_))
                }
            };
        }
        if is_due { self.act(director, drained) } else { Ok(()) }
    }

    /// Returns how long to wait until the next look.
    pub(crate) fn pause(drained: &Drained) -> Duration {
        let open = drained.items.iter().filter(|item| !item.state.is_over());
        let due = open.map(|item| match &item.work {
            Work::Drain { drain, .. } => drain.remaining(now()),
            Work::Rise(rise) => {
                let since = now().saturating_sub(rise.began);
                rise.ramp.next_step(since).unwrap_or_default().saturating_sub(since)
            }
        });
        // Not a turn of the loop after the other, where something is due that is not done.
        due.min().unwrap_or(PAUSE).clamp(Duration::from_millis(20), PAUSE)
    }

    /// Does what is due, under the lock: decided once more, by what is there and remembered now.
    fn act(&mut self, director: &Director, drained: &mut Drained) -> Result<(), Error> {
        let _lock = director.lock()?;
        let mut known = self.kept.drains().map_err(Error::Unread)?.drains;
        let before = known.clone();
        let mut steps = Vec::new();
        for place in 0..drained.items.len() {
            let item = &mut drained.items[place];
            if item.state.is_over() {
                continue;
            }
            let (service, server) = (item.service, item.server);
            let seen = see::server(&mut self.client, &service, &server)?;
            item.see(seen.as_ref());
            match &mut item.work {
                Work::Drain { drain, waits } => {
                    let Some(now_known) = known.drain(&service, &server) else {
                        item.state = item.ended_by_another();
                        continue;
                    };
                    *drain = now_known.clone();
                    let next = drain.next(seen.as_ref(), *waits, item.at);
                    let left = match next {
                        Next::Wait(_) => continue,
                        Next::Finish => 0,
                        Next::TooLate(left) => left,
                        Next::Over(ended) => {
                            item.state = ended_of(drain, ended);
                            known.end(&service, &server);
                            continue;
                        }
                    };
                    if drain.then == Then::Keep {
                        item.state = if left == 0 { State::Drained } else { State::Late(left) };
                        continue;
                    }
                    match remove(director, &mut self.client, item, seen.map(|it| it.destination)) {
                        Ok(()) => {
                            item.state = State::Removed(left);
                            known.end(&service, &server);
                        }
                        Err(error) => drained.fail(place, error),
                    }
                }
                Work::Rise(rise) => {
                    let Some(now_known) = known.rise(&service, &server) else {
                        item.state = item.ended_by_another();
                        continue;
                    };
                    *rise = now_known.clone();
                    match rise.next(seen.map(|it| it.destination), item.at) {
                        Climb::Wait(_) => {}
                        Climb::Done => {
                            item.state = State::Risen;
                            known.end(&service, &server);
                        }
                        Climb::Over(ended) => {
                            item.state = ended.into();
                            known.end(&service, &server);
                        }
                        Climb::Set(destination) => {
                            let weight = item.seen.map_or(rise.weight, |seen| seen.weight);
                            *rise = Rise::with_weight(rise.clone(), destination.weight, weight);
                            known.begin_rise(rise.clone());
                            steps.push((
                                place,
                                destination.with_weight(weight),
                                destination.weight,
                            ));
                        }
                    }
                }
            }
        }
        if known != before {
            self.kept.set_drains(&known).map_err(Error::Unremembered)?;
        }
        for (place, before, weight) in steps {
            let item = &mut drained.items[place];
            match set(director, &mut self.client, item.service, before, weight) {
                Ok(()) => {
                    if let Some(seen) = &mut item.seen {
                        seen.weight = weight;
                    }
                }
                Err(error) => drained.fail(place, error),
            }
        }
        self.version = self.kept.drains_version();
        Ok(())
    }
}

/// Deletes a server, unless somebody else just did.
fn remove(
    director: &Director,
    client: &mut Client,
    item: &Item,
    before: Option<Destination>,
) -> Result<(), Error> {
    let Item { service, server, .. } = *item;
    let change = Change::RemoveDestination { service, destination: server };
    match unchecked::apply(client, change) {
        Ok(()) => {
            let changed = Changed::server(Action::Delete, service, server);
            director.record([&changed.between(before, None::<Destination>)]);
            Ok(())
        }
        Err(error) => match error.kind() {
            ErrorKind::DestinationMissing | ErrorKind::ServiceMissing => Ok(()),
            _ => Err(error.into()),
        },
    }
}

/// Who deletes a server that was to be deleted has only been earlier.
fn ended_of(drain: &Drain, ended: Ended) -> State {
    match ended {
        Ended::Gone if drain.then == Then::Remove => State::Removed(0),
        ended => ended.into(),
    }
}

impl Item {
    /// Notes how the server looks now.
    pub(super) fn see(&mut self, entry: Option<&DestinationEntry>) {
        self.seen = entry.map(Seen::from);
        self.at = now();
    }

    /// Says how it ended, if it is not remembered any more.
    fn ended_by_another(&self) -> State {
        match (&self.work, self.seen) {
            (Work::Drain { drain, .. }, None) => ended_of(drain, Ended::Gone),
            (Work::Rise(_), None) => State::Gone,
            (Work::Rise(rise), Some(seen)) if seen.weight == rise.ramp.to() => State::Risen,
            _ => State::Cancelled,
        }
    }
}
