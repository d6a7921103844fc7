// SPDX-License-Identifier: MIT OR Apache-2.0

/// Says why a line is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ends the program, also in the midst of `-R`: the text, and the exit code.
    Exit(String, u8),
    /// Ends the line; `-R` goes on with the next.
    Line(String, u8),
}

impl Stop {
    /// Returns what `ipvsadm` says to a line that makes no sense.
    pub(super) fn fail(text: impl Into<String>) -> Self {
        Self::Exit(text.into(), 2)
    }

    /// Returns what it says to a word that it cannot read, and to the kernel's refusal.
    pub(super) fn skip(text: impl Into<String>) -> Self {
        Self::Line(text.into(), 255)
    }

    /// Returns what it says to a first word that is no command.
    pub(super) fn try_help(program: &str) -> Self {
        let text = format!("Try `{program} -h' or '{program} --help' for more information.");
        Self::Exit(text, 255)
    }
}
