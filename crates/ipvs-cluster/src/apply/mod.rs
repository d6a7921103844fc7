// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the steps of a plan.

use std::ops::ControlFlow;

use ipvs_netlink::{
    BatchError, BatchReport, Change, Client, Error, ErrorKind, Transport, unchecked,
};

use crate::observed::RunningDaemon;
use crate::plan::{Phase, Plan, Step, flaw};

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// What became of each step, in the order of the plan.
    pub fates: Vec<Fate>,
    /// Why the conversation with the kernel ended early, if it did.
    pub broke: Option<Error>,
    /// Whether a step met what somebody else had done since the table was read: it
    /// may stand well all the same.
    pub met_others: bool,
}

/// What became of a step.
#[derive(Debug)]
pub enum Fate {
    /// It is made, or somebody else had made it.
    Done,
    /// The kernel refused it.
    ///
    /// Kept apart: a large plan has many fates, and few of this kind.
    Failed(Box<Error>),
    /// Its answer was lost: the table has to be read to know.
    Unknown,
    /// Something before it failed.
    NotTried,
}

impl Applied {
    /// Whether every step is made.
    pub fn is_complete(&self) -> bool {
        self.fates.iter().all(|fate| matches!(fate, Fate::Done))
    }

    /// Whether the kernel acknowledged every step as it was planned. What the plan
    /// made anew is known then: nobody else had a hand in it before.
    pub fn is_as_planned(&self) -> bool {
        self.is_complete() && !self.met_others
    }
}

/// Makes the steps of `plan`, phase by phase, and stops behind the first phase
/// that had a failure. `progress` is told how many steps were handed over, and ends it
/// there by breaking: the rest is [`Fate::NotTried`].
///
/// That others made the same change before is success: what exists already is
/// compared and, if it differs, set; what is gone already is deleted.
///
/// A step that would bring in what the library refuses ([`Change::check`]) fails
/// and is not sent. What was so before is no hindrance.
pub fn apply<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    carry_out(client, plan, false, progress)
}

/// The same, and sends what the library would refuse: to restore what another tool
/// made, and the kernel held. New `mh` services get their servers one by one, which
/// is slow, since only so the kernel takes more than its table has slots.
pub fn apply_as_is<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    carry_out(client, plan, true, progress)
}

fn carry_out<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    as_is: bool,
    mut progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    let mut applied = Applied::default();
    for steps in plan.steps.chunk_by(together) {
        if applied.broke.is_some() || !applied.is_complete() {
            applied.fates.extend(steps.iter().map(|_| Fate::NotTried));
            continue;
        }
        let start = applied.fates.len();
        // What was handed over has a fate; what was not is as it was.
        let mut handed = 0;
        let changes = steps.iter().map_while(|step| {
            let goes_on = progress(start + handed).is_continue() || ends_what_began(step);
            handed += usize::from(goes_on);
            goes_on.then(|| step.change())
        });
        let sound = || steps.iter().all(|step| flaw(step).is_none());
        let outcome = match steps.first().map(Step::phase) {
            _ if as_is => unchecked::batch(client, changes),
            // A new service has no traffic yet, and `mh` is dear to fill.
            Some(Phase::NewServices) => client.load(changes),
            // What is wrong with these was so before.
            _ if sound() => unchecked::batch(client, changes),
            _ => client.batch(changes),
        };
        let mut fates = fates(steps, outcome, &mut applied.broke);
        fates.iter_mut().skip(handed).for_each(|fate| *fate = Fate::NotTried);
        for (step, fate) in steps.iter().zip(&mut fates) {
            let before = std::mem::replace(fate, Fate::Done);
            *fate = match before {
                Fate::Failed(error) => {
                    applied.met_others = true;
                    reconcile(client, step, *error)
                }
                other => other,
            };
        }
        forgive_servers(steps, &mut fates);
        // Most plans have one phase, and a large one is not to be held twice.
        if applied.fates.is_empty() {
            applied.fates = fates;
        } else {
            applied.fates.extend(fates);
        }
    }
    applied
}

