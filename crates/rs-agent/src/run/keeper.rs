// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the host, repairs what drifted, tells what is not ours.

mod record;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lvs_host::state::{Claim, Version};

use super::backoff::Backoff;
use super::devices::Devices;
use super::glance::{Glance, NONE_LIKE_IT};
use super::judge::{judge, ready};
use super::log::{Level, Log};
use super::settings::Settings;
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::cli::{OnStop, RunArgs};
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Found, Journal, Store};
use crate::observe::Questions;
use crate::plan::Step;
use crate::transaction::{Host, Transaction, set_up, take_down};

/// After a failure it tries again, as something that has no notice may have changed.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Keeper {
    settings: Settings,
    store: Store,
    sole: Claim,
    state_dir: PathBuf,
    host: Box<dyn Host>,
    log: Log,
    /// As last seen: what is kept if the file gets lost.
    journal: Option<Journal>,
    /// It could not be written again after it was damaged or gone.
    unsaved: bool,
    devices: Devices,
    backoff: Backoff,
    /// Problems that were told and are not over.
    told: BTreeSet<String>,
    /// How many repairs have to wait, and the first of them.
    waiting: Option<(usize, String)>,
    /// When lost notices were told last, and how often there were since.
    lost: (Option<Instant>, u64),
    askers: Vec<String>,
    retry: Option<Instant>,
    seen: Glance,
    ended: bool,
}

impl Keeper {
    pub(super) fn new(
        settings: Settings,
        store: Store,
        sole: Claim,
        state_dir: &Path,
        host: Box<dyn Host>,
        log: Log,
    ) -> Self {
        Self {
            settings,
            store,
            sole,
            state_dir: state_dir.to_owned(),
            host,
            log,
            journal: None,
            unsaved: false,
            devices: Devices::default(),
            backoff: Backoff::default(),
            told: BTreeSet::new(),
            waiting: None,
            lost: (None, 0),
            askers: Vec::new(),
            retry: None,
            seen: Glance::default(),
            ended: false,
        }
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn on_stop(&self) -> OnStop {
        self.settings.on_stop
    }

    /// Nothing is left to keep.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// When to look even if nothing happens.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry
    }

