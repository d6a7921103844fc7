// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::builder::{PossibleValue, StyledStr};

/// Says what may be typed at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// One of these.
    Values(Vec<Candidate>),
    /// The name of a file.
    Files,
    /// The name of a folder.
    Folders,
}

/// Is a word that may be typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    pub(super) value: String,
    pub(super) about: String,
}

impl Candidate {
    /// Returns the word, and a few words about it, which may be none.
    #[must_use]
    pub fn new(value: impl Into<String>, about: impl Into<String>) -> Self {
        Self { value: value.into(), about: about.into() }
    }

    pub(super) fn helped(value: impl Into<String>, help: Option<&StyledStr>) -> Self {
        let help = help.map(ToString::to_string).unwrap_or_default();
        Self::new(value, help.lines().next().unwrap_or_default().trim_end_matches('.'))
    }

    /// Returns whether any shell takes it for the word that it is: names of interfaces and
    /// namespaces may hold anything, and some shells write a word down as they get it.
    pub(super) fn is_plain(&self) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:/,[]@%+=".contains(c);
        !self.value.is_empty() && self.value.chars().all(is_plain)
    }
}

impl Offer {
    /// Offers words that need no explanation.
    pub fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        Self::Values(words.into_iter().map(|word| Candidate::new(word, "")).collect())
    }

    pub(super) fn possible(values: &[PossibleValue]) -> Self {
        let shown = values.iter().filter(|value| !value.is_hide_set());
        Self::Values(
            shown.map(|value| Candidate::helped(value.get_name(), value.get_help())).collect(),
        )
    }
}

/// Returns the network interfaces that `/proc/net/dev` names: a line each, behind two that have no
/// colon. One whose name is no text cannot be offered, and hides no other.
#[must_use]
pub fn interfaces(file: &[u8]) -> Vec<String> {
    let line = |line: &[u8]| {
        let name = line.iter().position(|byte| *byte == b':').map(|end| &line[..end])?;
        Some(std::str::from_utf8(name).ok()?.trim().to_owned())
    };
    file.split(|byte| *byte == b'\n').filter_map(line).collect()
}
