// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a plan would set although the kernel misreads or ignores it. What is there
//! already, by whatever tool, may stay, and stands in no other change's way.

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{
    Change, Destination, Persistence, PersistenceTimeout, Scheduler, Service, ServiceKey,
    Thresholds,
};

use super::{Action, Plan, Policy, Step};
use crate::desired::{Desired, Subject};
use crate::file::Problem;
use crate::observed::{Observed, ObservedService};

#[cfg(test)]
mod tests;

/// Slots of the table of `mh` in a kernel that was not configured otherwise
/// (`CONFIG_IP_VS_MH_TAB_INDEX` 12, `ip_vs_mh.c: primes`). No kernel tells.
const MH_SLOTS: usize = 4093;

/// What the steps of `plan` would bring into the kernel that it would take, or
/// perhaps take, and not act on as it says; each with its line in the file of
/// `desired`.
///
/// To be asked before [`apply`](crate::apply()), which itself refuses only what
/// [`Change::check`] knows; [`apply_as_is`](crate::apply_as_is()) sends everything.
pub fn refused(
    plan: &Plan,
    desired: &Desired,
    observed: &Observed,
    policy: Policy,
) -> Vec<Problem> {
    let lines: HashMap<Subject, usize> =
        desired.doubts.iter().map(|doubt| (doubt.subject, doubt.line)).collect();
    let problem =
        |subject, message| Problem { line: lines.get(&subject).copied().unwrap_or(1), message };
    // What is new has the flaws that were found when the file was read.
    let is_sound = |step: &Step| {
        desired.is_judged
            && step.action() == Action::Add
            && (lines.is_empty() || !lines.contains_key(&step.subject()))
    };
    let flawed = |step: &Step| {
        let message = if is_sound(step) { None } else { flaw(step) }?;
        Some(problem(step.subject(), message))
    };
    let mut problems: Vec<Problem> = plan.steps.iter().filter_map(flawed).collect();
    problems.extend(
        crowded(desired, observed, policy)
            .map(|(key, message)| problem(Subject::Service(key), message)),
    );
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// What is wrong with what the step makes, and was not before.
pub(crate) fn flaw(step: &Step) -> Option<String> {
    match step {
        Step::AddService(after) => service(None, after),
        Step::EditService { before, after } => service(Some(before), after),
        Step::AddServer { service, server: after, .. } => server(service, None, after),
        Step::EditServer { service, before, after } => server(service, Some(before), after),
        Step::SetTimeouts { before, after } => {
            after.check_edit_of(before).err().map(|invalid| invalid.to_string())
        }
        Step::StartDaemon(daemon) if daemon.whole_sync_id() > u32::from(u8::MAX) => {
            let id = daemon.whole_sync_id();
            Some(format!("sync id {id} is out of range: use 0 to 255"))
        }
        // What goes may be anything, and what comes again was there.
        _ => None,
    }
}

fn service(before: Option<&Service>, after: &Service) -> Option<String> {
    let change = |service: &Service| Change::SetService(service.clone());
    let checked = match before {
        Some(before) => change(after).check_edit_of(&change(before)),
        None => after.check(),
    };
    let timeout = |persistence: Persistence| persistence.timeout;
    let now = before.and_then(|before| before.persistence.map(timeout));
    let wanted = after.persistence.map(timeout).filter(|wanted| Some(*wanted) != now);
    let timeout = wanted.and_then(|it| PersistenceTimeout::from_seconds(it.as_seconds()).err());
    checked.err().or(timeout).map(|invalid| invalid.to_string())
}

fn server(
    service: &ServiceKey,
    before: Option<&Destination>,
    after: &Destination,
) -> Option<String> {
    let change = |destination| Change::SetDestination { service: *service, destination };
    let checked = match before {
        Some(before) => change(*after).check_edit_of(&change(*before)),
        None => after.check(service),
    };
    let limits = after.thresholds;
    let limits = Some(limits).filter(|limits| before.is_none_or(|it| it.thresholds != *limits));
    let limits = limits.and_then(|it| Thresholds::new(it.upper(), it.lower()).err());
    checked.err().or(limits).map(|invalid| invalid.to_string())
}

/// Services that are to have `mh`, or more servers with it, and more than fit.
fn crowded(
    desired: &Desired,
    observed: &Observed,
    policy: Policy,
) -> impl Iterator<Item = (ServiceKey, String)> {
    let wanted = desired.services.iter().filter(|it| it.service.scheduler == Scheduler::Mh);
    wanted.filter_map(move |wanted| {
        let key = wanted.service.key;
        let mut servers: HashSet<_> = wanted.servers.iter().map(|it| it.server.key).collect();
        if servers.len() <= MH_SLOTS && policy.delete {
            return None;
        }
        let found = observed.services.iter().find(|found| found.service.key == key);
        let there: HashSet<_> = found.iter().flat_map(|it| &it.servers).map(|it| it.key).collect();
        if !policy.delete {
            servers.extend(&there);
        }
        let hashes = |found: &ObservedService| found.service.scheduler == Scheduler::Mh;
        let grows = !found.is_some_and(hashes) || servers.iter().any(|it| !there.contains(it));
        grows.then(|| crowd(&wanted.service, servers.len())).flatten().map(|message| (key, message))
    })
}

/// Why so many servers are too many, if they are.
pub(crate) fn crowd(service: &Service, servers: usize) -> Option<String> {
    (service.scheduler == Scheduler::Mh && servers > MH_SLOTS).then(|| {
        format!(
            "mh has a table of {MH_SLOTS} slots, unless the kernel was built with another, and \
             the kernel refuses it or never schedules some of the {servers} servers of {}",
            service.key
        )
    })
}