    /// The set-up, which is remembered from here on. What a host that is still starting does not
    /// have yet is waited for.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        let result = match self.apply() {
            Err(Error::Refused(refusal)) if refusal.may_pass() && self.recorded()?.is_none() => {
                let hint = refusal.hint();
                self.problem(&refusal.to_string(), &hint);
                self.told.insert(refusal.to_string());
                Ok(())
            }
            result => result,
        };
        result?;
        self.journal = self.recorded()?;
        Ok(())
    }

    /// Makes the host what the settings say: first what is new, then what is no more.
    fn apply(&mut self) -> Result<(), Error> {
        let Some(request) = &self.settings.request else { return Ok(()) };
        let have = match self.settings.whole {
            true => self.recorded()?.map(|journal| journal.wanted.vips).unwrap_or_default(),
            false => Vec::new(),
        };
        let gone: Vec<IpAddr> =
            have.into_iter().filter(|vip| !request.vips.contains(vip)).collect();
        let report = set_up(request, &gone, false, &self.state_dir, Interrupt::never)?;
        self.log_steps("set-up", &report);
        if !gone.is_empty() {
            let unrecorded = self.unrecorded();
            let report = take_down(&gone, false, &self.state_dir, unrecorded, Interrupt::never)?;
            self.log_steps("taken-down", &report);
        }
        Ok(())
    }

    /// SIGHUP. If what is new cannot be, all stays as it was.
    pub(super) fn reload(&mut self, args: &RunArgs) {
        let result = Settings::read(args).and_then(|new| {
            let old = std::mem::replace(&mut self.settings, new);
            let result = self.apply();
            if result.is_err() {
                self.settings = old;
            }
            result
        });
        match result {
            Ok(()) => self.log.event(Level::Info, "reloaded", &[]),
            Err(error) => {
                let (what, hint) = (error.to_string(), error.hints().join("; "));
                self.log.event(Level::Error, "not-reloaded", &[("what", &what), ("hint", &hint)]);
            }
        }
    }

    /// Whether anything without a notice has changed. Reads a few small files.
    ///
    /// Another `run` that came while the lock file was gone is the one that stays.
    pub(super) fn glance(&mut self) -> Result<bool, Error> {
        match self.store.watch_again(&mut self.sole) {
            Ok(false) => {}
            Ok(true) => {
                let what = "its lock was gone and is made again";
                self.log.event(Level::Warning, "repaired", &[("what", what)]);
            }
            Err(Error::Watched) => return Err(Error::Watched),
            // A disk that is full, or a folder that is not safe: the host is kept all the same.
            Err(error) => {
                let what = error.to_string();
                self.problem(&what, &error.hints().join("; "));
                self.told.insert(what);
            }
        }
        Ok(self.seen.again(&self.store) != self.seen)
    }

    /// Looks at everything, and repairs.
    pub(super) fn look(&mut self) {
        self.retry = None;
        let mut told = BTreeSet::new();
        if let Err(error) = self.try_look(&mut told) {
            let (what, hint) = (error.to_string(), error.hints().join("; "));
            self.problem(&what, &hint);
            // What could not be looked at is not over.
            told.extend(self.told.iter().cloned());
            told.insert(what);
            self.retry_in(RETRY);
        }
        if self.ended {
            return;
        }
        let over: Vec<&String> = self.told.difference(&told).collect();
        let fields = |what: &&String| vec![("what", (*what).clone())];
        self.log.each(Level::Info, "cleared", &over, |_| "", fields);
        self.told = told;
    }

    fn try_look(&mut self, told: &mut BTreeSet<String>) -> Result<(), Error> {
        // From before the journal is read: one that is saved or damaged meanwhile is noticed.
        let mut version = self.store.version();
        match self.store.load() {
            Ok(Found { journal: Some(journal), notice: None }) => {
                self.journal = Some(journal);
                self.unsaved = false;
            }
            Ok(Found { journal: None, .. }) if self.journal.is_some() => {
                self.journal_is_gone(told)?;
                if self.ended {
                    return Ok(());
                }
                version = NONE_LIKE_IT;
            }
            Ok(Found { journal: None, .. }) => {
                // Still waiting for what the set-up needs.
                self.apply()?;
                version = self.store.version();
                self.journal = self.recorded()?;
            }
            Ok(Found { notice: Some(_), .. }) | Err(Error::Damaged { .. }) => {
                self.journal_is_damaged(told)?;
                version = NONE_LIKE_IT;
            }
            Err(error) => return Err(error),
        }
        let Some(journal) = &self.journal else { return Ok(()) };
        let mut facts = self.host.observe(&Questions::about(&journal.wanted))?;
        let mut verdict = judge(journal, &facts);
        let remade = !self.devices.remade(&journal.changes, &facts).is_empty();
        if remade || !self.ready(verdict.steps.clone()).is_empty() {
            let Some(repaired) = self.repair()? else {
                // It is gone; whether it was taken down, the next look finds.
                self.retry_in(Duration::ZERO);
                return Ok(());
            };
            (facts, version) = repaired;
            let Some(journal) = &self.journal else { return Ok(()) };
            // What is told is the state after the repair.
            verdict = judge(journal, &facts);
        }
        // Whatever comes next is done by whoever asks from now on.
        self.askers.clear();
        let Some(journal) = &self.journal else { return Ok(()) };
        self.devices.remember(&journal.changes, &facts, false);
        self.seen = Glance::of(journal, &facts, version);
        self.tell(verdict, told);
        Ok(())
    }

    /// The steps that are due now.
    fn ready(&self, steps: Vec<Step>) -> Vec<Step> {
        let now = Instant::now();
        ready(steps, |change| self.backoff.holds(change, now))
    }

    /// Repairs what is due, and gives what the host is after that, and the journal's version.
    /// `None`: there is no journal any more.
    fn repair(&mut self) -> Result<Option<(Facts, Version)>, Error> {
        let lock = self.lock()?;
        // Whoever held the lock may have changed both.
        let mut version = self.store.version();
        let Found { journal: before, notice } = self.found()?;
        let Some(before) = before else { return Ok(None) };
        match notice {
            Some(_) => version = NONE_LIKE_IT,
            None => self.unsaved = false,
        }
        let facts = self.host.observe(&Questions::about(&before.wanted))?;
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
        let intended = transaction.intend(&steps);
        if intended.is_err() {
            steps = transaction.forgo(steps);
        }
        let mut done = Vec::new();
        let tell = |_: &_, result: &Result<(), Error>| done.push(result.is_ok());
        let result = transaction.perform(&steps, &Interrupt::never(), tell);
        let after = transaction.look()?;
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

    fn retry_in(&mut self, time: Duration) {
        self.retry = Some(Instant::now() + time);
    }
}
