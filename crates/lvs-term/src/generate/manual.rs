// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what a manual has to say and no command line's description knows.

/// Holds the sections of a program's manual that go beyond its help.
///
/// In all texts, what stands between backquotes is printed bold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manual {
    /// What the manual is about; it stands at the head of each page.
    pub title: &'static str,
    /// Examples besides those of the help.
    pub examples: &'static [Example],
    /// Exit statuses, unless a command's help has its own.
    pub exit_status: &'static [Entry],
    /// Variables of the environment.
    pub environment: &'static [Entry],
    /// Files that are read or written.
    pub files: &'static [Entry],
    /// Other pages: `name` is such as `ip(8)`.
    pub see_also: &'static [Entry],
    /// Pages that were written by hand: the name of the file, and its text, in which `@SOURCE@`
    /// stands for the program and its version, and `@TITLE@` for the title.
    pub pages: &'static [(&'static str, &'static str)],
}

/// Holds something that a section of a page lists.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: &'static str,
    pub text: &'static str,
    /// The commands on whose pages it stands, besides the program's own; all if there is none.
    /// Those below a command are meant with it.
    pub of: &'static [&'static str],
}

/// Holds an example: what it does, and the lines to type.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The command on whose page it stands, such as `sync-daemon start`; empty for the program's.
    pub of: &'static str,
    pub text: &'static str,
    pub lines: &'static str,
}

impl Entry {
    /// Returns whether it stands on the page of a command, which the program's own has no name of.
    pub(super) fn is_of(&self, command: &str) -> bool {
        let is_below = |of: &str| {
            command.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        command.is_empty() || self.of.is_empty() || self.of.iter().any(|of| is_below(of))
    }
}
