// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Candidate, Offer};
use crate::printable;

/// Names the shell that asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "bash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            _ => None,
        }
    }

    /// Writes the answer as the shell's script reads it. The shell leaves as many bytes as `kept`
    /// at the start of the word as they are: bash cuts words at a colon, too.
    pub(super) fn write(self, offer: &Offer, kept: usize) -> String {
        let values = match offer {
            Offer::Files => return "files\n".to_owned(),
            Offer::Folders => return "folders\n".to_owned(),
            Offer::Values(values) => values,
        };
        let lines = values.iter().map(|candidate| match self {
            Self::Bash => candidate.value.get(kept..).unwrap_or_default().to_owned(),
            Self::Zsh => described(&candidate.value.replace(':', "\\:"), ":", candidate),
            Self::Fish => described(&candidate.value, "\t", candidate),
        });
        std::iter::once("values".to_owned()).chain(lines).map(|line| line + "\n").collect()
    }
}

fn described(value: &str, separator: &str, Candidate { about, .. }: &Candidate) -> String {
    match about.as_str() {
        "" => value.to_owned(),
        about => format!("{value}{separator}{}", printable(about)),
    }
}
