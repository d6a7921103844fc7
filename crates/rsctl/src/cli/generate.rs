// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::{Args, ValueHint};
use lvs_term::Generated;

#[derive(Debug, Args)]
#[command(after_help = "\
They are made from the program itself, so they fit it. `make install` installs them. A FOLDER \
called man5 or man8 gets the manual pages of that section, another all of them.

Examples:
  rsctl generate man /usr/local/share/man/man8
  rsctl generate man /usr/local/share/man/man5
  rsctl generate bash /usr/local/share/bash-completion/completions")]
pub(crate) struct Generate {
    /// What to write.
    #[arg(value_enum)]
    pub(crate) what: Generated,

    /// The folder to write into; it must exist.
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
}
