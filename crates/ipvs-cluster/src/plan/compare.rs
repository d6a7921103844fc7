// SPDX-License-Identifier: MIT OR Apache-2.0

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{Destination, DestinationKey, Service, ServiceKey};

use super::order;
use super::step::Step;
use super::view::{Found, View};
use crate::desired::{Desired, DesiredServer, DesiredService};
use crate::observed::Observed;

/// Says what a plan may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether services, servers and daemons that are not wanted go. If not,
    /// the wanted ones are added to what is there.
    pub delete: bool,
    /// Whether servers that stand in another order than wanted are taken away and
    /// added again, where the scheduler hashes by it. Only together with `delete`:
    /// among servers that are not wanted there is no order.
    pub reorder: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { delete: true, reorder: false }
    }
}

/// Lists the steps from what is to what should be, in the order in which they are safe.
///
/// At every step, a service that is there before and after has at least as many
/// servers that take connections as before or as after, whichever is less:
/// servers come before others go, weights rise before others sink. To put servers
/// in order ([`Policy::reorder`]), one at a time is missing for as long as the
/// kernel takes from one message to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, sorted by [`Phase`](super::Phase).
    pub steps: Vec<Step>,
}

impl Plan {
    /// Says whether all is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Compares what is wanted with what is there, and plans.
///
/// What is right already gets no step: to the kernel an edit that changes nothing is work all
/// the same, and for `mh` and `sh` a rebuilt table.
pub fn plan(desired: &Desired, observed: &Observed, policy: Policy) -> Plan {
    compare(desired, &View::from(observed), policy)
}

pub(crate) fn compare(desired: &Desired, there: &View<'_>, policy: Policy) -> Plan {
    let found = by_key(there);
    // Steps are large: what is all new makes as many as it has objects, at once.
    let new = desired.services().iter().filter(|it| !found.contains_key(&it.service.key));
    let mut steps = Vec::with_capacity(new.map(|it| 1 + it.servers.len()).sum());
    for wanted in desired.services() {
        match found.get(&wanted.service.key) {
            None => add_service(wanted, &mut steps),
            Some(found) => change_service(wanted, *found, policy, &mut steps),
        }
    }
    if policy.delete {
        let wanted: HashSet<_> = desired.services().iter().map(|it| it.service.key).collect();
        let gone = there.services.iter().filter(|it| !wanted.contains(&it.service.key));
        steps.extend(gone.map(|entry| Step::DeleteService {
            before: entry.service.clone(),
            servers: entry.servers.map_or(0, <[_]>::len),
        }));
    }
    timeouts(desired, there, &mut steps);
    daemons(desired, there, policy, &mut steps);
    // Stable: within a phase the order is that of the file.
    steps.sort_by_key(Step::phase);
    Plan { steps }
}

fn by_key<'a>(there: &View<'a>) -> HashMap<ServiceKey, Found<'a>> {
    there.services.iter().map(|found| (found.service.key, *found)).collect()
}

/// Returns the services whose servers stand in another order than wanted, which matters to
/// the schedulers that hash by it. Only a plan with [`Policy::reorder`] changes
/// that: servers have to go and come again.
pub fn reordered(desired: &Desired, observed: &Observed) -> Vec<ServiceKey> {
    reordered_in(desired, &View::from(observed))
}

pub(crate) fn reordered_in(desired: &Desired, there: &View<'_>) -> Vec<ServiceKey> {
    let matters = |wanted: &&DesiredService| order::matters(&wanted.service.scheduler);
    // Mostly none does, and nothing has to be looked up.
    let mut wanted = desired.services().iter().filter(matters).peekable();
    if wanted.peek().is_none() {
        return Vec::new();
    }
    let found = by_key(there);
    let differs = |wanted: &&DesiredService| {
        let servers = found.get(&wanted.service.key).and_then(|found| found.servers);
        servers.is_some_and(|servers| !order::out_of_place(wanted, servers).is_empty())
    };
    wanted.filter(differs).map(|wanted| wanted.service.key).collect()
}

