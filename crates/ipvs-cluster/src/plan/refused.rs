// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what a plan would set although the kernel misreads or ignores it. What is there already,
//! by whatever tool, may stay, and stands in no other change's way.

use std::fmt;

use foldhash::HashSet;
use ipvs_netlink::{DestinationKey, Scheduler, ServiceKey};

use super::compare::Plan;
use super::policy::Policy;
use super::step::{Action, Step};
use crate::desired::Desired;
use crate::observed::{Observed, ObservedService};
use crate::sound::{self, MH_SLOTS, Unsound};
use crate::subject::Subject;

#[cfg(test)]
mod tests;

/// Says what is wrong with an object that a plan would bring in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flaw {
    /// The object.
    pub subject: Subject,
    /// What is wrong with it.
    pub why: Unsound,
}

impl Flaw {
    /// Returns what is wrong with that object.
    pub fn new(subject: Subject, why: Unsound) -> Self {
        Self { subject, why }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.why)
    }
}

/// Returns what the steps of `plan` would bring into the kernel that it would take, or
/// perhaps take, and not act on as it says.
///
/// `plan` has to be made of `desired`, whose objects were judged when they were built: what it
/// adds is not judged again. Ask this before [`apply`](crate::apply()), which itself refuses only
/// what [`Change::check`](ipvs_netlink::Change::check) knows;
/// [`apply_as_is`](crate::apply_as_is()) sends everything.
#[must_use]
pub fn refused(plan: &Plan, desired: &Desired, observed: &Observed, policy: Policy) -> Vec<Flaw> {
    refused_with(plan, desired, observed, policy, MH_SLOTS)
}

/// Does what [`refused`] does, where the table of `mh` has so many slots.
pub(crate) fn refused_with(
    plan: &Plan,
    desired: &Desired,
    observed: &Observed,
    policy: Policy,
    mh_slots: usize,
) -> Vec<Flaw> {
    let unsound: HashSet<Subject> = desired.unsound().iter().copied().collect();
    // What is new was judged when it was built.
    let is_sound = |step: &Step| {
        step.action() == Action::Add && (unsound.is_empty() || !unsound.contains(&step.subject()))
    };
    let flawed = |step: &Step| {
        if is_sound(step) {
            debug_assert_eq!(flaw(step), None, "{step:?}");
            return None;
        }
        flaw(step).map(|why| Flaw { subject: step.subject(), why })
    };
    let mut flaws: Vec<Flaw> = plan.steps.iter().filter_map(flawed).collect();
    flaws.extend(crowded(desired, observed, policy, mh_slots));
    flaws.extend(beside_daemons(plan, observed));
    flaws.extend(without_sysctls(plan, desired, observed));
    flaws
}

/// Returns what is wrong with what the step makes, and was not before.
pub(crate) fn flaw(step: &Step) -> Option<Unsound> {
    match step {
        Step::AddService(after) => sound::service(None, after),
        Step::EditService { before, after } => sound::service(Some(before), after),
        Step::AddServer { service, server: after, .. } => sound::server(service, None, after),
        Step::EditServer { service, before, after } => sound::server(service, Some(before), after),
        Step::SetTimeouts { before, after } => sound::timeouts(before, after),
        Step::StartDaemon(daemon) => sound::daemon(daemon),
        // What goes may be anything, and what comes again was there.
        _ => None,
    }
}

/// Services that are to have `mh`, or more servers with it, and more than fit.
fn crowded(
    desired: &Desired,
    observed: &Observed,
    policy: Policy,
    slots: usize,
) -> impl Iterator<Item = Flaw> {
    let wanted = desired.services().iter().filter(|it| it.service.scheduler == Scheduler::Mh);
    wanted.filter_map(move |wanted| {
        let key = wanted.service.key;
        let mut servers: HashSet<_> = wanted.servers.iter().map(|it| it.server.key).collect();
        let (deletes, scope) = (policy.deletes(), desired.scope().servers_of(&key));
        if servers.len() <= slots && deletes && scope.has_all() {
            return None;
        }
        let found = observed.services.iter().find(|found| found.service.key == key);
        let there: HashSet<_> = found.iter().flat_map(|it| &it.servers).map(|it| it.key).collect();
        let stays = |server: &&DestinationKey| !deletes || !scope.contains(server);
        servers.extend(there.iter().filter(stays));
        let hashes = |found: &ObservedService| found.service.scheduler == Scheduler::Mh;
        let grows = !found.is_some_and(hashes) || servers.iter().any(|it| !there.contains(it));
        let why = grows.then(|| sound::crowd(&wanted.service, servers.len(), slots)).flatten()?;
        Some(Flaw { subject: Subject::Service(key), why })
    })
}

/// Servers of another address family than their service's that come beside a daemon that runs, or
/// a daemon that comes beside such servers, which others may have.
fn beside_daemons(plan: &Plan, observed: &Observed) -> Vec<Flaw> {
    let stops = |role| {
        let is_it = |step: &Step| match step {
            Step::StopDaemon { before, restarts: false } => before.role == role,
            _ => false,
        };
        plan.steps.iter().any(is_it)
    };
    let is_mixed =
        |service: &ServiceKey, server: &DestinationKey| service.family() != server.family();
    let flaw = |service: ServiceKey, server: DestinationKey| Flaw {
        subject: Subject::Server(service, server),
        why: Unsound::BesideDaemon { service, server },
    };
    let mut flaws = Vec::new();
    if observed.daemons.iter().any(|daemon| !stops(daemon.role)) {
        for step in &plan.steps {
            if let Step::AddServer { service, server, .. } = step {
                flaws.extend(is_mixed(service, &server.key).then(|| flaw(*service, server.key)));
            }
        }
    }
    let starts = plan.steps.iter().any(|step| matches!(step, Step::StartDaemon(_)));
    if starts && observed.daemons.is_empty() {
        let goes = plan.steps.iter().filter(|step| step.action() == Action::Delete);
        let goes: HashSet<Subject> = goes.map(Step::subject).collect();
        for entry in &observed.services {
            let service = entry.service.key;
            let mixed = entry.servers.iter().filter(|it| is_mixed(&service, &it.key));
            let stays = mixed.map(|it| Subject::Server(service, it.key)).filter(|server| {
                !goes.contains(server) && !goes.contains(&Subject::Service(service))
            });
            flaws.extend(stays.filter_map(|subject| match subject {
                Subject::Server(service, server) => Some(flaw(service, server)),
                _ => None,
            }));
        }
    }
    flaws
}

/// Settings that the kernel does not have, but for those of a scheduler that comes.
fn without_sysctls(plan: &Plan, desired: &Desired, observed: &Observed) -> Vec<Flaw> {
    let comes = |scheduler: &str| {
        desired.services().iter().any(|it| it.service.scheduler.name() == scheduler)
    };
    let missing = plan.steps.iter().filter_map(|step| match step {
        Step::SetSysctl { before: None, after } => Some(after.name()),
        _ => None,
    });
    let missing = missing.filter(|name| {
        let is_there = observed.sysctls.iter().any(|it| it.name == name.as_str());
        !is_there && !name.of_scheduler().is_some_and(comes)
    });
    let flaw = |name| Flaw { subject: Subject::Sysctl(name), why: Unsound::NoSysctl(name) };
    missing.map(flaw).collect()
}
