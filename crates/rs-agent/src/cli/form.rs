// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options that say in which form something is shown: of the commands that change nothing.

use clap::Args;
use lvs_term::COMMON_OPTIONS;

/// In which form something is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = COMMON_OPTIONS)]
pub struct Form {
    /// The form of what is printed
    #[arg(short, long, value_name = "FORM", default_value = "text", ignore_case = true)]
    pub output: Shown,
    /// Print JSON: the same as --output json
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl Form {
    /// Returns the form that was asked for.
    #[must_use]
    pub fn shown(&self) -> Shown {
        if self.json { Shown::Json } else { self.output }
    }
}

/// Names a form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Shown {
    /// For people.
    #[default]
    Text,
    /// JSON, on one line.
    Json,
    /// JSON, indented.
    JsonPretty,
    /// For a monitor: of `check`, by its option `--nagios`.
    #[value(skip)]
    Nagios,
}
