// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says what helps against a finding.

use serde::{Serialize, Serializer};

/// A phase is a part of all remedies together: each comes when those before it are through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Devices and UDP ports. Alone they do nothing; settings and VIPs need their device. One
    /// that is in the way of another goes, with the VIPs on it.
    Devices,
    /// Settings that hide VIPs or let packets for them in, and proxies that end. A VIP that is
    /// there one moment without them is answered for, and caches keep such an answer.
    Settings,
    /// Devices that were down go up, with the settings that count then.
    Up,
    /// VIPs come to where they belong.
    Add,
    /// VIPs go from where they do not belong: they are served at the right place by then.
    Remove,
    /// Settings that hide more than is needed. Nothing is left by then that only they hide.
    Relax,
    /// What no VIP waits for: routes, the firewall, files, and what only words can tell.
    Rest,
    /// Neighbours are told where the VIP is, once this host is silent about it.
    Announce,
}

/// An instruction says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Instruction {
    /// Run this shell command.
    Command(String),
    /// Do what these words say, where no command can know.
    Words(String),
}

impl Instruction {
    /// Returns the command or the words.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Command(text) | Self::Words(text) => text,
        }
    }
}

/// A remedy is one step of what helps against a finding, and its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// When.
    pub phase: Phase,
    /// What.
    pub instruction: Instruction,
    /// It makes a VIP local that must be hidden first: see [`complete`](crate::complete).
    pub shows: bool,
    /// The device that it changes as it is: without that there is nothing left to do.
    pub on: Option<String>,
    /// The device that it deletes.
    pub deletes: Option<String>,
}

impl Remedy {
    fn new(phase: Phase, instruction: Instruction) -> Self {
        Self { phase, instruction, shows: false, on: None, deletes: None }
    }

    /// Returns a command for that phase.
    #[must_use]
    pub fn command(phase: Phase, command: impl Into<String>) -> Self {
        Self::new(phase, Instruction::Command(command.into()))
    }

    /// Returns words for that phase.
    #[must_use]
    pub fn words(phase: Phase, words: impl Into<String>) -> Self {
        Self::new(phase, Instruction::Words(words.into()))
    }

    /// Returns it as a change of that device.
    #[must_use]
    pub fn on(self, device: &str) -> Self {
        Self { on: Some(device.to_owned()), ..self }
    }

    /// Returns the command or the words.
    #[must_use]
    pub fn text(&self) -> &str {
        self.instruction.text()
    }
}

/// As one string: in JSON a finding's remedy is a list of texts.
impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}
