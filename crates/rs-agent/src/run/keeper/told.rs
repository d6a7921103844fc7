// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the keeper tells: in the log, and to the service manager.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use lvs_host::events::{AddressNotice, Heard, MOST_ADDRESSES};

use super::Keeper;
use crate::mode::Mode;
use crate::output::{ChangeReport, StepReport};
use crate::plan::Step;
use crate::run::backoff::Again;
use crate::run::judge::Verdict;
use crate::run::log::Level;
use crate::run::pace::Look;
use crate::run::suspects;

/// Lost notices are told once in this time.
const LOST: Duration = Duration::from_secs(10);
/// So many names of processes that change the network are remembered.
const NAMES: usize = 8;

impl Keeper {
    /// One line for `systemctl status`.
    pub(in crate::run) fn status(&self) -> String {
        let keeping = match &self.journal {
            Some(journal) if journal.wanted.vips.is_empty() => journal.wanted.mode.to_string(),
            Some(journal) => format!("{} {}", journal.wanted.mode, some(&journal.wanted.vips)),
            None => "nothing yet".to_owned(),
        };
        let waiting = self.waiting.as_ref();
        let wrong = self.told.len() + waiting.map_or(0, |(count, _)| *count);
        let first = self.told.first().or(waiting.map(|(_, first)| first));
        lvs_term::printable(&match first {
            None => format!("keeping {keeping}"),
            Some(first) => format!("keeping {keeping}; {wrong} wrong: {first}"),
        })
    }

    /// What a report says was done.
    pub(in crate::run) fn log_steps(&self, event: &str, report: &ChangeReport) {
        let fields = |step: &StepReport| {
            vec![("command", step.command()), ("reason", step.reason.to_owned())]
        };
        self.log.each(Level::Info, event, &report.steps, |step| step.reason, fields);
        for notes in [&report.notes, &report.warnings] {
            let fields = |note: &String| vec![("note", note.clone())];
            self.log.each(Level::Warning, event, notes, |_| "", fields);
        }
        if let Some(why) = &report.nothing_to_do {
            self.log.event(Level::Info, event, &[("nothing-to-do", why)]);
        }
    }

    /// Remembers who asks for changes while they can still be named, and says what has to be
    /// looked at for what was heard.
    pub(in crate::run) fn heard(&mut self, heard: &Heard) -> Option<Look> {
        if heard.lost {
            self.lost.1 += 1;
            self.tell_lost(Instant::now());
        }
        for name in heard.askers.iter().filter_map(|&port| suspects::name_of(port)) {
            self.askers.retain(|known| *known != name);
            self.askers.push(name);
        }
        let old = self.askers.len().saturating_sub(NAMES);
        self.askers.drain(..old);
        // A VIP that comes or goes changes no interface, no route to others and no setting. In
        // mode nat they are the director's.
        let wanted = self.journal.as_ref().map(|journal| &journal.wanted);
        let wanted = wanted.filter(|wanted| wanted.mode != Mode::Nat && self.known.is_some());
        let is_vip =
            |notice: &AddressNotice| wanted.is_some_and(|wanted| wanted.vips.contains(&notice.ip));
        let look = match heard.addresses.as_slice() {
            _ if heard.changed => Some(Look::Everything),
            [] => None,
            notices if notices.iter().all(is_vip) => Some(Look::Addresses),
            _ => Some(Look::Everything),
        };
        for notice in heard.addresses.iter().filter(|_| look == Some(Look::Addresses)) {
            if !self.notices.contains(notice) {
                self.notices.push(*notice);
            }
        }
        // Of more it is not asked one by one.
        let are_many = self.notices.len() > MOST_ADDRESSES;
        look.map(|look| if are_many { Look::Everything } else { look })
    }

    /// One that is told makes the others wait: under a flood there are ten in a second.
    fn tell_lost(&mut self, now: Instant) {
        let (told, count) = self.lost;
        if count == 0 || told.is_some_and(|told| now.duration_since(told) < LOST) {
            return;
        }
        let what = "notices of the kernel were lost: looking at everything";
        let fields = [("what", what), ("count", &*count.to_string())];
        self.log.event(Level::Warning, "lost-notices", &fields);
        self.lost = (Some(now), 0);
    }

    /// Tells, once a second, what had to wait to be told.
    pub(in crate::run) fn tell_late(&mut self) {
        self.tell_lost(Instant::now());
        self.log.tell_dropped();
    }

    /// What is not as wanted, or not ours; and when what is left may be repaired.
    pub(super) fn tell(&mut self, verdict: Verdict, told: &mut BTreeSet<String>) {
        let known = |what: &String| self.told.contains(what);
        let refusals: Vec<(String, String)> =
            verdict.refusals.iter().map(|it| (it.to_string(), it.hint())).collect();
        let new: Vec<_> = refusals.iter().filter(|(what, _)| !known(what)).collect();
        let fields =
            |(what, hint): &&(String, String)| vec![("what", what.clone()), ("hint", hint.clone())];
        self.log.each(Level::Error, "problem", &new, |_| "", fields);
        let new: Vec<_> = verdict.not_ours.iter().filter(|what| !known(what)).collect();
        let fields = |what: &&String| {
            vec![("what", (*what).clone()), ("hint", "it is left as it is".to_owned())]
        };
        self.log.each(Level::Warning, "not-ours", &new, |_| "", fields);
        told.extend(refusals.into_iter().map(|(what, _)| what));
        told.extend(verdict.not_ours);

        let first = verdict.steps.first().map(|step| format!("missing: {}", step.action));
        self.waiting = first.map(|first| (verdict.steps.len(), first));
        if self.waiting.is_some() {
            let waits =
                verdict.steps.iter().filter_map(|s| self.backoff.not_before(&s.action.change));
            let now = Instant::now();
            self.retry = Some(waits.min().unwrap_or(now).max(now));
        }
    }

    /// Counts and tells the steps that were tried, in their order: one that failed may be
    /// among those done.
    pub(super) fn repaired(&mut self, steps: &[Step], done: &[bool]) {
        let now = Instant::now();
        self.backoff.forget(now);
        let (mut repaired, mut again) = (Vec::new(), Vec::new());
        for (step, done) in steps.iter().zip(done) {
            let waits = self.backoff.repaired(&step.action.change, now);
            if *done {
                repaired.push(step);
                again.extend(waits.map(|waits| (step, waits)));
            }
        }
        let fields = |step: &&Step| {
            vec![("command", step.action.to_string()), ("reason", step.reason.to_owned())]
        };
        self.log.each(Level::Warning, "repaired", &repaired, |step| step.reason, fields);
        let fields = |(step, again): &(&Step, Again)| {
            let mut suspects = suspects::of(&step.action.change, &self.askers).join("; ");
            if suspects.is_empty() {
                suspects = "nobody known: see what else on this host sets it".to_owned();
            }
            vec![
                ("command", step.action.to_string()),
                ("repairs", again.repairs.to_string()),
                ("next-in-seconds", again.wait.as_secs().to_string()),
                ("suspects", suspects),
            ]
        };
        self.log.each(Level::Error, "undone-again", &again, |(step, _)| step.reason, fields);
    }

    pub(super) fn problem(&self, what: &str, hint: &str) {
        if !self.told.contains(what) {
            self.log.event(Level::Error, "problem", &[("what", what), ("hint", hint)]);
        }
    }
}

/// The first ones, and how many more there are.
fn some(vips: &[IpAddr]) -> String {
    lvs_term::few(vips, 8)
}
