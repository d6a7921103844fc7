// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::Args;

use super::Report;
use super::selector::{self, Selector};

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl zero [OPTIONS] [SERVICE]",
    mut_arg("service", selector::optional),
    after_help = "\
The kernel samples counters every 2 seconds; traffic that it has not sampled yet appears \
afterwards."
)]
pub(crate) struct Zero {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    #[command(flatten)]
    pub(crate) report: Report,
}
