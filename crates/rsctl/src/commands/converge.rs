// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the table what a file says, in the one way that all commands have for it: look, judge, keep
//! what was there, apply, verify, record, and go back if that is wanted.

mod interrupt;

use std::ops::ControlFlow;

use ipvs_cluster::{
    Applied, Converge, Desired, Flaw, LookError, Observed, OnUnsound, Outlook, Plan, Policy,
    Report, Verdict,
};
use ipvs_netlink::{Client, ServiceKey};

use self::interrupt::Interrupt;
use super::Director;
use super::undertaking::{Undertaking, refuse_while_pending};
use crate::error::Error;
use crate::kept::{Cause, Going, Pending, Reach, of_plan};

/// Says what is to be done, by whom, and how.
pub(super) struct Way<'a> {
    pub(super) director: &'a Director,
    pub(super) converge: Converge<'a>,
    pub(super) desired: &'a Desired,
    /// The file's name.
    pub(super) file: String,
    /// Why it is done.
    pub(super) cause: Cause,
    /// Within how many seconds it is to be confirmed, or else undone by itself.
    pub(super) within: Option<u32>,
    /// Whether what was there comes back if this falls short.
    pub(super) goes_back: bool,
    /// Whether what became of each change is told, of however many.
    pub(super) shows_all: bool,
}

/// Says what a command made of the table, or would make.
#[derive(Debug)]
pub(crate) struct Converged {
    /// The file's name.
    pub(crate) file: String,
    pub(crate) is_dry_run: bool,
    pub(crate) plan: Plan,
    /// What became of the plan; `None` for a dry run, or if there was nothing to do.
    pub(crate) applied: Option<Applied>,
    /// Whether somebody asked for an end before it was one.
    pub(crate) interrupted: bool,
    /// What differs afterwards.
    pub(crate) left: Plan,
    /// Services whose servers hash by another order than the file's.
    pub(crate) reordered: Vec<ServiceKey>,
    /// Why that is not known, if it is not.
    pub(crate) unread: Option<ipvs_netlink::Error>,
    /// Whether what became of each change is told, of however many.
    pub(crate) shows_all: bool,
    /// The number of the table before it, if that was kept.
    pub(crate) checkpoint: Option<u32>,
    /// Until when it is to be confirmed, if it is.
    pub(crate) pending: Option<Pending>,
    /// How the way back ended, if it was gone.
    pub(crate) back: Option<Report>,
}

/// Judges what is going to be done, before it is: by refusing it, or by noting what is to be told.
pub(super) trait Judge {
    /// What it notes.
    type Note;

    /// Says what is refused whatever was said: of objects that are not sound.
    fn unsound(&self, flaws: Vec<Flaw>) -> Error;

