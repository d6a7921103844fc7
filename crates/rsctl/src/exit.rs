// SPDX-License-Identifier: MIT OR Apache-2.0

use std::process::ExitCode;

use lvs_term::exit;

/// Names the exit codes of `rsctl`, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done, or there was nothing to do.
    Done,
    /// 1: the kernel refused, part of it could not be done, or the answer was no.
    Failed,
    /// 2: bad usage or bad input; nothing was changed.
    Usage,
    /// 3: a dry run found something to change.
    Pending,
    /// 4: another `rsctl` was changing the table for too long; nothing was changed.
    Locked,
    /// 5: what was to be added is there already; nothing was changed.
    There,
    /// 6: the service, server or daemon that the command is about is not there; nothing was
    /// changed.
    NotThere,
}

impl Exit {
    /// Returns its number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => exit::DONE,
            Self::Failed => exit::FAILED,
            Self::Usage => exit::USAGE,
            Self::Pending => 3,
            Self::Locked => 4,
            Self::There => 5,
            Self::NotThere => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
