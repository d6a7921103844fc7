// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what a plan would do that the kernel takes, does as it says, and that turns clients away:
//! what nobody means who does not know it.

use std::fmt;

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{
    Destination, DestinationKey, Scheduler, SchedulerFlags, Service, ServiceKey, Weight,
};

use super::compare::Plan;
use super::step::Step;
use crate::observed::{Observed, ObservedService};

#[cfg(test)]
mod tests;

/// Says what a plan would do to clients. Its text names the effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trap {
    /// A service that takes connections gets another scheduler: in between the kernel has none for
    /// it, and refuses new connections (`ip_vs_edit_service` in `ip_vs_ctl.c`). A scheduler that
    /// hashes sends clients to other servers than the one before.
    #[non_exhaustive]
    Scheduler {
        /// The service.
        service: ServiceKey,
        /// What it has.
        before: Scheduler,
        /// What it is to have.
        after: Scheduler,
        /// How many servers take connections.
        servers: usize,
    },
    /// Servers with weight 0 keep their place in the table of a scheduler that hashes, and what
    /// hashes to them is refused: `sh` and `mh` without their fallback flag, `dh` always.
    #[non_exhaustive]
    HashDrain {
        /// The service.
        service: ServiceKey,
        /// What it hashes by.
        scheduler: Scheduler,
        /// The servers that are to have weight 0.
        servers: Vec<DestinationKey>,
        /// About how much of the new connections is refused, in percent.
        percent: u8,
    },
    /// A service that takes connections is left without a server that does.
    #[non_exhaustive]
    NoServers {
        /// The service.
        service: ServiceKey,
        /// How many servers took connections.
        before: usize,
    },
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheduler { service, before, after, servers } => write!(
                f,
                "{service} gets scheduler {after} instead of {before} while {}: new connections \
                 are refused until the kernel has put it in place",
                match servers {
                    1 => "a server takes connections".to_owned(),
                    _ => format!("{servers} servers take connections"),
                }
            ),
            Self::HashDrain { service, scheduler, servers, percent } => {
                let (first, more) = (servers.first(), servers.len().saturating_sub(1));
                write!(f, "{service}: with weight 0, ")?;
                first.map_or(Ok(()), |server| write!(f, "{server}"))?;
                if more > 0 {
                    write!(f, " and {more} more")?;
                }
                write!(
                    f,
                    " would still be chosen by {scheduler}, and about {percent} % of new \
                     connections refused"
                )?;
                match scheduler {
                    Scheduler::Dh => Ok(()),
                    _ => write!(f, ": the service has no {scheduler}-fallback"),
                }
            }
            Self::NoServers { service, before } => write!(
                f,
                "{service} would have no server that takes new connections, and has {before} now"
            ),
        }
    }
}

/// Returns what `plan` would do to clients of what was observed.
///
/// Nobody is asked about what is so already, nor about a service that goes.
#[must_use]
pub fn traps(plan: &Plan, observed: &Observed) -> Vec<Trap> {
    let suspects: HashSet<ServiceKey> =
        plan.steps().iter().filter(|step| is_suspect(step)).filter_map(Step::service).collect();
    if suspects.is_empty() {
        return Vec::new();
    }
    let mut steps: HashMap<ServiceKey, Vec<&Step>> = HashMap::default();
    for step in plan.steps() {
        if let Some(key) = step.service().filter(|key| suspects.contains(key)) {
            steps.entry(key).or_default().push(step);
        }
    }
    let mut found = Vec::new();
    let there = observed.services.iter().map(|entry| (entry.service.key, entry));
    let there: HashMap<_, _> = there.filter(|(key, _)| suspects.contains(key)).collect();
    // In the order of the plan, each once.
    for key in plan.steps().iter().filter_map(Step::service) {
        if let Some(steps) = steps.remove(&key) {
            let change = Change::of(there.get(&key).copied(), &steps);
            found.extend(change.into_iter().flat_map(|change| change.traps()));
        }
    }
    found
}

/// Whether a step can be part of a trap.
fn is_suspect(step: &Step) -> bool {
    match step {
        Step::EditService { before, after } => {
            before.scheduler != after.scheduler || before.scheduler_flags != after.scheduler_flags
        }
        Step::EditServer { before, after, .. } => {
            before.weight != Weight::ZERO && after.weight == Weight::ZERO
        }
        Step::AddServer { server, .. } => server.weight == Weight::ZERO,
        Step::DeleteServer { .. } => true,
        _ => false,
    }
}

/// What becomes of a service and its servers.
struct Change<'a> {
    before: Option<&'a ObservedService>,
    after: &'a Service,
    servers: Vec<Place<'a>>,
}

/// A server as it is going to be.
struct Place<'a> {
    before: Option<&'a Destination>,
    after: &'a Destination,
}

