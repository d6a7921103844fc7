// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the host, repairs what drifted, tells what is not ours.

mod told;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::{connect, questions};
use super::glance::{Glance, Version};
use super::settings::Settings;
use super::{setup, teardown};
use crate::act;
use crate::act::netlink::Netlink;
use crate::cli::{OnStop, RunArgs};
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Journal, Store};
use crate::observe::observe;
use crate::plan::{Change, Step};
use crate::run::backoff::Backoff;
use crate::run::devices::Devices;
use crate::run::judge::{judge, ready};
use crate::run::log::{Level, Log};

/// After a failure it tries again, as something that has no notice may have changed.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Keeper {
    settings: Settings,
    store: Store,
    state_dir: PathBuf,
    net: Netlink,
    log: Log,
    /// As last seen: what is kept if the file gets lost.
    journal: Option<Journal>,
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
        state_dir: &Path,
        log: Log,
    ) -> Result<Self, Error> {
        Ok(Self {
            settings,
            store,
            state_dir: state_dir.to_owned(),
            net: connect()?,
            log,
            journal: None,
            devices: Devices::default(),
            backoff: Backoff::default(),
            told: BTreeSet::new(),
            waiting: None,
            lost: (None, 0),
            askers: Vec::new(),
            retry: None,
            seen: Glance::default(),
            ended: false,
        })
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

    /// The set-up. What a host that is still starting does not have yet is waited for.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        match self.apply() {
            Err(Error::Refused(refusal)) if refusal.may_pass() && self.store.load()?.is_none() => {
                let hint = refusal.hint();
                self.problem(&refusal.to_string(), &hint);
                self.told.insert(refusal.to_string());
                Ok(())
            }
            result => result,
        }
    }

    /// Makes the host what the settings say: first what is new, then what is no more.
    fn apply(&mut self) -> Result<(), Error> {
        let Some(request) = &self.settings.request else { return Ok(()) };
        let have = match self.settings.whole {
            true => self.store.load()?.map(|journal| journal.wanted.vips).unwrap_or_default(),
            false => Vec::new(),
        };
        let gone: Vec<IpAddr> =
            have.into_iter().filter(|vip| !request.vips.contains(vip)).collect();
        let report = setup::add(request, &gone, false, &self.state_dir)?;
        self.log_steps("set-up", &report);
        if !gone.is_empty() {
            let report = teardown::carry_out(&gone, false, &self.state_dir)?;
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

    /// Whether anything without a notice has changed. Reads a file or two.
    pub(super) fn glance(&self) -> bool {
        self.seen.again(&self.store) != self.seen
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
        // From before the journal is read: one that is saved meanwhile is noticed.
        let mut version = self.store.version();
        match self.store.load()? {
            Some(journal) => self.journal = Some(journal),
            None if self.journal.is_some() => return self.journal_is_gone(),
            None => {
                // Still waiting for what the set-up needs.
                self.apply()?;
                version = self.store.version();
                self.journal = self.store.load()?;
            }
        }
        let Some(journal) = &self.journal else { return Ok(()) };
        let mut facts = observe(&self.net, &questions(&journal.wanted))?;
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
        let held = |change: &Change| self.backoff.not_before(change).is_some_and(|at| at > now);
        ready(steps, held)
    }

    /// Repairs what is due, and gives what the host is after that, and the journal's version.
    /// `None`: there is no journal any more.
    fn repair(&mut self) -> Result<Option<(Facts, Version)>, Error> {
        let lock = self.store.lock()?;
        // Whoever held the lock may have changed both.
        let Some(before) = self.store.load()? else { return Ok(None) };
        let facts = observe(&self.net, &questions(&before.wanted))?;
        let mut journal = before.clone();
        for name in self.devices.remade(&before.changes, &facts) {
            let what = format!("{name} was made anew by somebody: it is theirs now");
            self.log.event(Level::Warning, "not-ours", &[("what", &what)]);
            journal.disown(&name);
            self.devices.forget(&name);
        }
        let steps = self.ready(judge(&journal, &facts).steps);
        act::preflight(&steps)?;
        journal.intend(steps.iter().map(|step| step.action.change.clone()));
        if journal != before {
            self.store.save(&journal)?;
        }
        let mut done = Vec::new();
        let result = act::perform(&self.net, &steps, |_, result| done.push(result.is_ok()));
        let after = observe(&self.net, &questions(&journal.wanted))?;
        let saved = journal.clone();
        journal.confirm_tags(&after);
        if journal != saved {
            self.store.save(&journal)?;
        }
        let version = self.store.version();
        // Nobody has to wait for what is told.
        drop(lock);
        self.devices.remember(&journal.changes, &after, true);
        self.journal = Some(journal);
        self.repaired(&steps, &done);
        result.map(|()| Some((after, version)))
    }

    /// `teardown` removes the journal last; if what it tells of is still there, somebody
    /// else has removed it.
    fn journal_is_gone(&mut self) -> Result<(), Error> {
        let _lock = self.store.lock()?;
        let Some(journal) = &self.journal else { return Ok(()) };
        if self.store.load()?.is_some() {
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

    fn retry_in(&mut self, time: Duration) {
        self.retry = Some(Instant::now() + time);
    }
}
