// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal as its keeper finds it: whole, damaged or gone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Keeper, RETRY};
use crate::commands::{load, questions};
use crate::error::Error;
use crate::journal::{Found, Journal};
use crate::observe::observe;
use crate::run::log::Level;

impl Keeper {
    /// Reads the journal; if it cannot be understood, gives what it last said, with a notice.
    pub(super) fn found(&self) -> Result<Found, Error> {
        match (load(&self.store, &self.net), &self.journal) {
            (Err(Error::Damaged { why, .. }), Some(journal)) => {
                Ok(Found { journal: Some(journal.clone()), notice: Some(why) })
            }
            (found, _) => found,
        }
    }

    /// The same without the notice.
    pub(super) fn recorded(&self) -> Result<Option<Journal>, Error> {
        Ok(self.found()?.journal)
    }

    /// It is written again, from its copy or as it was last seen. The host is kept whether or
    /// not that can be.
    pub(super) fn journal_is_damaged(&mut self, told: &mut BTreeSet<String>) -> Result<(), Error> {
        let _lock = self.store.lock()?;
        let why = match self.store.load() {
            Ok(Found { journal: Some(journal), notice: None }) => {
                // Somebody else was faster.
                self.journal = Some(journal);
                return Ok(());
            }
            Ok(Found { notice, .. }) => notice.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        let Some(journal) = self.recorded()? else { return Ok(()) };
        match self.store.save(&journal) {
            Ok(()) => {
                let what = format!("{why}; it is written again");
                self.log.event(Level::Warning, "repaired", &[("what", &what)]);
            }
            Err(error) => {
                let what = error.to_string();
                self.problem(&what, &error.hints().join("; "));
                told.insert(what);
                self.retry_in(RETRY);
            }
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// `teardown` removes the journal last; if what it tells of is still there, somebody
    /// else has removed it.
    pub(super) fn journal_is_gone(&mut self) -> Result<(), Error> {
        let _lock = self.store.lock()?;
        let Some(journal) = &self.journal else { return Ok(()) };
        if self.store.load()?.journal.is_some() {
            self.retry_in(Duration::ZERO);
            return Ok(());
        }
        let facts = observe(&self.net, &questions(&journal.wanted))?;
        if journal.in_effect(&facts) {
            self.store.save(journal)?;
            let what = "the journal was gone and is written again";
            self.log.event(Level::Warning, "repaired", &[("what", what)]);
            self.retry_in(Duration::ZERO);
        } else {
            let what = "this host was taken down by rs-agent teardown: nothing to keep";
            self.log.event(Level::Info, "ended", &[("what", what)]);
            self.ended = true;
        }
        Ok(())
    }
}
