// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ipvs_netlink::{InterfaceName, SyncRole};
use lvs_term::COMMON_OPTIONS;

use super::{Report, typed, value};

#[derive(Debug, Args)]
#[command(after_help = "\
A master sends this director's connections to others, a backup receives theirs; both can run at \
once. Without a command, the daemons that run are shown.")]
pub(crate) struct SyncDaemonArgs {
    #[command(subcommand)]
    pub(crate) command: Option<DaemonCommand>,

    /// Print one JSON document.
    #[arg(long, help_heading = COMMON_OPTIONS)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Start a daemon.
    Start(StartDaemon),
    /// Stop a daemon.
    Stop(StopDaemon),
    /// Show settings, what they depend on, and how many connections came from where.
    Status(DaemonStatus),
}

// The options are called as the status and saved tables call them, and ipvsadm's names are read.
#[derive(Debug, Args)]
#[command(after_help = "\
The settings of a running daemon cannot change: stop it and start it anew. What is sent is \
neither encrypted nor authenticated: use a network of its own.

Example:
  rsctl sync-daemon start master --interface eth1 --syncid 7")]
pub(crate) struct StartDaemon {
    /// Whether it sends connections (master) or receives them (backup).
    #[arg(value_parser = typed::sync_role(), ignore_case = true)]
    pub(crate) role: SyncRole,

    /// The interface that multicast packets leave or arrive by (required).
    #[arg(
        long,
        alias = "mcast-interface",
        value_name = "DEV",
        value_parser = value::interface
    )]
    pub(crate) interface: InterfaceName,

    /// Only daemons with the same number hear each other, 0 to 255; a backup with 0 hears all.
    #[arg(
        long,
        value_name = "N",
        default_value = "0",
        value_parser = value::sync_id,
        allow_negative_numbers = true
    )]
    pub(crate) syncid: u8,

    /// The largest message, in bytes.
    #[arg(
        long,
        alias = "sync-maxlen",
        value_name = "BYTES",
        value_parser = value::sync_max_length,
        allow_negative_numbers = true
    )]
    pub(crate) maxlen: Option<NonZeroU16>,

    /// The multicast group; 224.0.0.81 if not given.
    #[arg(
        long,
        alias = "mcast-group",
        value_name = "ADDRESS",
        value_parser = value::multicast
    )]
    pub(crate) group: Option<IpAddr>,

    /// The UDP port; 8848 if not given.
    #[arg(
        long,
        alias = "mcast-port",
        value_name = "PORT",
        value_parser = value::mcast_port,
        allow_negative_numbers = true
    )]
    pub(crate) port: Option<NonZeroU16>,

    /// Time to live of the packets; 1 if not given.
    #[arg(
        long,
        alias = "mcast-ttl",
        value_name = "N",
        value_parser = value::ttl,
        allow_negative_numbers = true
    )]
    pub(crate) ttl: Option<NonZeroU8>,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
pub(crate) struct StopDaemon {
    /// Which of the two to stop.
    #[arg(value_parser = typed::sync_role(), ignore_case = true)]
    pub(crate) role: SyncRole,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(after_help = "\
With --peer it compares: `rsctl sync-daemon status --json` of the other director, as a file or - \
for standard input. What keeps this master's messages from the other's backup, or the reverse, is \
named.

Example:
  ssh other rsctl sync-daemon status --json | rsctl sync-daemon status --peer -

Exit status: 0 done, and with --peer they fit each other, as far as is known; 1 failed, or with \
--peer they do not fit; 2 bad usage or bad input.")]
pub(crate) struct DaemonStatus {
    /// The other director's status, to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) peer: Option<PathBuf>,

    /// Print one JSON document.
    #[arg(long, help_heading = COMMON_OPTIONS)]
    pub(crate) json: bool,
}
