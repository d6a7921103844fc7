// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use clap::Args;
use lvs_term::COMMON_OPTIONS;

use super::typed;

// How a changing command tells what it did; by default it says nothing.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = COMMON_OPTIONS)]
pub(crate) struct Report {
    /// Say what changed.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Print what changed as one JSON document.
    #[arg(long, conflicts_with = "verbose")]
    pub(crate) json: bool,

    /// Change nothing; say what would be changed, or why it could not be.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Wait for SECONDS at most while another rsctl changes the table; 0 does not wait.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::seconds,
        allow_negative_numbers = true,
        default_value_t = 10
    )]
    lock_wait: u32,
}

impl Report {
    pub(crate) fn lock_wait(&self) -> Duration {
        Duration::from_secs(self.lock_wait.into())
    }
}
