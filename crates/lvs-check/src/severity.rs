// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says how bad a finding is.

use std::fmt;

use serde::Serialize;

/// A severity says how bad a finding is; the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Works now, and will not when something else happens.
    Warning,
    /// It may be an error, and may be none: what decides could not be read, or not be understood.
    Unread,
    /// Clients are or will be served wrongly or not at all.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Unread => "unread",
            Self::Error => "error",
        })
    }
}
