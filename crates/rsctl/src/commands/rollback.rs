// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the table what it was before a large change, within what could be touched since.

use ipvs_cluster::{Converge, Desired, Flaw, OnFailure, OnUnsound, Outlook, Policy};

use super::converge::{self, Converged, Judge, Way};
use super::{Director, Outcome};
use crate::cli::Rollback;
use crate::error::Error;
use crate::kept::{Cause, Checkpoint, Kept, KeptError, Objects, Pending, Reach};

/// Is where a rollback leads.
struct Target {
    number: u32,
    desired: Desired,
    reach: Reach,
    owned: Option<Objects>,
}

pub(super) fn run(
    director: &Director,
    args: &Rollback,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Outcome, Error> {
    if args.list {
        return Ok(Outcome::Checkpoints(director.kept()?.checkpoints()?));
    }
    let _lock = director.lock_alone()?;
    let kept = director.kept()?;
    let target = Target::find(kept, args.number)?;
    if target.desired.services().is_empty() && !args.allow_empty {
        return Err(Error::EmptyCheckpoint(target.number));
    }
    let policy = Policy::exact().reorder(args.reorder);
    let shows_all = args.report.verbose || args.report.json;
    let converged = back(director, kept, &target, policy, shows_all, progress)?;
    Ok(Outcome::Restored(converged.into()))
}

/// Undoes a change that nobody confirmed.
///
/// # Errors
/// Why it is not as it was, in words.
pub(super) fn unconfirmed(director: &Director, pending: &Pending) -> Result<(), String> {
    let undo = || {
        let kept = director.kept()?;
        let target = Target::find(kept, Some(pending.checkpoint))?;
        back(director, kept, &target, Policy::exact(), false, &mut |_, _| {})
    };
    let undone = undo().map_err(|error| error.to_string())?;
    if undone.fell_short() {
        return Err("not all of it could be undone: see `rsctl history`".to_owned());
    }
    Ok(())
}

impl Target {
    /// Finds the checkpoint of that number, or the last one that was not written by a rollback:
    /// so a second rollback finds nothing to do.
    fn find(kept: &Kept, number: Option<u32>) -> Result<Self, Error> {
        let all = kept.checkpoints()?;
        let is_it = |it: &&Checkpoint| match number {
            Some(number) => it.number == number,
            None => it.cause != Cause::Rollback,
        };
        let Some(found) = all.iter().rfind(is_it) else {
            let numbers = all.first().zip(all.last()).map(|(a, b)| (a.number, b.number));
            return Err(Error::NoCheckpoint { number, numbers });
        };
        // Whatever could be touched since is part of it.
        let since = all.iter().filter(|it| it.number >= found.number);
        let reach = since.fold(Reach::default(), |reach, it| reach.and(&it.reach));
        let desired = reach.of_table(&kept.table(found.number)?).map_err(|faults| {
            KeptError::Checkpoint { number: found.number, why: faults.to_string() }
        })?;
        Ok(Self { number: found.number, desired, reach, owned: found.owned.clone() })
    }
}

fn back(
    director: &Director,
    kept: &Kept,
    target: &Target,
    policy: Policy,
    shows_all: bool,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Converged, Error> {
    let way = Way {
        director,
        converge: Converge::new(&target.desired, policy)
            .on_failure(OnFailure::StopAll)
            // It was there.
            .on_unsound(OnUnsound::SetAsIs),
        desired: &target.desired,
        file: format!("checkpoint {}", target.number),
        cause: Cause::Rollback,
        within: None,
        goes_back: false,
        shows_all,
    };
    let (converged, ()) = converge::run_locked(way, &mut Back { kept, target }, progress)?;
    Ok(converged)
}

/// Keeps in mind that the table is what it was.
struct Back<'a> {
    kept: &'a Kept,
    target: &'a Target,
}

impl Judge for Back<'_> {
    type Note = ();

    fn unsound(&self, flaws: Vec<Flaw>) -> Error {
        let why = flaws.iter().map(Flaw::to_string).collect::<Vec<_>>().join("; ");
        KeptError::Checkpoint { number: self.target.number, why }.into()
    }

    fn judge(&mut self, _outlook: &Outlook<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn reach(&self, _outlook: &Outlook<'_>) -> Reach {
        self.target.reach.clone()
    }

    fn end(&mut self, converged: &Converged, (): &()) -> Result<(), Error> {
        if converged.fell_short() { Ok(()) } else { is_back(self.kept, self.target) }
    }
}

/// Keeps that the table is what it was.
fn is_back(kept: &Kept, target: &Target) -> Result<(), Error> {
    if kept.owned()? != target.owned {
        kept.set_owned(target.owned.as_ref())?;
    }
    if kept.pending()?.is_some_and(|pending| pending.checkpoint >= target.number) {
        kept.set_pending(None)?;
    }
    Ok(())
}
