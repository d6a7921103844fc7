// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use clap::Args;
use ipvs_netlink::ServiceKey;

use super::{BadValue, Endpoint, Report, typed};

#[derive(Debug, Args)]
#[command(after_help = "\
Every command of rsctl that changes something leaves a record of each object that it changed: who, \
when, before, after. `rsctl ipvsadm` leaves none, nor does any other program. With systemd, its \
journal has the same: journalctl -t rsctl.

Examples:
  rsctl history --since 1h
  rsctl history --object tcp/192.0.2.10:80 --last 5
  rsctl history --last 0 --json")]
pub(crate) struct History {
    /// Show the last N records; 0: all.
    #[arg(
        short = 'n',
        long,
        value_name = "N",
        value_parser = typed::number,
        allow_negative_numbers = true,
        default_value_t = 100
    )]
    pub(crate) last: u32,

    /// Show what is not older than this: 90, 5m, 1h30m.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::seconds,
        allow_negative_numbers = true
    )]
    since: Option<u32>,

    /// Show what is about a service and its servers, tcp/192.0.2.10:80, or about a real server of
    /// any service, 10.0.0.11 or 10.0.0.11:80.
    #[arg(long, value_name = "OBJECT", value_parser = subject)]
    pub(crate) object: Option<HistoryObject>,

    /// Print it as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Names what records are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistoryObject {
    Service(ServiceKey),
    Server(Endpoint),
}

fn subject(text: &str) -> Result<HistoryObject, BadValue> {
    if text.contains('/') {
        return typed::service(text).map(HistoryObject::Service);
    }
    typed::server(text).map(HistoryObject::Server)
}

impl History {
    pub(crate) fn since(&self) -> Option<Duration> {
        self.since.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
`rsctl restore` and `rsctl apply` keep the table as it is before they change anything, and so does \
rollback itself: the last 20 are there. Back is what the change could touch, and all that could be touched since; \
services and servers of others stay. A second rollback finds nothing to change.

Examples:
  rsctl rollback --list
  rsctl rollback --dry-run
  rsctl rollback 7

Exit status: 0 the table is what it was, 1 it is not, 3 with --dry-run, it would be changed, 4 \
another rsctl was changing it for too long, 6 there is no such checkpoint.")]
pub(crate) struct Rollback {
    /// The table before the change with this number; by default the last one that was no rollback.
    #[arg(value_name = "N", value_parser = typed::number)]
    pub(crate) number: Option<u32>,

    /// Show the checkpoints: when each was written, and before which change.
    #[arg(long, conflicts_with_all = ["number", "dry_run", "allow_empty", "reorder"])]
    pub(crate) list: bool,

    /// Also go back to a table without services, and delete all of them.
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Where a scheduler hashes by the order of servers, delete those out of order and add
    /// them again.
    #[arg(long)]
    pub(crate) reorder: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A change that was made with --confirm-within is undone by itself when that time is over. This \
keeps it.

Examples:
  rsctl restore /etc/ipvs.json --confirm-within 60
  rsctl confirm

Exit status: 0 it stays, 6 nothing waits to be confirmed: perhaps it is undone already.")]
pub(crate) struct Confirm {
    #[command(flatten)]
    pub(crate) report: Report,
}