impl<'a> Change<'a> {
    /// Returns `None` of a service that goes.
    fn of(before: Option<&'a ObservedService>, steps: &[&'a Step]) -> Option<Self> {
        let mut after = before.map(|entry| &entry.service);
        let there = before.map_or(&[][..], |entry| &entry.servers).iter();
        let place = |server| Place { before: Some(server), after: server };
        let mut servers: Vec<Place<'a>> = there.map(place).collect();
        let places = servers.iter().map(|it| it.after.key).zip(0..);
        let places: HashMap<DestinationKey, usize> = places.collect();
        let mut gone = HashSet::default();
        for step in steps {
            match step {
                Step::DeleteService { .. } => return None,
                Step::AddService(service) | Step::EditService { after: service, .. } => {
                    after = Some(service);
                }
                Step::AddServer { server, .. } => {
                    servers.push(Place { before: None, after: server });
                }
                Step::EditServer { after, .. } => {
                    let place = places.get(&after.key).and_then(|place| servers.get_mut(*place));
                    if let Some(place) = place {
                        place.after = after;
                    }
                }
                Step::DeleteServer { before, .. } => {
                    gone.insert(before.key);
                }
                _ => {}
            }
        }
        servers.retain(|place| !gone.contains(&place.after.key));
        after.map(|after| Self { before, after, servers })
    }

    fn traps(&self) -> impl Iterator<Item = Trap> + use<> {
        [self.scheduler(), self.hash_drain(), self.no_servers()].into_iter().flatten()
    }

    /// How many servers take new connections now.
    fn takers(&self) -> usize {
        let servers = self.before.map_or(&[][..], |entry| &entry.servers);
        servers.iter().filter(|server| server.weight != Weight::ZERO).count()
    }

    fn scheduler(&self) -> Option<Trap> {
        let before = &self.before?.service.scheduler;
        let (after, servers) = (&self.after.scheduler, self.takers());
        // Without a scheduler nothing gets through before either.
        let changes = before != after && *before != Scheduler::None && servers > 0;
        changes.then(|| Trap::Scheduler {
            service: self.after.key,
            before: before.clone(),
            after: after.clone(),
            servers,
        })
    }

    fn hash_drain(&self) -> Option<Trap> {
        let service = self.after;
        let refuses = |place: &&Place<'_>| {
            place.slots(&service.scheduler) > 0 && place.after.weight == Weight::ZERO
        };
        if !refuses_drained(service) {
            return None;
        }
        // What was so is nobody's surprise.
        let did_before = |place: &Place<'_>| {
            let was = self.before.is_some_and(|entry| refuses_drained(&entry.service));
            was && place.before.is_some_and(|server| server.weight == Weight::ZERO)
        };
        let new = self.servers.iter().filter(refuses).filter(|place| !did_before(place));
        let new: Vec<&Place<'_>> = new.collect();
        let slots = |place: &Place<'_>| place.slots(&service.scheduler);
        let all: u64 = self.servers.iter().map(slots).sum();
        let refused: u64 = new.iter().map(|place| slots(place)).sum();
        // Something is more than nothing.
        let percent = (refused * 100 + all / 2).checked_div(all)?.clamp(1, 100);
        (!new.is_empty()).then(|| Trap::HashDrain {
            service: service.key,
            scheduler: service.scheduler.clone(),
            servers: new.iter().map(|place| place.after.key).collect(),
            percent: u8::try_from(percent).unwrap_or(100),
        })
    }

    fn no_servers(&self) -> Option<Trap> {
        let before = self.takers();
        let takes = |place: &Place<'_>| place.after.weight != Weight::ZERO;
        (before > 0 && !self.servers.iter().any(takes))
            .then_some(Trap::NoServers { service: self.after.key, before })
    }
}

/// Whether what hashes to a server with weight 0 is refused.
fn refuses_drained(service: &Service) -> bool {
    match service.scheduler {
        Scheduler::Dh => true,
        Scheduler::Sh | Scheduler::Mh => {
            !service.scheduler_flags.contains(SchedulerFlags::FALLBACK)
        }
        _ => false,
    }
}

impl Place<'_> {
    /// Returns how many places a server has in the scheduler's table, in proportion: `dh` gives
    /// each as many, `sh` as many as its weight and at least one, `mh` as many as the last weight
    /// that was not 0 (`ip_vs_dh.c`, `ip_vs_sh.c`, `ip_vs_mh.c`).
    fn slots(&self, scheduler: &Scheduler) -> u64 {
        let weight = u64::from(self.after.weight.get());
        match scheduler {
            Scheduler::Dh => 1,
            Scheduler::Mh => match self.before {
                // Which one it was before is not told: something.
                Some(before) if weight == 0 => u64::from(before.weight.get()).max(1),
                _ => weight,
            },
            _ => weight.max(1),
        }
    }
}
