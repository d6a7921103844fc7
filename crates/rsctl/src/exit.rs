// SPDX-License-Identifier: MIT OR Apache-2.0

/// The exit codes of `rsctl`, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done, or there was nothing to do.
    Done,
    /// 1: the kernel refused, something was not there, or the answer was no.
    Failed,
    /// 2: bad usage or bad input; nothing was changed.
    Usage,
    /// 3: a dry run found something to change.
    Pending,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Pending => 3,
        }
    }
}
