// SPDX-License-Identifier: MIT OR Apache-2.0
//! How certain it is that a rule is for a packet.

use std::ops::Not;

/// A match says whether a rule, or a condition of it, is for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// For others only.
    No,
    /// It depends on a protocol or a port that nobody asked about.
    Unasked,
    /// It depends on what is not known, or not understood.
    Unknown,
    /// For all of them.
    Yes,
}

impl Not for Match {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            other => other,
        }
    }
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}
