// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps what a change of many objects needs to be undone, and undoes it if nobody confirms it.

use ipvs_cluster::{Applied, Outlook, Plan};

use super::confirm::watcher;
use super::director::{Director, unkept};
use crate::error::Error;
use crate::kept::{Author, Cause, Going, Pending, Reach, of_plan};

/// Is a change of many objects, from before its first step.
#[derive(Debug)]
pub(super) struct Undertaking<'a> {
    director: &'a Director,
    author: Author,
    going: Going,
    /// The table before it, if that could be kept.
    checkpoint: Option<u32>,
    /// How long it has to be confirmed.
    within: Option<u32>,
}

/// Refuses to begin while an earlier change waits to be confirmed. The lock is held.
pub(super) fn refuse_while_pending(director: &Director) -> Result<(), Error> {
    if director.dry_run {
        return Ok(());
    }
    // What cannot be read is told when something is to be kept.
    match director.kept().map(|kept| kept.pending()) {
        Ok(Ok(Some(pending))) => Err(Error::Pending(Box::new(pending))),
        _ => Ok(()),
    }
}

impl<'a> Undertaking<'a> {
    /// Keeps the table as it is, of which the plan may touch what `reach` says. With `within`,
    /// starts what undoes the change after so many seconds. The lock is held, and nothing is
    /// changed yet.
    ///
    /// # Errors
    /// It could not be kept, and has to be: to be undone by itself, or because
    /// [`Cause::Apply`] promises it. A restore goes on with a warning: at boot, a disk that is
    /// full is no reason to have no table.
    pub(super) fn begin(
        director: &'a Director,
        cause: Cause,
        reach: Reach,
        outlook: &Outlook<'_>,
        within: Option<u32>,
    ) -> Result<Self, Error> {
        let author = Author::of_this_process();
        let going = Going::of(outlook.plan(), outlook.observed());
        let keep = || Ok(director.kept()?.checkpoint(&author, cause, reach, outlook.observed())?);
        let checkpoint = match keep() {
            Ok(number) => Some(number),
            Err(error) if within.is_some() || cause == Cause::Apply => return Err(error),
            Err(error) => {
                unkept(&format!("this cannot be rolled back: {error}"));
                None
            }
        };
        let undertaking = Self { director, author, going, checkpoint, within };
        if let Some(number) = undertaking.checkpoint.filter(|_| within.is_some()) {
            undertaking.wait_for_confirmation(number)?;
            if let Err(error) = watcher::start(director, &undertaking.author.run) {
                director.kept()?.set_pending(None)?;
                return Err(error);
            }
        }
        Ok(undertaking)
    }

    /// Records what was done, and has the time to confirm it begin.
    pub(super) fn end(&self, plan: &Plan, applied: &Applied) -> Option<Pending> {
        let events = of_plan(plan, applied, &self.going);
        self.director.record_events(&self.author, events);
        let number = self.checkpoint.filter(|_| self.within.is_some())?;
        match self.wait_for_confirmation(number) {
            Ok(pending) => pending,
            // Its time began before the first step then.
            Err(error) => {
                unkept(&format!("the time to confirm this is shorter: {error}"));
                None
            }
        }
    }

    /// Says who does it.
    pub(super) fn author(&self) -> &Author {
        &self.author
    }

    /// Keeps that the table is again what it was: nothing is left to be confirmed.
    ///
    /// # Errors
    /// That could not be kept.
    pub(super) fn is_undone(&self) -> Result<(), Error> {
        if self.within.is_some() {
            self.director.kept()?.set_pending(None)?;
        }
        Ok(())
    }

    /// Returns the number of the checkpoint.
    pub(super) fn checkpoint(&self) -> Option<u32> {
        self.checkpoint
    }

    fn wait_for_confirmation(&self, number: u32) -> Result<Option<Pending>, Error> {
        let Some(within) = self.within else { return Ok(None) };
        let pending = Pending::new(&self.author, number, within).map_err(Error::Clock)?;
        self.director.kept()?.set_pending(Some(&pending))?;
        Ok(Some(pending))
    }
}
