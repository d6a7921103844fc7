// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the host, repairs what drifted, tells what is not ours.

mod record;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::{connect, list, load, questions};
use super::glance::{Glance, NONE_LIKE_IT};
use super::settings::Settings;
use super::{setup, teardown};
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::act::netlink::Netlink;
use crate::cli::{OnStop, RunArgs};
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Found, Journal, Sole, Store};
use crate::observe::observe;
use crate::output::ChangeReport;
use crate::plan::{Change, Step};
use crate::run::backoff::Backoff;
use crate::run::devices::Devices;
use crate::run::events::Heard;
use crate::run::judge::{judge, ready};
use crate::run::log::{Level, Log};
use crate::run::suspects;

/// After a failure it tries again, as something that has no notice may have changed.
const RETRY: Duration = Duration::from_secs(1);
/// So many names of processes that change the network are remembered.
const NAMES: usize = 8;

pub(super) struct Keeper {
    settings: Settings,
    store: Store,
    sole: Sole,
    state_dir: PathBuf,
    net: Netlink,
    log: Log,
    /// As last seen: what is kept if the file gets lost.
    journal: Option<Journal>,
    devices: Devices,
    backoff: Backoff,
    /// Problems that were told and are not over.
    told: BTreeSet<String>,
    askers: Vec<String>,
    retry: Option<Instant>,
    seen: Glance,
    ended: bool,
}

