// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a rule says about a host.

use std::fmt;

use serde::Serialize;

use super::catalogue::{RULES, Rule};
use super::remedy::{Phase, Remedy};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id, for instance `RS-ARP-01`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What was read, and where.
    pub read: Vec<String>,
    /// Why it matters: what clients see.
    pub why: &'static str,
    /// Commands, or words where no command can know, in the order in which to run them.
    pub remedy: Vec<Remedy>,
}

impl Finding {
    /// A finding of that rule.
    #[must_use]
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        let why = RULES.iter().find(|known| known.id == rule).map_or("", |Rule { why, .. }| why);
        Self { rule, severity, message: message.into(), read: Vec::new(), why, remedy: Vec::new() }
    }

    /// Adds what was read.
    #[must_use]
    pub fn read(mut self, read: impl IntoIterator<Item = String>) -> Self {
        self.read.extend(read);
        self
    }

    /// Makes of an error or a warning that it cannot be judged, if there is a reason why not.
    /// Its remedy might take down what works: it is to be seen first whether anything is wrong.
    #[must_use]
    pub(super) fn unless(mut self, why: Option<String>) -> Self {
        let Some(why) = why else { return self };
        self.severity = Severity::Unread;
        self.message = format!("cannot be judged: {why}; otherwise {}", self.message);
        self.remedy.clear();
        self.words("see whether a client is served: if so, nothing is wrong here")
    }

    /// Adds words that help, where no command can know. No VIP waits for them.
    #[must_use]
    pub fn words(self, words: impl Into<String>) -> Self {
        self.steps([Remedy::words(Phase::Rest, words)])
    }

    /// Adds a command that helps, and when to run it.
    #[must_use]
    pub fn run(self, phase: Phase, command: impl Into<String>) -> Self {
        self.steps([Remedy::run(phase, command)])
    }

    /// Adds steps of the remedy.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedy.extend(steps);
        self
    }
}
