// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ops::ControlFlow;

use ipvs_netlink::{BatchError, BatchReport, Client, Error, ErrorKind, Transport, unchecked};

use super::fate::{Applied, Because, Fate, OnFailure};
use super::reconcile::reconcile;
use super::walk::{Sent, walk};
use crate::plan::{Phase, Plan, Step, flaw};

/// Makes the steps of `plan`, phase by phase, until one fails; `on_failure` says what is not
/// tried then. `progress` is told how many steps were handed over, and ends it
/// there by breaking: the rest is [`Fate::NotTried`].
///
/// That others made the same change before is success: what exists already is
/// compared and, if it differs, set; what is gone already is deleted.
///
/// A step that would bring in what the library refuses
/// ([`Change::check`](ipvs_netlink::Change::check)) fails and is not sent. What was so before is
/// no hindrance.
pub fn apply<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    on_failure: OnFailure,
    progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    carry_out(client, plan, on_failure, false, progress)
}

/// Does what [`apply()`] does, and sends what that would refuse: to restore what another tool
/// made, and the kernel held. New `mh` services get their servers one by one, which
/// is slow, since only so the kernel takes more than its table has slots.
pub fn apply_as_is<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    on_failure: OnFailure,
    progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    carry_out(client, plan, on_failure, true, progress)
}

fn carry_out<T: Transport>(
    client: &mut Client<T>,
    plan: &Plan,
    on_failure: OnFailure,
    as_is: bool,
    mut progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Applied {
    let (mut broke, mut met_others) = (None, false);
    // What is read to know what became of a change is read whatever the time.
    let deadline = client.set_read_deadline(None);
    let fates = walk(&plan.steps, on_failure, |start, steps| {
        if let Some(Step::SetSysctl { .. }) = steps.first() {
            return sysctls(client, start, steps, &mut progress);
        }
        // What was handed over has a fate; what was not is as it was.
        let mut handed = 0;
        let changes = steps.iter().map_while(|step| {
            let goes_on = progress(start + handed).is_continue() || ends_what_began(step);
            handed += usize::from(goes_on);
            if goes_on { step.change() } else { None }
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
        let mut fates = fates(steps, outcome, &mut broke);
        for fate in fates.iter_mut().skip(handed) {
            *fate = Fate::NotTried(broke.as_ref().map_or(Because::Stopped, |_| Because::Broke));
        }
        for (step, fate) in steps.iter().zip(&mut fates) {
            let before = std::mem::replace(fate, Fate::Done);
            *fate = match before {
                Fate::Failed(error) => {
                    met_others = true;
                    reconcile(client, step, *error)
                }
                other => other,
            };
        }
        forgive_servers(start, steps, &mut fates);
        Sent { fates, broke: broke.is_some() }
    });
    client.set_read_deadline(deadline);
    Applied { fates, broke, met_others }
}

/// Sets settings under `net.ipv4.vs`, where the client is.
fn sysctls<T: Transport>(
    client: &Client<T>,
    start: usize,
    steps: &[Step],
    progress: &mut impl FnMut(usize) -> ControlFlow<()>,
) -> Sent {
    let procfs = client.procfs();
    let mut fates: Vec<Fate> = Vec::with_capacity(steps.len());
    for (place, step) in (start..).zip(steps) {
        let Step::SetSysctl { after, .. } = step else { break };
        if progress(place).is_break() {
            break;
        }
        let set = procfs.set_sysctl(after.name().as_str(), after.value());
        fates.push(set.map_or_else(|error| Fate::Failed(error.into()), |()| Fate::Done));
    }
    fates.resize_with(steps.len(), || Fate::NotTried(Because::Stopped));
    Sent { fates, broke: false }
}

/// Whether something is missing until the step is made, which an earlier one took away.
fn ends_what_began(step: &Step) -> bool {
    matches!(step, Step::PutServer { .. } | Step::StartDaemon(_))
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
                let not_tried = Fate::NotTried(Because::Broke);
                *fate = if unknown.contains(&place) { Fate::Unknown } else { not_tried };
            }
            *broke = Some(error);
            report
        }
    };
    for failure in report.failures {
        if let Some(fate) = fates.get_mut(failure.index) {
            *fate = match failure.error.kind() {
                ErrorKind::OutcomeUnknown => Fate::Unknown,
                _ => Fate::Failed(failure.error.into()),
            };
        }
    }
    fates
}

/// The servers of a service that could not be added were not at fault.
fn forgive_servers(start: usize, steps: &[Step], fates: &mut [Fate]) {
    let mut missing = None;
    for ((place, step), fate) in (start..).zip(steps).zip(fates) {
        match (step, &*fate) {
            (Step::AddService(service), Fate::Failed(_)) => {
                missing = Some((service.key, place));
            }
            (Step::AddServer { service, .. }, Fate::Failed(error))
                if error.kind() == ErrorKind::ServiceMissing =>
            {
                if let Some((_, because)) = missing.filter(|(missing, _)| missing == service) {
                    *fate = Fate::NotTried(Because::Failed(because));
                }
            }
            _ => {}
        }
    }
}
