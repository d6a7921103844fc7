// SPDX-License-Identifier: MIT OR Apache-2.0

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{Destination, DestinationKey, Service, ServiceKey};

use super::order;
use super::policy::Policy;
use super::step::Step;
use super::view::{Found, View};
use crate::desired::{Desired, DesiredServer, DesiredService};
use crate::observed::Observed;

/// Lists the steps from what is to what should be, in the order in which they are safe.
///
/// At every step, a service that is there before and after has at least as many
/// servers that take connections as before or as after, whichever is less:
/// servers come before others go, weights rise before others sink. To put servers
/// in order ([`Policy::reorder`]), one at a time is missing for as long as the
/// kernel takes from one message to the next.
///
/// Only [`plan()`](crate::plan()) makes one that has steps, so that none is in another order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// Returns the steps, sorted by [`Phase`](super::Phase).
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the steps and gives up the plan.
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Says whether all is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Compares what is wanted with what is there, and plans.
///
/// What is right already gets no step: to the kernel an edit that changes nothing is work all
/// the same, and for `mh` and `sh` a rebuilt table. What is outside the
/// [scope](Desired::scope) of what is wanted is in no step.
pub fn plan(desired: &Desired, observed: &Observed, policy: Policy) -> Plan {
    compare(desired, &View::of(observed, desired.scope()), policy)
}

pub(crate) fn compare(desired: &Desired, there: &View<'_>, policy: Policy) -> Plan {
    let found = by_key(there);
    // Steps are large: what is all new makes as many as it has objects, at once.
    let new = desired.services().iter().filter(|it| !found.contains_key(&it.service.key));
    let mut steps = Vec::with_capacity(new.map(|it| 1 + it.servers.len()).sum());
    for wanted in desired.services() {
        match found.get(&wanted.service.key) {
            None => add_service(wanted, &mut steps),
            Some(found) => change_service(wanted, found, policy, &mut steps),
        }
    }
    if policy.deletes() {
        let wanted: HashSet<_> = desired.services().iter().map(|it| it.service.key).collect();
        let gone = there.services.iter().filter(|it| !wanted.contains(&it.service.key));
        gone.for_each(|entry| delete_service(entry, &mut steps));
    }
    timeouts(desired, there, &mut steps);
    sysctls(desired, there, &mut steps);
    daemons(desired, there, policy, &mut steps);
    // Stable: within a phase the order is that of the file.
    steps.sort_by_key(Step::phase);
    Plan { steps }
}

/// Returns the services that are there and need no step, and have no servers but those that are
/// wanted.
pub(crate) fn as_wanted(
    desired: &Desired,
    there: &View<'_>,
    policy: Policy,
) -> HashSet<ServiceKey> {
    let found = by_key(there);
    let mut steps = Vec::new();
    let is_as_wanted = |wanted: &&DesiredService| {
        let Some(found) = found.get(&wanted.service.key) else { return false };
        let shown = found.servers.as_ref().map(|servers| servers.len());
        change_service(wanted, found, policy, &mut steps);
        let needs_none = steps.is_empty();
        steps.clear();
        needs_none && !found.is_shared && shown.is_none_or(|shown| shown == wanted.servers.len())
    };
    desired.services().iter().filter(is_as_wanted).map(|it| it.service.key).collect()
}

fn by_key<'a>(there: &'a View<'a>) -> HashMap<ServiceKey, &'a Found<'a>> {
    there.services.iter().map(|found| (found.service.key, found)).collect()
}

/// Returns the services whose servers stand in another order than wanted, which matters to
/// the schedulers that hash by it. Only a plan with [`Policy::reorder`] changes
/// that: servers have to go and come again.
#[must_use]
pub fn reordered(desired: &Desired, observed: &Observed) -> Vec<ServiceKey> {
    reordered_in(desired, &View::of(observed, desired.scope()))
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
        let servers = found.get(&wanted.service.key).and_then(|it| it.servers.as_deref());
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

/// The servers of others would go with the service.
fn delete_service(found: &Found<'_>, steps: &mut Vec<Step>) {
    let servers = found.servers.as_deref().unwrap_or_default();
    if found.is_shared {
        let service = found.service.key;
        steps.extend(servers.iter().map(|it| Step::DeleteServer { service, before: *it }));
    } else {
        let servers = servers.len();
        steps.push(Step::DeleteService { before: found.service.clone(), servers });
    }
}

fn change_service(
    wanted: &DesiredService,
    found: &Found<'_>,
    policy: Policy,
    steps: &mut Vec<Step>,
) {
    let after = settled(wanted, found.service);
    let service = after.key;
    if after != *found.service {
        steps.push(Step::EditService { before: found.service.clone().into(), after });
    }
    // Who is not asked for is right.
    let found = found.servers.as_deref().filter(|found| !are_settled(wanted, found));
    let Some(found) = found else { return };
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
    if policy.deletes() {
        let wanted: HashSet<_> = wanted.servers.iter().map(|it| it.server.key).collect();
        let gone = found.iter().filter(|server| !wanted.contains(&server.key));
        steps.extend(gone.map(|before| Step::DeleteServer { service, before: *before }));
    }
    if policy.reorders() && order::matters(&wanted.service.scheduler) {
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

fn sysctls(desired: &Desired, there: &View<'_>, steps: &mut Vec<Step>) {
    for wanted in desired.sysctls() {
        let found = there.sysctls.iter().find(|it| it.name == wanted.name().as_str());
        let before = found.and_then(|it| it.value.clone());
        if !before.as_deref().is_some_and(|before| wanted.is(before)) {
            steps.push(Step::SetSysctl { before, after: wanted.clone() });
        }
    }
}

fn daemons(desired: &Desired, there: &View<'_>, policy: Policy, steps: &mut Vec<Step>) {
    let Some(wanted) = desired.daemons() else { return };
    if policy.deletes() {
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