impl Keeper {
    pub(super) fn new(
        settings: Settings,
        store: Store,
        sole: Sole,
        state_dir: &Path,
        log: Log,
    ) -> Result<Self, Error> {
        Ok(Self {
            settings,
            store,
            sole,
            state_dir: state_dir.to_owned(),
            net: connect()?,
            log,
            journal: None,
            devices: Devices::default(),
            backoff: Backoff::default(),
            told: BTreeSet::new(),
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

    /// One line for `systemctl status`.
    pub(super) fn status(&self) -> String {
        let keeping = match &self.journal {
            Some(journal) if journal.wanted.vips.is_empty() => journal.wanted.mode.to_string(),
            Some(journal) => format!("{} {}", journal.wanted.mode, list(&journal.wanted.vips)),
            None => "nothing yet".to_owned(),
        };
        match self.told.first() {
            None => format!("keeping {keeping}"),
            Some(first) => format!("keeping {keeping}; {} wrong: {first}", self.told.len()),
        }
    }

    /// The set-up. What a host that is still starting does not have yet is waited for.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        match self.apply() {
            Err(Error::Refused(refusal)) if refusal.may_pass() && self.recorded()?.is_none() => {
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
            true => self.recorded()?.map(|journal| journal.wanted.vips).unwrap_or_default(),
            false => Vec::new(),
        };
        let gone: Vec<IpAddr> =
            have.into_iter().filter(|vip| !request.vips.contains(vip)).collect();
        let report = setup::add(request, &gone, false, &self.state_dir, Interrupt::never)?;
        self.log_steps("set-up", &report);
        if !gone.is_empty() {
            let report = teardown::carry_out(&gone, false, &self.state_dir, Interrupt::never)?;
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

    /// What a report says was done, one event each.
    pub(super) fn log_steps(&self, event: &str, report: &ChangeReport) {
        for step in &report.steps {
            let fields = [("command", step.command.as_str()), ("reason", step.reason)];
            self.log.event(Level::Info, event, &fields);
        }
        for note in report.notes.iter().chain(&report.warnings) {
            self.log.event(Level::Warning, event, &[("note", note)]);
        }
        if let Some(why) = &report.nothing_to_do {
            self.log.event(Level::Info, event, &[("nothing-to-do", why)]);
        }
    }

    /// Remembers who asks for changes while they can still be named.
    pub(super) fn heard(&mut self, heard: &Heard) {
        if heard.lost {
            let what = "notices of the kernel were lost: looking at everything";
            self.log.event(Level::Warning, "lost-notices", &[("what", what)]);
        }
        for name in heard.askers.iter().filter_map(|&port| suspects::name_of(port)) {
            self.askers.retain(|known| *known != name);
            self.askers.push(name);
        }
        let old = self.askers.len().saturating_sub(NAMES);
        self.askers.drain(..old);
    }

    /// Whether anything without a notice has changed. Reads a file or two.
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
        for over in self.told.difference(&told) {
            self.log.event(Level::Info, "cleared", &[("what", over)]);
        }
        self.told = told;
    }

    fn try_look(&mut self, told: &mut BTreeSet<String>) -> Result<(), Error> {
        match self.store.load() {
            Ok(Found { journal: Some(journal), notice: None }) => self.journal = Some(journal),
            Ok(Found { journal: None, .. }) if self.journal.is_some() => {
                return self.journal_is_gone();
            }
            Ok(Found { journal: None, .. }) => {
                // Still waiting for what the set-up needs.
                self.apply()?;
                self.journal = self.recorded()?;
            }
            Ok(Found { notice: Some(_), .. }) | Err(Error::Damaged { .. }) => {
                self.journal_is_damaged(told)?;
            }
            Err(error) => return Err(error),
        }
        let Some(journal) = &self.journal else { return Ok(()) };
        let facts = observe(&self.net, &questions(&journal.wanted))?;
        let remade = !self.devices.remade(&journal.changes, &facts).is_empty();
        if remade || self.now(journal, &facts).next().is_some() {
            self.repair()?;
        }
        // Whatever comes next is done by whoever asks from now on.
        self.askers.clear();
        // What is told is the state after the repair.
        let mut version = self.store.version();
        match load(&self.store, &self.net) {
            Ok(Found { journal, notice }) => {
                self.journal = journal.or_else(|| self.journal.take());
                if notice.is_some() {
                    version = NONE_LIKE_IT;
                }
            }
            Err(Error::Damaged { .. }) => version = NONE_LIKE_IT,
            Err(error) => return Err(error),
        }
        let Some(journal) = self.journal.clone() else { return Ok(()) };
        let facts = observe(&self.net, &questions(&journal.wanted))?;
        self.devices.remember(&journal.changes, &facts, false);
        let verdict = judge(&journal, &facts);
        let waits = verdict.steps.iter().filter_map(|s| self.backoff.not_before(&s.action.change));
        let next = waits.min();
        let left: Vec<String> =
            verdict.steps.iter().map(|step| format!("missing: {}", step.action)).collect();
        self.seen = Glance::of(&journal, &facts, version);
        for refusal in &verdict.refusals {
            self.problem(&refusal.to_string(), &refusal.hint());
            told.insert(refusal.to_string());
        }
        for what in verdict.not_ours {
            if !self.told.contains(&what) {
                let fields = [("what", what.as_str()), ("hint", "it is left as it is")];
                self.log.event(Level::Warning, "not-ours", &fields);
            }
            told.insert(what);
        }
        if !left.is_empty() {
            told.extend(left);
            let now = Instant::now();
            self.retry = Some(next.unwrap_or(now).max(now));
        }
        Ok(())
    }

    /// The steps that are due now.
    fn now(&self, journal: &Journal, facts: &Facts) -> std::vec::IntoIter<Step> {
        let now = Instant::now();
        let held = |change: &Change| self.backoff.not_before(change).is_some_and(|at| at > now);
        ready(judge(journal, facts).steps, held).into_iter()
    }

    fn repair(&mut self) -> Result<(), Error> {
        let _lock = self.store.lock()?;
        // Whoever held the lock may have changed both.
        let Some(before) = self.recorded()? else { return Ok(()) };
        let facts = observe(&self.net, &questions(&before.wanted))?;
        let mut journal = before.clone();
        for name in self.devices.remade(&before.changes, &facts) {
            let what = format!("{name} was made anew by somebody: it is theirs now");
            self.log.event(Level::Warning, "not-ours", &[("what", &what)]);
            journal.disown(&name);
            self.devices.forget(&name);
        }
        let mut steps: Vec<Step> = self.now(&journal, &facts).collect();
        act::preflight(&steps)?;
        journal.intend(steps.iter().map(|step| step.action.change.clone()));
        let mut saved = if journal == before { Ok(()) } else { self.store.save(&journal) };
        if saved.is_err() {
            // What the journal knows already can be made again without a word in it.
            journal = before;
            let known = |step: &Step| {
                let mut known = journal.changes.iter();
                known.any(|change| change.same_target(&step.action.change))
            };
            steps.retain(known);
        }
        let mut done = Vec::new();
        let tell = |_: &_, result: &Result<(), Error>| done.push(result.is_ok());
        let result = act::perform(&self.net, &steps, &Interrupt::never(), tell);
        let after = observe(&self.net, &questions(&journal.wanted))?;
        let unconfirmed = journal.clone();
        journal.confirm_tags(&after);
        if journal != unconfirmed && saved.is_ok() {
            saved = self.store.save(&journal);
        }
        self.devices.remember(&journal.changes, &after, true);
        self.journal = Some(journal);
        // Each one that was tried, in their order: one that failed may be among those done.
        for (step, done) in steps.iter().zip(done) {
            match done {
                true => self.repaired(step),
                false => drop(self.backoff.repaired(&step.action.change, Instant::now())),
            }
        }
        result.and(saved)
    }

    fn repaired(&mut self, step: &Step) {
        let command = step.action.to_string();
        let change = &step.action.change;
        let fields = [("command", command.as_str()), ("reason", step.reason)];
        self.log.event(Level::Warning, "repaired", &fields);
        if let Some(again) = self.backoff.repaired(change, Instant::now()) {
            let (repairs, wait) = (again.repairs.to_string(), again.wait.as_secs().to_string());
            let mut suspects = suspects::of(change, &self.askers).join("; ");
            if suspects.is_empty() {
                suspects = "nobody known: see what else on this host sets it".to_owned();
            }
            let fields = [
                ("command", command.as_str()),
                ("repairs", &repairs),
                ("next-in-seconds", &wait),
                ("suspects", &suspects),
            ];
            self.log.event(Level::Error, "undone-again", &fields);
        }
    }

    fn problem(&self, what: &str, hint: &str) {
        if !self.told.contains(what) {
            self.log.event(Level::Error, "problem", &[("what", what), ("hint", hint)]);
        }
    }

    fn retry_in(&mut self, time: Duration) {
        self.retry = Some(Instant::now() + time);
    }
}
