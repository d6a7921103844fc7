// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host as a transaction sees it.

use lvs_host::netlink::Netlink;

use crate::act::{self, interrupt::Interrupt};
use crate::error::Error;
use crate::facts::Facts;
use crate::observe::{Anew, Questions, observe, observe_again};
use crate::plan::{Action, Step};

/// A host can be looked at and changed.
pub trait Host {
    /// Looks at it: [`observe`].
    ///
    /// # Errors
    /// Something could not be read.
    fn observe(&self, questions: &Questions) -> Result<Facts, Error>;

    /// Looks again at some of it: [`observe_again`].
    ///
    /// # Errors
    /// Something could not be read.
    fn observe_again(&self, facts: Facts, what: Anew<'_>) -> Result<Facts, Error>;

    /// Makes changes, and hands each one tried to `tell`: [`act::perform`].
    ///
    /// # Errors
    /// The first failure.
    fn perform(
        &self,
        steps: &[Step],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Action, &Result<(), Error>),
    ) -> Result<(), Error>;

    /// Takes changes back, last first: [`act::undo::take_back`].
    ///
    /// # Errors
    /// The action that could not be taken back.
    fn take_back(&self, done: Vec<Action>) -> Result<(), Error>;
}

/// The host that the program runs on.
impl Host for Netlink {
    fn observe(&self, questions: &Questions) -> Result<Facts, Error> {
        observe(self, questions)
    }

    fn observe_again(&self, facts: Facts, what: Anew<'_>) -> Result<Facts, Error> {
        observe_again(self, facts, what)
    }

    fn perform(
        &self,
        steps: &[Step],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Action, &Result<(), Error>),
    ) -> Result<(), Error> {
        act::perform(self, steps, interrupt, tell)
    }

    fn take_back(&self, done: Vec<Action>) -> Result<(), Error> {
        act::undo::take_back(self, done)
    }
}
