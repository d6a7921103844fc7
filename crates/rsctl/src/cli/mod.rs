// SPDX-License-Identifier: MIT OR Apache-2.0

//! What may be typed: clap's types and the parsers of single values. What the
//! values mean together is decided in `commands`.

mod address;
mod bad_value;
mod selector;
mod server;
mod service;
mod usage;
mod value;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub(crate) use address::Endpoint;
pub(crate) use bad_value::BadValue;
pub(crate) use selector::Selector;
pub(crate) use server::{
    AddServer, DeleteServer, EditServer, Mode, ServerSettings, TunnelSettings, TunnelType,
};
pub(crate) use service::{AddService, DeleteService, EditService, ServiceSettings};
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
or with ipvsadm's options: -t 192.0.2.10:80. Addresses and ports are numbers; nothing is looked up.

`rsctl ipvsadm ...`, or rsctl under the name of ipvsadm, answers as ipvsadm does, to the byte.

Exit status: 0 done, 1 failed, 2 bad usage or bad input (nothing was changed)."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
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
    Clear(Clear),
}

/// Whether `name` is one of the commands.
pub(crate) fn is_command(name: &str) -> bool {
    Cli::command().find_subcommand(name).is_some()
}

/// List virtual services and their real servers.
#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl list [OPTIONS] [SERVICE]",
    after_help = "\
Example:
  rsctl list
  rsctl list tcp/192.0.2.10:80 --json

Connections are those of now; the counters in the JSON form are up to 2 seconds old."
)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    /// Accepted for ipvsadm's sake: everything is numeric always.
    #[arg(short, long, hide = true)]
    numeric: bool,
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
