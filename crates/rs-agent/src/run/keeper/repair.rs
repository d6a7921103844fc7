// SPDX-License-Identifier: MIT OR Apache-2.0
//! A repair, under the lock: what was seen before it may not be so any more.

use std::time::Instant;

use lvs_host::SysctlKey;
use lvs_host::state::Version;

use super::Keeper;
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::Found;
use crate::observe::{Anew, Questions};
use crate::plan::{Change, Step};
use crate::run::glance::NONE_LIKE_IT;
use crate::run::judge::{judge, ready};
use crate::run::log::Level;
use crate::transaction::Transaction;

impl Keeper {
    /// The steps that are due now.
    pub(super) fn ready(&self, steps: Vec<Step>) -> Vec<Step> {
        let now = Instant::now();
        ready(steps, |change| self.backoff.holds(change, now))
    }

    /// Repairs what is due, and gives what the host is after that, and the journal's version.
    /// `None`: there is no journal any more. Of what is `known`, the addresses and what hides
    /// them are looked at again, and nothing else.
    pub(super) fn repair(
        &mut self,
        known: Option<Facts>,
    ) -> Result<Option<(Facts, Version)>, Error> {
        let lock = self.lock()?;
        // Whoever held the lock may have changed both.
        let mut version = self.store.version();
        let known = known.filter(|_| self.has_seen(version));
        let Found { journal: before, notice } = match known {
            Some(_) => Found { journal: self.journal.clone(), notice: None },
            None => self.found()?,
        };
        let Some(before) = before else { return Ok(None) };
        match notice {
            Some(_) => version = NONE_LIKE_IT,
            None => self.unsaved = false,
        }
        let facts = match known {
            Some(known) => {
                let settings = &self.seen.settings();
                // What a route said of them is not enough: one in a VRF is local only there.
                self.host.observe_again(known, Anew { gone: &[], settings })?
            }
            None => self.host.observe(&Questions::about(&before.wanted))?,
        };
        let mut journal = before.clone();
        let theirs = self.devices.remade(&before.changes, &facts);
        for name in &theirs {
            let what = format!("{name} was made anew by somebody: it is theirs now");
            self.log.event(Level::Warning, "not-ours", &[("what", &what)]);
            journal.disown(name);
            self.devices.forget(name);
        }
        let mut steps = self.ready(judge(&journal, &facts).steps);
        act::preflight(&steps)?;
        let (host, store) = (self.host.as_ref(), &self.store);
        let mut transaction =
            Transaction { host, store, before: Some(before), damaged: false, journal };
        let intended = transaction.intend(&steps, &facts);
        if intended.is_err() {
            steps = transaction.forgo(steps);
        }
        let mut done = Vec::new();
        let tell = |_: &_, result: &Result<(), Error>| done.push(result.is_ok());
        let result = transaction.perform(&steps, &Interrupt::never(), tell);
        let after = match settings_beside_addresses(&steps) {
            Some(settings) => {
                let again = Anew { gone: &[], settings: &settings };
                self.host.observe_again(facts, again)?
            }
            None => transaction.look()?,
        };
        let confirmed = transaction.confirm(&after);
        if matches!(intended, Ok(true)) || matches!(confirmed, Ok(true)) {
            self.unsaved = false;
            version = self.store.version();
        }
        let journal = transaction.journal;
        // Nobody has to wait for what is told.
        drop(lock);
        self.devices.remember(&journal.changes, &after, true);
        if intended.is_err() {
            // The journal on the disk still calls them ours.
            theirs.iter().for_each(|name| self.devices.doubt(name));
        }
        self.journal = Some(journal);
        self.repaired(&steps, &done);
        result.and(intended).and(confirmed).map(|_| Some((after, version)))
    }
}

/// The settings that the steps change, if they change nothing besides but addresses.
fn settings_beside_addresses(steps: &[Step]) -> Option<Vec<SysctlKey>> {
    let mut settings = Vec::new();
    for step in steps {
        match &step.action.change {
            Change::Sysctl { key, .. } => settings.push(key.clone()),
            Change::Address { .. } | Change::Deprecate { .. } => {}
            _ => return None,
        }
    }
    Some(settings)
}
