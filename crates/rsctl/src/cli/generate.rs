// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use lvs_term::Generated;

#[derive(Debug, Args)]
#[command(after_help = "\
They are made from the program itself, so they fit it. `make install` installs them. A FOLDER \
called man5 or man8 gets the manual pages of that section, another all of them. The schema is that \
of the file of a cluster, as JSON, for editors: `# yaml-language-server: $schema=PATH` in the first \
line names it.

Examples:
  rsctl generate man /usr/local/share/man/man8
  rsctl generate man /usr/local/share/man/man5
  rsctl generate bash /usr/local/share/bash-completion/completions
  rsctl generate schema /usr/local/share/rsctl")]
pub(crate) struct Generate {
    /// What to write.
    #[arg(value_enum)]
    pub(crate) what: What,

    /// The folder to write into; it must exist.
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}

/// Names what can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    // Documentation of these would be shown as help of the values.
    Man,
    Bash,
    Zsh,
    Fish,
    Schema,
}

impl What {
    /// Returns what every program can generate; `None` if it is of this one only.
    pub(crate) fn of_any(self) -> Option<Generated> {
        Some(match self {
            Self::Man => Generated::Man,
            Self::Bash => Generated::Bash,
            Self::Zsh => Generated::Zsh,
            Self::Fish => Generated::Fish,
            Self::Schema => return None,
        })
    }
}