/// Whether something is missing until the step is made, which an earlier one took away.
fn ends_what_began(step: &Step) -> bool {
    matches!(step, Step::PutServer { .. } | Step::StartDaemon(_))
}

/// Whether a step goes in one batch with the one before it: those of a phase, but only
/// one server at a time is put in another place. Should it not come back, no other may
/// be away.
pub(crate) fn together(before: &Step, step: &Step) -> bool {
    before.phase() == step.phase() && !matches!(step, Step::LiftServer { .. })
}

/// The verdict on each step of a batch.
fn fates(
    steps: &[Step],
    outcome: Result<BatchReport, Box<BatchError>>,
    broke: &mut Option<Error>,
) -> Vec<Fate> {
    let mut fates: Vec<Fate> = steps.iter().map(|_| Fate::Done).collect();
    let report = match outcome {
        Ok(report) => report,
        Err(broken) => {
            let BatchError { report, unknown, error, .. } = *broken;
            for (place, fate) in fates.iter_mut().enumerate().skip(unknown.start) {
                *fate = if unknown.contains(&place) { Fate::Unknown } else { Fate::NotTried };
            }
            *broke = Some(error);
            report
        }
    };
    for failure in report.failures {
        if let Some(fate) = fates.get_mut(failure.index) {
            *fate = Fate::Failed(failure.error.into());
        }
    }
    fates
}

/// The servers of a service that could not be added were not at fault.
fn forgive_servers(steps: &[Step], fates: &mut [Fate]) {
    let mut missing = None;
    for (step, fate) in steps.iter().zip(fates) {
        match (step, &*fate) {
            (Step::AddService(service), Fate::Failed(_)) => missing = Some(service.key),
            (Step::AddServer { service, .. }, Fate::Failed(error))
                if missing == Some(*service) && error.kind() == ErrorKind::ServiceMissing =>
            {
                *fate = Fate::NotTried;
            }
            _ => {}
        }
    }
}

/// What a refusal means if somebody else was there before.
fn reconcile<T: Transport>(client: &mut Client<T>, step: &Step, error: Error) -> Fate {
    let outcome = match (step, error.kind()) {
        (
            Step::DeleteServer { .. }
            | Step::LiftServer { .. }
            | Step::DeleteService { .. }
            | Step::StopDaemon { .. },
            ErrorKind::ServiceMissing | ErrorKind::DestinationMissing | ErrorKind::DaemonMissing,
        ) => Ok(()),
        (_, ErrorKind::AlreadyExists) => compare_and_set(client, step, error),
        _ => Err(error),
    };
    outcome.map_or_else(|error| Fate::Failed(error.into()), |()| Fate::Done)
}

/// The step was let through before: the kernel answered it.
fn compare_and_set<T: Transport>(
    client: &mut Client<T>,
    step: &Step,
    error: Error,
) -> Result<(), Error> {
    match step {
        Step::AddService(wanted) => match client.service(&wanted.key)? {
            Some(found) if found.service == *wanted => Ok(()),
            Some(_) => unchecked::apply(client, Change::SetService(wanted.clone())),
            None => unchecked::apply(client, step.change()),
        },
        Step::AddServer { service, server, .. } | Step::PutServer { service, server } => {
            match client.destination(service, &server.key)? {
                Some(found) if found.destination == *server => Ok(()),
                Some(_) => {
                    let (service, destination) = (*service, *server);
                    unchecked::apply(client, Change::SetDestination { service, destination })
                }
                None => unchecked::apply(client, step.change()),
            }
        }
        Step::StartDaemon(wanted) => {
            let running = client.daemons()?.into_iter().map(RunningDaemon::from);
            let same = running.into_iter().any(|daemon| daemon.is(wanted));
            if same { Ok(()) } else { Err(error) }
        }
        _ => Err(error),
    }
}
