// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{Report, heading, typed};

#[derive(Debug, Args)]
#[command(after_help = "\
FILE describes a cluster (docs/cluster-file.md), or is a table that `rsctl save` has written. The \
plan is what `rsctl apply` would do, with what is there now and a reason for each change. Nothing \
is changed.

Only what FILE names is changed, and only what an earlier apply has made or taken over is deleted. \
All else is of others: it is counted, shown with --foreign, and never touched. With --prune also \
that is deleted which FILE does not name and which is in its scope.

What `rsctl apply` would refuse is told with the effect and the option that lets it through.

Examples:
  rsctl plan cluster.yaml
  rsctl plan cluster.yaml --prune --foreign

Exit status: 0 the table is what FILE says, 2 FILE is bad, or apply would refuse it, 3 it would be \
changed.")]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) wanted: Wanted,

    /// Show what is of others too.
    #[arg(long)]
    pub(crate) foreign: bool,

    /// Print the plan as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) allow: Allow,
}

#[derive(Debug, Args)]
#[command(after_help = "\
FILE describes a cluster (docs/cluster-file.md), or is a table that `rsctl save` has written. All \
of it is read and judged before anything changes, and what is there is kept for `rsctl rollback`. \
What is right already is not touched, servers are added before others go, and in the end what was \
changed is read again and compared, with --verify the whole table. To do it once more changes \
nothing.

Only what FILE names is changed, and only what an earlier apply has made or taken over is deleted. \
All else is of others, and never touched; a service stays while others have servers in it. With \
--prune also that is deleted which FILE does not name and which is in its scope.

Examples:
  rsctl plan cluster.yaml
  rsctl apply cluster.yaml
  rsctl apply -v cluster.yaml --on-failure rollback

Exit status: 0 the table is what FILE says, 1 it is not, 2 FILE is bad or refused and nothing was \
changed, 3 with --dry-run, it would be changed, 4 another rsctl was \
changing it for too long, or a change waits to be confirmed.")]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) wanted: Wanted,

    /// What to do when a change fails: leave what was made, or go back to what was there.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Failure::Stay)]
    pub(crate) on_failure: Failure,

    /// Undo it by itself in SECONDS, unless `rsctl confirm` comes before, also if this command or
    /// its terminal has ended.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::confirmation,
        allow_negative_numbers = true
    )]
    pub(crate) confirm_within: Option<u32>,

    /// Read back the whole table and not only what was changed.
    #[arg(long)]
    pub(crate) verify: bool,

    #[command(flatten)]
    pub(crate) allow: Allow,

    #[command(flatten)]
    pub(crate) report: Report,
}

// No documentation, which clap would take for the help of the whole command.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Wanted {
    /// The file to read; - for standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Also delete what FILE does not name and its scope has, whoever made it.
    #[arg(long)]
    pub(crate) prune: bool,
}

// What is refused unless it is meant, one by one.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::ALLOW)]
pub(crate) struct Allow {
    /// A FILE without services: what earlier ones named is deleted.
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// To delete more than a quarter of the services or servers.
    #[arg(long)]
    pub(crate) allow_deletes: bool,

    /// Another scheduler for a service that takes connections: new ones are refused meanwhile.
    #[arg(long)]
    pub(crate) allow_scheduler_change: bool,

    /// Weight 0 where the scheduler hashes and does not fall back: it goes on choosing the server,
    /// and these connections are refused.
    #[arg(long)]
    pub(crate) allow_hash_drain: bool,

    /// To leave a service without a server that takes connections.
    #[arg(long)]
    pub(crate) allow_no_servers: bool,

    /// More servers of a service with mh than its table has slots: some are never chosen.
    #[arg(long)]
    pub(crate) allow_mh_crowd: bool,
}

/// Says what becomes of what was made when a change fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Failure {
    /// It stays as it is.
    Stay,
    /// What was there before comes back.
    Rollback,
}