    /// Refuses the plan, or notes something about it.
    fn judge(&mut self, outlook: &Outlook<'_>) -> Result<Self::Note, Error>;

    /// Says what the change can touch, for who wants it undone.
    fn reach(&self, outlook: &Outlook<'_>) -> Reach;

    /// Is told that all is going to be changed now.
    fn begin(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Is told how it ended.
    fn end(&mut self, _converged: &Converged, _note: &Self::Note) -> Result<(), Error> {
        Ok(())
    }
}

/// Looks, and makes the table what is wanted unless that is refused.
pub(super) fn run<J: Judge>(
    way: Way<'_>,
    judge: &mut J,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Converged, J::Note), Error> {
    let _lock = way.director.lock_alone()?;
    refuse_while_pending(way.director)?;
    run_locked(way, judge, progress)
}

/// Does what [`run`] does, for who holds the lock.
pub(super) fn run_locked<J: Judge>(
    way: Way<'_>,
    judge: &mut J,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Converged, J::Note), Error> {
    let Way { director, converge, desired, file, cause, within, goes_back, shows_all } = way;
    let mut client = director.connect_to_look(usual_servers(desired))?;
    let outlook = match converge.look(&mut client) {
        Ok(outlook) => outlook,
        Err(LookError::Ipvs(error)) => return Err(error.into()),
        Err(LookError::Refused(flaws)) => return Err(judge.unsound(flaws)),
    };
    let note = judge.judge(&outlook)?;
    if director.dry_run || outlook.plan().is_empty() {
        let (reordered, plan) = (outlook.reordered(), outlook.into_plan());
        let converged = Converged::new(file, plan);
        let converged = Converged { is_dry_run: director.dry_run, reordered, ..converged };
        if !director.dry_run {
            judge.begin()?;
            judge.end(&converged, &note)?;
        }
        return Ok((converged, note));
    }
    let reach = judge.reach(&outlook);
    let before = if goes_back { Some(outlook.before().map_err(no_way_back)?) } else { None };
    let undertaking = Undertaking::begin(director, cause, reach, &outlook, within)?;
    judge.begin()?;
    let steps = outlook.plan().steps().len();
    // Who cannot be interrupted in good order is interrupted at once.
    let interrupt = Interrupt::catch().ok();
    let is_interrupted = || interrupt.as_ref().is_some_and(Interrupt::is_asked_for);
    let attempt = outlook.apply(&mut client, |done| {
        progress(done, steps);
        if is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let pending = undertaking.end(attempt.plan(), attempt.applied());
    let report = attempt.verify(&mut client);
    let checkpoint = undertaking.checkpoint();
    let converged = Converged { shows_all, checkpoint, pending, ..Converged::of(file, report) };
    let converged = match before.filter(|_| converged.fell_short()) {
        Some(before) => {
            let back = go_back(director, &undertaking, &before, &mut client)?;
            // What is undone needs nobody to confirm it.
            let pending = converged.pending.filter(|_| !back.is_converged());
            Converged { back: Some(back), pending, ..converged }
        }
        None => converged,
    };
    judge.end(&converged, &note)?;
    Ok((converged, note))
}

/// Makes the table what it was before.
fn go_back(
    director: &Director,
    undertaking: &Undertaking<'_>,
    before: &Desired,
    client: &mut Client,
) -> Result<Report, Error> {
    let converge = Converge::new(before, Policy::exact()).on_unsound(OnUnsound::SetAsIs);
    let outlook = match converge.look(client) {
        Ok(outlook) => outlook,
        Err(LookError::Ipvs(error)) => return Err(error.into()),
        Err(LookError::Refused(flaws)) => {
            let told: Vec<_> = flaws.iter().map(Flaw::to_string).collect();
            return Err(Error::NoWayBack(told.join("; ")));
        }
    };
    let going = Going::of(outlook.plan(), outlook.observed());
    let attempt = outlook.apply(client, |_| ControlFlow::Continue(()));
    let events = of_plan(attempt.plan(), attempt.applied(), &going);
    director.record_events(undertaking.author(), events);
    let report = attempt.verify(client);
    if report.is_converged() {
        undertaking.is_undone()?;
    }
    Ok(report)
}

fn no_way_back(faults: ipvs_cluster::Faults<&'static str>) -> Error {
    Error::NoWayBack(faults.to_string())
}

/// Returns how many servers nine of ten services have at most.
fn usual_servers(desired: &Desired) -> usize {
    let mut numbers: Vec<_> = desired.services().iter().map(|it| it.servers.len()).collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() * 9 / 10).copied().unwrap_or_default()
}

/// Returns the settings as they were.
pub(super) fn sysctls(observed: &Observed) -> Vec<(String, String)> {
    let sysctls = observed.sysctls.iter();
    sysctls.filter_map(|it| Some((it.name.clone(), it.value.clone()?))).collect()
}

impl Converged {
    /// Returns what a dry run of that plan would do.
    #[cfg(test)]
    pub(crate) fn planned(file: String, plan: Plan) -> Self {
        Self { is_dry_run: true, ..Self::new(file, plan) }
    }

    /// Makes one of which nothing is done yet.
    fn new(file: String, plan: Plan) -> Self {
        Self {
            file,
            is_dry_run: false,
            plan,
            applied: None,
            interrupted: false,
            left: Plan::default(),
            reordered: Vec::new(),
            unread: None,
            shows_all: false,
            checkpoint: None,
            pending: None,
            back: None,
        }
    }

    fn of(file: String, report: Report) -> Self {
        let made = Self { applied: Some(report.applied), ..Self::new(file, report.plan) };
        match report.verdict {
            Verdict::Read { left, reordered, .. } => Self { left, reordered, ..made },
            Verdict::Unread(error) => Self { unread: Some(error), ..made },
            Verdict::Stopped => Self { interrupted: true, ..made },
        }
    }

    /// Returns whether part of it was not done, or does not show in the table.
    pub(crate) fn fell_short(&self) -> bool {
        let complete = self.applied.as_ref().is_none_or(Applied::is_complete);
        !complete || !self.left.is_empty() || self.unread.is_some()
    }
}
