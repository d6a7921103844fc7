// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::Args;

use super::Report;

#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it asks first, unless --yes is given. Connections stay in the connection table.")]
pub(crate) struct Clear {
    /// Do not ask for confirmation.
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}
