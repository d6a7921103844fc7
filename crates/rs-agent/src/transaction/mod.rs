// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes a host by its journal, for the commands and for [`crate::run`].
//!
//! A [`Transaction`] has the order in which journal, host and looks follow each other. What a
//! failure means is its caller's to say: [`set_up`] takes back what was done, `run` goes on and
//! tries again later. [`take_down`] needs none: its journal stays as it is until all is gone.

mod host;
#[cfg(test)]
pub(crate) mod script;
mod setup;
mod teardown;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::net::IpAddr;

pub use self::host::Host;
pub use self::setup::set_up;
pub use self::teardown::take_down;
use crate::act::interrupt::Interrupt;
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Journal, Store};
use crate::observe::Questions;
use crate::plan::{Action, Change, Step, Target};

/// A transaction makes changes that the journal knows of before they are made: [`intend`],
/// [`perform`], [`look`], [`confirm`], under the journal's lock. What is recorded already is
/// not written again.
///
/// [`intend`]: Self::intend
/// [`perform`]: Self::perform
/// [`look`]: Self::look
/// [`confirm`]: Self::confirm
pub struct Transaction<'a> {
    /// What is changed.
    pub host: &'a dyn Host,
    /// Where the journal is.
    pub store: &'a Store,
    /// What the journal said before.
    pub before: Option<Journal>,
    /// That is from a copy: the journal is written again in any case.
    pub damaged: bool,
    /// What it is to say.
    pub journal: Journal,
}

impl Transaction<'_> {
    /// Records what is about to be done to a host of which these are the facts. Returns whether
    /// anything had to be written for it.
    ///
    /// # Errors
    /// It cannot be written, and the journal is what it was.
    pub fn intend(&mut self, steps: &[Step], facts: &Facts) -> Result<bool, Error> {
        self.journal.intend(steps.iter().map(|step| step.action.change.clone().marked(facts)));
        let is_new = self.damaged || self.before.as_ref() != Some(&self.journal);
        self.record(is_new)
    }

    /// Gives up what could not be recorded, and returns the steps that can be made without a
    /// word in the journal, as it knows them from before.
    pub fn forgo(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let Some(before) = &self.before else { return Vec::new() };
        self.journal = before.clone();
        let known: HashSet<Target<'_>> = before.changes.iter().map(Change::target).collect();
        let known = |step: &Step| known.contains(&step.action.change.target());
        steps.into_iter().filter(known).collect()
    }

    /// Makes the changes, and hands each one tried to `tell`, with what came of it.
    ///
    /// # Errors
    /// The first failure.
    pub fn perform(
        &self,
        steps: &[Step],
        interrupt: &Interrupt,
        mut tell: impl FnMut(&Action, &Result<(), Error>),
    ) -> Result<(), Error> {
        self.host.perform(steps, interrupt, &mut tell)
    }

    /// Looks at what the host is like now.
    ///
    /// # Errors
    /// Something could not be read.
    pub fn look(&self) -> Result<Facts, Error> {
        self.host.observe(&Questions::about(&self.journal.wanted))
    }

    /// Records what is seen of the changes. Returns whether anything had to be written for it.
    ///
    /// # Errors
    /// It cannot be written, and the journal is what was intended.
    pub fn confirm(&mut self, facts: &Facts) -> Result<bool, Error> {
        let is_new = self.journal.confirm_tags(facts);
        self.record(is_new)
    }

    /// Makes the journal what it was before.
    ///
    /// # Errors
    /// It cannot be written or removed.
    pub fn put_back(&self) -> Result<(), Error> {
        match &self.before {
            Some(journal) => self.store.save(journal),
            None => self.store.remove(),
        }
    }

    fn record(&self, is_new: bool) -> Result<bool, Error> {
        if is_new {
            self.store.save(&self.journal)?;
        }
        Ok(is_new)
    }
}

/// Returns the first addresses, and how many more there are.
fn some(ips: &[IpAddr]) -> String {
    lvs_term::few(ips, 8)
}
