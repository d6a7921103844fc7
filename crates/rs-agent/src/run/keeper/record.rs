// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal as its keeper finds it: whole, damaged or gone.

use std::collections::BTreeSet;

use lvs_host::state::Lock;

use super::{Keeper, RETRY};
use crate::error::Error;
use crate::journal::{Found, Journal};
use crate::observe::Questions;
use crate::run::log::Level;

impl Keeper {
    /// Reads the journal; if it cannot be understood, or is gone and could not be written again,
    /// gives what it last said, with a notice.
    pub(super) fn found(&self) -> Result<Found, Error> {
        match (self.store.load(), &self.journal) {
            (Err(Error::Damaged { why, .. }), Some(journal)) => {
                Ok(Found { journal: Some(journal.clone()), notice: Some(why) })
            }
            (Ok(Found { journal: None, .. }), Some(journal)) if self.unsaved => {
                let notice = "the journal is gone".to_owned();
                Ok(Found { journal: Some(journal.clone()), notice: Some(notice) })
            }
            (found, _) => found,
        }
    }

    /// The journal, if it could not be written again since it was lost.
    pub(in crate::run) fn unrecorded(&self) -> Option<Journal> {
        self.journal.clone().filter(|_| self.unsaved)
    }

    /// Keeps others out while something is changed. Where there is no room for a lock, or for
    /// its folder, the host is kept without it: another `run` is kept out by its claim.
    pub(super) fn lock(&self) -> Result<Option<Lock>, Error> {
        match self.store.lock() {
            Err(Error::Journal { .. }) if self.journal.is_some() => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// The same without the notice.
    pub(super) fn recorded(&self) -> Result<Option<Journal>, Error> {
        Ok(self.found()?.journal)
    }

    /// It is written again, from its copy or as it was last seen. The host is kept whether or
    /// not that can be.
    pub(super) fn journal_is_damaged(&mut self, told: &mut BTreeSet<String>) -> Result<(), Error> {
        let _lock = self.lock()?;
        let why = match self.store.load() {
            Ok(Found { journal: Some(journal), notice: None }) => {
                // Somebody else was faster.
                self.journal = Some(journal);
                self.unsaved = false;
                return Ok(());
            }
            Ok(Found { notice, .. }) => notice.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        let Some(journal) = self.recorded()? else { return Ok(()) };
        self.write_again(&journal, &format!("{why}; it is written again"), told);
        self.journal = Some(journal);
        Ok(())
    }

    /// `teardown` removes the journal last; if what it tells of is still there, or a journal
    /// that nobody could write was none that `teardown` could remove, somebody else has removed
    /// it. The host is kept whether or not it can be written again.
    pub(super) fn journal_is_gone(&mut self, told: &mut BTreeSet<String>) -> Result<(), Error> {
        let _lock = self.lock()?;
        if let Some(journal) = self.store.load()?.journal {
            // Somebody else was faster.
            self.journal = Some(journal);
            self.unsaved = false;
            return Ok(());
        }
        let Some(journal) = self.journal.clone() else { return Ok(()) };
        if self.unsaved
            || journal.in_effect(&self.host.observe(&Questions::about(&journal.wanted))?)
        {
            self.write_again(&journal, "the journal was gone and is written again", told);
        } else {
            let what = "this host was taken down by rs-agent teardown: nothing to keep";
            self.log.event(Level::Info, "ended", &[("what", what)]);
            self.ended = true;
        }
        Ok(())
    }

    fn write_again(&mut self, journal: &Journal, what: &str, told: &mut BTreeSet<String>) {
        let saved = self.store.save(journal);
        self.unsaved = saved.is_err();
        match saved {
            Ok(()) => self.log.event(Level::Warning, "repaired", &[("what", what)]),
            Err(error) => {
                let what = error.to_string();
                self.problem(&what, &error.hints().join("; "));
                told.insert(what);
                self.retry_in(RETRY);
            }
        }
    }
}
