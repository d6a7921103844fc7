// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the host, repairs what drifted, tells what is not ours.

mod record;
mod repair;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lvs_host::events::AddressNotice;
use lvs_host::state::{Claim, Version};

use super::backoff::Backoff;
use super::devices::Devices;
use super::glance::{Glance, NONE_LIKE_IT};
use super::judge::judge;
use super::log::{Level, Log};
use super::pace::Look;
use super::settings::Settings;
use crate::act::interrupt::Interrupt;
use crate::cli::{OnStop, RunArgs};
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Found, Journal, Store};
use crate::observe::{Anew, Questions};
use crate::transaction::{Host, set_up, take_down};

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
    /// What the last look found, until the next; `None` if it failed.
    known: Option<Facts>,
    /// What was heard of addresses since.
    notices: Vec<AddressNotice>,
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
            known: None,
            notices: Vec::new(),
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
        self.settings.look_again()?;
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
        Ok(self.seen.differs(&self.store))
    }

    /// Looks at everything or only at the addresses, and repairs. Tells what was looked at: all,
    /// where what else there is may not be what it was.
    pub(super) fn look(&mut self, look: Look) -> Look {
        self.retry = None;
        let mut told = BTreeSet::new();
        // From before the journal is read: one that is saved or damaged meanwhile is noticed.
        let version = self.store.version();
        let known = self.known.take().filter(|_| look == Look::Addresses && self.has_seen(version));
        let look = if known.is_some() { Look::Addresses } else { Look::Everything };
        // Of one that came or changed, more than its name is asked.
        let mut gone = std::mem::take(&mut self.notices);
        if !gone.iter().all(|notice| notice.is_gone) {
            gone.clear();
        }
        if let Err(error) = self.try_look(known, &gone, version, &mut told) {
            let (what, hint) = (error.to_string(), error.hints().join("; "));
            self.problem(&what, &hint);
            // What could not be looked at is not over.
            told.extend(self.told.iter().cloned());
            told.insert(what);
            self.retry_in(RETRY);
        }
        if self.ended {
            return look;
        }
        let over: Vec<&String> = self.told.difference(&told).collect();
        let fields = |what: &&String| vec![("what", (*what).clone())];
        self.log.each(Level::Info, "cleared", &over, |_| "", fields);
        self.told = told;
        look
    }

    /// Whether that version of the journal is the one that is known.
    fn has_seen(&self, version: Version) -> bool {
        version.is_some() && self.seen.is_of(version)
    }

    /// Reads the journal, looks and repairs. Of what is `known`, and with it the journal, only
    /// the addresses are looked at again.
    fn try_look(
        &mut self,
        known: Option<Facts>,
        gone: &[AddressNotice],
        mut version: Version,
        told: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        let is_whole = known.is_none();
        if is_whole {
            version = self.read_journal(version, told)?;
        }
        let Some(journal) = self.journal.as_ref().filter(|_| !self.ended) else { return Ok(()) };
        let mut facts = match known {
            Some(known) => self.host.observe_again(known, Anew { gone, settings: &[] })?,
            None => self.host.observe(&Questions::about(&journal.wanted))?,
        };
        let mut verdict = judge(journal, &facts);
        let remade = !self.devices.remade(&journal.changes, &facts).is_empty();
        if remade || !self.ready(verdict.steps.clone()).is_empty() {
            let Some(repaired) = self.repair(Some(facts).filter(|_| !is_whole))? else {
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
        if is_whole || !self.seen.is_of(version) {
            self.seen = Glance::of(journal, &facts, version);
        }
        self.known = Some(facts);
        self.tell(verdict, told);
        Ok(())
    }

    /// Finds the journal, or keeps what is known of it; sets the host up if it still waits for
    /// that. Gives the version of what was read.
    fn read_journal(
        &mut self,
        version: Version,
        told: &mut BTreeSet<String>,
    ) -> Result<Version, Error> {
        match self.store.load() {
            Ok(Found { journal: Some(journal), notice: None }) => {
                self.journal = Some(journal);
                self.unsaved = false;
            }
            Ok(Found { journal: None, .. }) if self.journal.is_some() => {
                self.journal_is_gone(told)?;
                return Ok(NONE_LIKE_IT);
            }
            Ok(Found { journal: None, .. }) => {
                // Still waiting for what the set-up needs.
                self.apply()?;
                let version = self.store.version();
                self.journal = self.recorded()?;
                return Ok(version);
            }
            Ok(Found { notice: Some(_), .. }) | Err(Error::Damaged { .. }) => {
                self.journal_is_damaged(told)?;
                return Ok(NONE_LIKE_IT);
            }
            Err(error) => return Err(error),
        }
        Ok(version)
    }

    fn retry_in(&mut self, time: Duration) {
        self.retry = Some(Instant::now() + time);
    }
}
