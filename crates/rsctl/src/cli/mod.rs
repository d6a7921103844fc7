// SPDX-License-Identifier: MIT OR Apache-2.0

//! What may be typed: clap's types and the parsers of single values. What the
//! values mean together is decided in `commands`.

mod address;
mod bad_value;
mod connections;
mod daemon;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod generate;
mod list;
mod namespace;
mod save;
mod selector;
mod server;
mod service;
mod timeouts;
mod usage;
mod value;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use address::Endpoint;
pub(crate) use bad_value::BadValue;
pub(crate) use connections::{Connections, GroupBy, Sort as ConnectionSort};
pub(crate) use daemon::{DaemonCommand, DaemonStatus, StartDaemon, SyncDaemonArgs};
pub(crate) use generate::{Generate, Generated};
pub(crate) use list::{List, SortKey, View};
pub(crate) use namespace::NamespaceName;
pub(crate) use save::{Form, Restore, Save};
pub(crate) use selector::Selector;
pub(crate) use server::{
    AddServer, DeleteServer, EditServer, Mode, ServerSettings, TunnelSettings, TunnelType,
};
pub(crate) use service::{AddService, DeleteService, EditService, ServiceSettings};
pub(crate) use timeouts::Timeouts;
pub(crate) use usage::{Usage, explain};

/// Set up and show the virtual services of this host, an IPVS (LVS) director.
#[derive(Debug, Parser)]
#[command(
    name = "rsctl",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
A virtual service is written tcp/192.0.2.10:80, udp/[2001:db8::1]:53, fwmark/7 or fwmark/7/ipv6,
or with ipvsadm's options: -t 192.0.2.10:80. Addresses and ports are numbers; nothing is looked up
unless `list` and `connections` are asked for --names.

`rsctl ipvsadm ...`, or rsctl under the name of ipvsadm, answers as ipvsadm does, to the byte.

Exit status: 0 done, 1 failed, 2 bad usage or bad input (nothing was changed),
3 a dry run found something to change."
)]
pub(crate) struct Cli {
    /// Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) netns: Option<NamespaceName>,

    /// Whether tables have colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto)]
    #[arg(hide_default_value = true)]
    pub(crate) color: ColorWhen,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When tables have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    AddService(AddService),
    EditService(EditService),
    DeleteService(DeleteService),
    AddServer(AddServer),
    EditServer(EditServer),
    DeleteServer(DeleteServer),
    List(List),
    Connections(Connections),
    Zero(Zero),
    Clear(Clear),
    Timeouts(Timeouts),
    SyncDaemon(SyncDaemonArgs),
    Generate(Generate),
    Save(Save),
    Restore(Restore),
}

impl Command {
    /// How it tells what it changes; `None` if it changes nothing.
    pub(crate) fn report(&self) -> Option<&Report> {
        match self {
            Self::AddService(args) => Some(&args.report),
            Self::EditService(args) => Some(&args.report),
            Self::DeleteService(args) => Some(&args.report),
            Self::AddServer(args) => Some(&args.report),
            Self::EditServer(args) => Some(&args.report),
            Self::DeleteServer(args) => Some(&args.report),
            Self::Zero(args) => Some(&args.report),
            Self::Clear(args) => Some(&args.report),
            Self::Timeouts(args) => (!args.shows()).then_some(&args.report),
            Self::SyncDaemon(args) => match args.command.as_ref()? {
                DaemonCommand::Start(args) => Some(&args.report),
                DaemonCommand::Stop(args) => Some(&args.report),
                DaemonCommand::Status(_) => None,
            },
            Self::Restore(args) => Some(&args.report),
            Self::List(_) | Self::Connections(_) | Self::Generate(_) | Self::Save(_) => None,
        }
    }

    /// Whether what it found is to be told as JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Connections(args) => args.json,
            Self::Timeouts(args) => args.report.json,
            Self::SyncDaemon(args) => {
                let status = matches!(&args.command, Some(DaemonCommand::Status(s)) if s.json);
                args.json || status || self.report().is_some_and(|report| report.json)
            }
            _ => self.report().is_some_and(|report| report.json),
        }
    }
}

/// Whether `name` is one of the commands.
pub(crate) fn is_command(name: &str) -> bool {
    Cli::command().find_subcommand(name).is_some()
}

/// Set counters to 0: of one service and its servers, or of everything.
#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl zero [OPTIONS] [SERVICE]",
    after_help = "\
The kernel samples counters every 2 seconds; traffic that it has not sampled yet appears afterwards."
)]
pub(crate) struct Zero {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    #[command(flatten)]
    pub(crate) report: Report,
}

/// Delete all virtual services of this network namespace.
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it asks first, unless --yes is given. Connections stay in the connection table.")]
pub(crate) struct Clear {
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

/// How a changing command tells what it did; by default it says nothing.
#[derive(Debug, Args)]
#[group(skip)]
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_has_help() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
        }
    }
}
