// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host that is what a test wrote down, look after look, and notes what it is asked.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::rc::Rc;

use lvs_host::SysctlKey;

use super::Host;
use crate::act::interrupt::Interrupt;
use crate::error::Error;
use crate::facts::{Address, Facts, Link, host_prefix};
use crate::journal::Store;
use crate::mode::Mode;
use crate::observe::{Anew, Questions};
use crate::plan::{ADDRESS_TAG, Action, Change, Step, Target};
use crate::request::{Request, Typed};
use crate::wanted::Wanted;

const VIPS: [&str; 2] = ["192.0.2.10", "203.0.113.10"];

/// What it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Look,
    /// Whether so many addresses are gone, or if none are, at all of them; and at so many
    /// settings.
    Again {
        gone: usize,
        settings: usize,
    },
    /// To make so many changes, of which the journal knew so many.
    Make {
        changes: usize,
        known: usize,
    },
    TakeBack(usize),
}

pub(crate) struct Script {
    pub(crate) store: Store,
    looks: RefCell<VecDeque<Facts>>,
    /// After so many changes the next one fails.
    fails_after: usize,
    asked: RefCell<Vec<Asked>>,
}

impl Script {
    pub(crate) fn new(state: &Path, looks: impl IntoIterator<Item = Facts>) -> Self {
        Self {
            store: Store::new(state).unwrap(),
            looks: RefCell::new(looks.into_iter().collect()),
            fails_after: usize::MAX,
            asked: RefCell::default(),
        }
    }

    pub(crate) fn failing_after(mut self, changes: usize) -> Self {
        self.fails_after = changes;
        self
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }
}

impl Host for Script {
    fn observe(&self, _: &Questions) -> Result<Facts, Error> {
        self.asked.borrow_mut().push(Asked::Look);
        Ok(self.looks.borrow_mut().pop_front().expect("no more looks than the test expects"))
    }

    fn observe_again(&self, mut facts: Facts, what: Anew<'_>) -> Result<Facts, Error> {
        let Anew { gone, settings } = what;
        self.asked.borrow_mut().push(Asked::Again { gone: gone.len(), settings: settings.len() });
        let now = self.looks.borrow_mut().pop_front();
        let now = now.expect("no more looks than the test expects");
        facts.addresses = now.addresses;
        for key in settings {
            facts.sysctls.extend(now.sysctls.get(key).map(|value| (key.clone(), *value)));
        }
        Ok(facts)
    }

    fn perform(
        &self,
        steps: &[Step],
        _: &Interrupt,
        tell: &mut dyn FnMut(&Action, &Result<(), Error>),
    ) -> Result<(), Error> {
        let recorded = self.store.load().unwrap().journal;
        let recorded: Vec<Change> = recorded.map(|journal| journal.changes).unwrap_or_default();
        let recorded: HashSet<Target<'_>> = recorded.iter().map(Change::target).collect();
        let is_known = |step: &&Step| recorded.contains(&step.action.change.target());
        let known = steps.iter().filter(is_known).count();
        self.asked.borrow_mut().push(Asked::Make { changes: steps.len(), known });
        for (at, step) in steps.iter().enumerate() {
            let fails = at == self.fails_after;
            tell(&step.action, &if fails { Err(Error::Failpoint(at)) } else { Ok(()) });
            if fails {
                return Err(Error::Failpoint(at));
            }
        }
        Ok(())
    }

    fn take_back(&self, done: Vec<Action>) -> Result<(), Error> {
        self.asked.borrow_mut().push(Asked::TakeBack(done.len()));
        Ok(())
    }
}

impl Host for Rc<Script> {
    fn observe(&self, questions: &Questions) -> Result<Facts, Error> {
        self.as_ref().observe(questions)
    }

    fn observe_again(&self, facts: Facts, what: Anew<'_>) -> Result<Facts, Error> {
        self.as_ref().observe_again(facts, what)
    }

    fn perform(
        &self,
        steps: &[Step],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Action, &Result<(), Error>),
    ) -> Result<(), Error> {
        self.as_ref().perform(steps, interrupt, tell)
    }

    fn take_back(&self, done: Vec<Action>) -> Result<(), Error> {
        self.as_ref().take_back(done)
    }
}

/// Two VIPs on `lo`.
pub(crate) fn wanted() -> Wanted {
    let vips = VIPS.map(str::to_owned);
    let request = Request::check(Mode::Dr, &Typed { vips: &vips, ..Typed::default() }).unwrap();
    Wanted::resolve(&request, None, &bare()).unwrap()
}

/// A host before its set-up.
pub(crate) fn bare() -> Facts {
    host(0, 0)
}

/// The same host behind its set-up.
pub(crate) fn set_up() -> Facts {
    let mut facts = host(1, 2);
    facts.addresses = VIPS
        .map(|vip| {
            let ip = vip.parse().unwrap();
            Address { tag: Some(ADDRESS_TAG), ..Address::new("lo", ip, host_prefix(ip), "host") }
        })
        .to_vec()
        .into();
    facts
}

fn host(arp_ignore: i32, arp_announce: i32) -> Facts {
    let link = |name: &str, arp| Link { name: name.into(), up: true, arp, ..Link::default() };
    let settings = [("arp_ignore", arp_ignore), ("arp_announce", arp_announce)];
    Facts {
        links: vec![link("lo", false), link("eth0", true)],
        sysctls: settings.map(|(name, value)| (SysctlKey::ipv4("all", name), value)).into(),
        ..Facts::default()
    }
}
