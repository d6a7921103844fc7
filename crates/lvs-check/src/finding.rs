// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what a rule says about a host.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::remedy::{Phase, Remedy};
use crate::rule::Rule;
use crate::severity::Severity;

/// A finding says one thing that a rule found about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, which also tells why it matters.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What was read, and where.
    pub read: Vec<String>,
    /// Commands, or words where no command can know, in the order in which to run them.
    pub remedy: Vec<Remedy>,
}

/// As an object with the rule's id and with why it matters.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Finding", 6)?;
        object.serialize_field("rule", &self.rule.id)?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("read", &self.read)?;
        object.serialize_field("why", self.rule.why)?;
        object.serialize_field("remedy", &self.remedy)?;
        object.end()
    }
}

impl Finding {
    /// Says what to do first about what cannot be judged: nobody is to take down what works.
    pub const SEE_FIRST: &'static str =
        "see whether a client is served: if so, nothing is wrong here";

    /// Returns a finding of that rule.
    #[must_use]
    pub fn new(rule: &'static Rule, severity: Severity, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { rule, severity, message, read: Vec::new(), remedy: Vec::new() }
    }

    /// Adds what was read.
    #[must_use]
    pub fn read(mut self, read: impl IntoIterator<Item = String>) -> Self {
        self.read.extend(read);
        self
    }

    /// Says of an error or a warning that it cannot be judged, if there is a reason why not.
    /// Its remedy might take down what works: it is to be seen first whether anything is wrong.
    #[must_use]
    pub fn unless(mut self, why: Option<String>) -> Self {
        let Some(why) = why else { return self };
        self.severity = Severity::Unread;
        self.message = format!("cannot be judged: {why}; otherwise {}", self.message);
        self.remedy.clear();
        self.words(Self::SEE_FIRST)
    }

    /// Adds words that help, where no command can know. No VIP waits for them.
    #[must_use]
    pub fn words(self, words: impl Into<String>) -> Self {
        self.steps([Remedy::words(Phase::Rest, words)])
    }

    /// Adds a command that helps, and when to run it.
    #[must_use]
    pub fn command(self, phase: Phase, command: impl Into<String>) -> Self {
        self.steps([Remedy::command(phase, command)])
    }

    /// Adds steps of the remedy.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedy.extend(steps);
        self
    }
}
