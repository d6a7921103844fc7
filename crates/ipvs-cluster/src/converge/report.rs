// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Error, ServiceKey};

use crate::apply::Applied;
use crate::plan::Plan;

/// Says how a convergence ended.
#[derive(Debug)]
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
pub enum Verdict {
    /// The table was read again.
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
    /// Says whether every step is made, and the table showed what is wanted.
    pub fn is_converged(&self) -> bool {
        let Self { applied, verdict, .. } = self;
        applied.is_complete() && matches!(verdict, Verdict::Read { left, .. } if left.is_empty())
    }
}
