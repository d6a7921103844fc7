// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Report, typed};

#[derive(Debug, Args)]
#[command(after_help = "\
The JSON form holds everything: services, servers with their thresholds, timeouts, sync daemons. \
The ipvsadm form is what `ipvsadm -Sn` writes, for `ipvsadm -R`, between two lines that are blank \
to it and tell `rsctl restore` that none is missing; what it has no words for is named on stderr. \
Both have the servers of a service in the order in which they were added.

Examples:
  rsctl save -o /etc/ipvs.json
  rsctl save --install && systemctl enable rsctl-restore
  rsctl save --format ipvsadm | ssh other-director rsctl restore -v")]
pub(crate) struct Save {
    /// The form to write.
    #[arg(long, value_enum, default_value_t = Form::Json)]
    pub(crate) format: Form,

    /// Write to FILE, all of it or nothing; - for standard output, the default.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write to /etc/rsctl/table.json, which rsctl-restore.service restores at boot.
    #[arg(long, conflicts_with_all = ["output", "format"])]
    pub(crate) install: bool,
}

/// Where `rsctl-restore.service` finds the table.
pub(crate) const INSTALLED: &str = "/etc/rsctl/table.json";

/// Names a form of a saved table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Json,
    Ipvsadm,
}

#[derive(Debug, Args)]
#[command(after_help = "\
FILE is of either form of `rsctl save`, or lines of ipvsadm with -A and -a. All of it is read \
before anything changes. What is right already is not touched, servers are added before others \
go, and in the end what was changed is read again and compared, with --verify the whole table. \
Nothing is ever flushed.

FILE is the whole table: services and servers that are not in it are deleted, unless --merge is \
given. A file of `rsctl save` whose end is missing is refused. Lines of ipvsadm do not show \
whether some are missing: to delete more than a quarter of the table, they need --allow-deletes. \
What a file does not mention stays: ipvsadm's form has no timeouts and no sync daemons, and \
without -x and -y a server that is there keeps its thresholds.

Of a FILE with more than 20 problems the first 20 are shown, --verbose shows all, and so does \
--json: on standard error, and no document is printed.

sh, dh and mh hash by the order in which servers were added. --reorder makes it that of FILE, one \
server after the other: while one is away its packets are dropped, and with the sysctl \
expire_nodest_conn its connections are lost.

Examples:
  rsctl restore /etc/ipvs.json --dry-run
  rsctl save | ssh other-director rsctl restore -v

Exit status: 0 the table is what FILE says, 1 it is not, 2 FILE is bad and nothing was changed, 3 \
with --dry-run, it would be changed, 4 another rsctl was changing it for too long.")]
pub(crate) struct Restore {
    /// The file to read; - or none for standard input.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    pub(crate) file: PathBuf,

    /// Add and edit only: what is not in FILE stays.
    #[arg(long)]
    pub(crate) merge: bool,

    /// Where a scheduler hashes by the order of servers, delete those out of order and add
    /// them again.
    #[arg(long, conflicts_with = "merge")]
    pub(crate) reorder: bool,

    /// Also set what the other commands refuse, because the kernel misreads or
    /// ignores it: to restore what another tool made.
    #[arg(long)]
    pub(crate) as_is: bool,

    /// Accept a file without services, and delete all of them.
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Accept lines of ipvsadm as the whole table even if that deletes more than a quarter of
    /// its services or servers.
    #[arg(long)]
    pub(crate) allow_deletes: bool,

    /// Read back the whole table and not only what was changed: another program may have changed
    /// the rest, or what is new and the kernel has acknowledged, since.
    #[arg(long)]
    pub(crate) verify: bool,

    /// Undo it by itself in SECONDS, unless `rsctl confirm` comes before, also if this command or
    /// its terminal has ended.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::confirmation,
        allow_negative_numbers = true
    )]
    pub(crate) confirm_within: Option<u32>,

    #[command(flatten)]
    pub(crate) report: Report,
}