fn add_service(wanted: &DesiredService, steps: &mut Vec<Step>) {
    let service = wanted.service.key;
    steps.push(Step::AddService(wanted.service.clone()));
    steps.extend(wanted.servers.iter().map(|it| Step::AddServer {
        service,
        server: it.server,
        of_new_service: true,
    }));
}

fn change_service(
    wanted: &DesiredService,
    found: Found<'_>,
    policy: Policy,
    steps: &mut Vec<Step>,
) {
    let after = settled(wanted, found.service);
    let service = after.key;
    if after != *found.service {
        steps.push(Step::EditService { before: found.service.clone().into(), after });
    }
    // Who is not asked for is right.
    let Some(found) = found.servers.filter(|found| !are_settled(wanted, found)) else { return };
    let there: HashMap<DestinationKey, &Destination> =
        found.iter().map(|server| (server.key, server)).collect();
    for wanted in &wanted.servers {
        match there.get(&wanted.server.key) {
            None => {
                let server = wanted.server;
                steps.push(Step::AddServer { service, server, of_new_service: false });
            }
            Some(before) => {
                let after = settled_server(wanted, before);
                if after != **before {
                    steps.push(Step::EditServer { service, before: **before, after });
                }
            }
        }
    }
    if policy.delete {
        let wanted: HashSet<_> = wanted.servers.iter().map(|it| it.server.key).collect();
        let gone = found.iter().filter(|server| !wanted.contains(&server.key));
        steps.extend(gone.map(|before| Step::DeleteServer { service, before: *before }));
    }
    if policy.delete && policy.reorder && order::matters(&wanted.service.scheduler) {
        for wanted in order::out_of_place(wanted, found) {
            let before = there.get(&wanted.server.key);
            let server = before.map_or(wanted.server, |before| settled_server(wanted, before));
            steps.push(Step::LiftServer { service, server });
            steps.push(Step::PutServer { service, server });
        }
    }
}

/// What `wanted` means for a service that is there.
fn settled(wanted: &DesiredService, found: &Service) -> Service {
    let service = wanted.service.clone();
    if wanted.leaves_unknown_flags {
        service.with_unknown_flags(found.unknown_flags())
    } else {
        service
    }
}

/// Whether the servers are all what they should be, in that order: mostly so, and
/// seen without looking any of them up.
fn are_settled(wanted: &DesiredService, found: &[Destination]) -> bool {
    wanted.servers.len() == found.len()
        && wanted.servers.iter().zip(found).all(|(wanted, found)| {
            wanted.server.key == found.key && settled_server(wanted, found) == *found
        })
}

fn settled_server(wanted: &DesiredServer, found: &Destination) -> Destination {
    let mut server = wanted.server;
    if wanted.leaves_thresholds {
        server.thresholds = found.thresholds;
    }
    server
}

fn timeouts(desired: &Desired, there: &View<'_>, steps: &mut Vec<Step>) {
    let Some(after) = desired.timeouts() else { return };
    if after.differs_from(&there.timeouts) {
        steps.push(Step::SetTimeouts { before: there.timeouts, after });
    }
}

fn daemons(desired: &Desired, there: &View<'_>, policy: Policy, steps: &mut Vec<Step>) {
    let Some(wanted) = desired.daemons() else { return };
    if policy.delete {
        let gone = there.daemons.iter().filter(|it| wanted.iter().all(|w| w.role != it.role));
        steps.extend(
            gone.map(|before| Step::StopDaemon { before: before.clone(), restarts: false }),
        );
    }
    for after in wanted {
        let before = there.daemons.iter().find(|running| running.role == after.role);
        if before.is_some_and(|running| running.is(after)) {
            continue;
        }
        // A daemon's settings cannot change while it runs.
        steps.extend(
            before.map(|before| Step::StopDaemon { before: before.clone(), restarts: true }),
        );
        steps.push(Step::StartDaemon(after.clone()));
    }
}
