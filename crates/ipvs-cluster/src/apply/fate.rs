// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Error;

/// Says what became of a plan.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct Applied {
    /// What became of each step, in the order of the plan.
    pub fates: Vec<Fate>,
    /// Why the conversation with the kernel ended early, if it did.
    pub broke: Option<Error>,
    /// Whether a step met what somebody else had done since the table was read: it
    /// may stand well all the same.
    pub met_others: bool,
}

/// Says what became of a step.
#[derive(Debug)]
#[must_use]
pub enum Fate {
    /// It is made, or somebody else had made it.
    Done,
    /// The kernel refused it.
    ///
    /// Kept apart: a large plan has many fates, and few of this kind.
    Failed(Box<Error>),
    /// Its answer was lost: the table has to be read to know.
    Unknown,
    /// It was not sent.
    NotTried(Because),
}

/// Says because of what a step was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// The step in this place of the plan failed.
    Failed(usize),
    /// The conversation with the kernel ended ([`Applied::broke`]).
    Broke,
    /// The caller ended it.
    Stopped,
}

/// Says how far the failure of a step reaches.
///
/// Either way the steps of the same phase that travel with it are made, and none of a later
/// phase takes away what the failed one should have replaced.
/// A scheduler that the kernel does not have is asked for once: what else needs it is not tried,
/// nor the servers of such a service ([`Because::Failed`] has the place of the step that failed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Nothing of a later phase is tried: for a table that is wanted as a whole.
    StopAll,
    /// Nothing more of its own service is tried, or of its own daemon, and all else goes on: for
    /// a table whose services have nothing to do with one another.
    StopService,
}

impl Applied {
    /// Says whether every step is made.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.fates.iter().all(|fate| matches!(fate, Fate::Done))
    }

    /// Says whether the kernel acknowledged every step as it was planned. What the plan
    /// made anew is known then: nobody else had a hand in it before.
    #[must_use]
    pub fn is_as_planned(&self) -> bool {
        self.is_complete() && !self.met_others
    }

    /// Says whether the caller ended it before its end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.fates.iter().any(|fate| matches!(fate, Fate::NotTried(Because::Stopped)))
    }
}
