// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Error, ServiceKey};

use crate::apply::{Applied, Fate};
use crate::plan::{Plan, Step};

/// Says how a convergence ended.
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub struct Report {
    /// What was to be done.
    pub plan: Plan,
    /// What became of it.
    pub applied: Applied,
    /// What the table showed then.
    pub verdict: Verdict,
}

/// Says what the table showed when the steps were made.
#[derive(Debug)]
#[must_use]
pub enum Verdict {
    /// What [`Verify`](super::Verify) asks for was read again.
    #[non_exhaustive]
    Read {
        /// The steps that are left: what differs from what is wanted.
        left: Plan,
        /// Services whose servers hash by another order than wanted ([`reordered`](crate::reordered())).
        reordered: Vec<ServiceKey>,
    },
    /// The table could not be read again.
    Unread(Error),
    /// It was not read again: the caller ended the steps before their end.
    Stopped,
}

impl Report {
    /// Returns each step of the plan and what became of it.
    pub fn steps(&self) -> impl Iterator<Item = (&Step, &Fate)> {
        self.plan.steps().iter().zip(&self.applied.fates)
    }

    /// Says whether every step is made, and what was read again is as wanted: with
    /// [`Verify::Changed`](super::Verify::Changed), what the steps touched. What others have
    /// outside the [scope](crate::Scope) of what is wanted plays no part in it.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        let Self { applied, verdict, .. } = self;
        applied.is_complete() && matches!(verdict, Verdict::Read { left, .. } if left.is_empty())
    }
}
