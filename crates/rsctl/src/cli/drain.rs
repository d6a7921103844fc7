// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use ipvs_cluster::drain::Then;
use ipvs_netlink::{ServiceKey, Weight};

use super::{Endpoint, Report, Target, heading, typed, value};

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl drain [OPTIONS] <RIP[:PORT]>...\n       rsctl drain --list [--json]",
    after_help = "\
Sets weight 0, so that the server gets no new connections, and waits until those it has have ended. \
The weight it had is remembered first: `rsctl undrain` gives it back. Interrupted, or killed, it \
leaves the server drained, and the same command goes on, with the deadline that it had. In an apply \
of a file, too, a server under drain keeps weight 0.

Exit status 1: connections were left at the deadline and the server was kept, somebody else gave it \
a weight or deleted it, or the wait was interrupted.

Examples:
  rsctl drain 10.0.0.11
  rsctl drain 10.0.0.11 --deadline 30m --then remove
  rsctl drain 10.0.0.11:80 --service tcp/192.0.2.10:80
  rsctl drain --list"
)]
pub(crate) struct Drain {
    #[command(flatten)]
    pub(crate) servers: DrainServers,

    /// Wait so long at most; 5m if it is not given. 0 does not wait for anything.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::seconds,
        allow_negative_numbers = true
    )]
    pub(crate) deadline: Option<u32>,

    /// What becomes of the server then: keep it with weight 0, or remove it, also if connections
    /// are left at the deadline.
    #[arg(long, value_enum, value_name = "WHAT", ignore_case = true)]
    then: Option<ThenWord>,

    /// Set weight 0, and leave the wait to the next `rsctl drain` of the server.
    #[arg(long)]
    pub(crate) no_wait: bool,

    /// Drain under mh, sh or dh without a fallback too: flows that are hashed to the server are
    /// refused.
    #[arg(long)]
    pub(crate) allow_hash_drain: bool,

    /// Drain the last server of a service that takes new connections, too: all are refused.
    #[arg(long)]
    pub(crate) allow_last: bool,

    /// Show what is being drained or brought back, and how far it is.
    #[arg(
        long,
        conflicts_with_all = [
            "server", "only_service", "only_vip", "everywhere", "deadline", "then", "no_wait",
            "allow_hash_drain", "allow_last", "dry_run", "verbose",
        ]
    )]
    pub(crate) list: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

impl Drain {
    /// Returns what becomes of the server, if that was said.
    pub(crate) fn then(&self) -> Option<Then> {
        self.then.map(|word| match word {
            ThenWord::Keep => Then::Keep,
            ThenWord::Remove => Then::Remove,
        })
    }
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl undrain [OPTIONS] <RIP[:PORT]>...",
    after_help = "\
Gives a server that `rsctl drain` has drained the weight back that it had, in place; nothing else of \
it changes. A weight that somebody else gave it meanwhile stays, and a server that was deleted is \
not added again: both are told. `rsctl slow-start` gives the weight back step by step.

Examples:
  rsctl undrain 10.0.0.11
  rsctl undrain 10.0.0.11:80 --service tcp/192.0.2.10:80"
)]
pub(crate) struct Undrain {
    #[command(flatten)]
    pub(crate) servers: ServersNamed,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl slow-start [OPTIONS] <RIP[:PORT]>...",
    after_help = "\
Sets weight 1, and raises it in equal steps, a second apart at least, to WEIGHT: the one that a \
drain remembers, or else the one that the server has. Interrupted, or killed, it leaves the server \
where it is, and the same command goes on. Schedulers wrr, wlc, sed, nq and twos only: to others \
a step is no larger share, or moves clients of other servers.

Examples:
  rsctl slow-start 10.0.0.11 --over 2m
  rsctl slow-start 10.0.0.11:80 --service tcp/192.0.2.10:80 --over 10m --to 100"
)]
pub(crate) struct SlowStart {
    #[command(flatten)]
    pub(crate) servers: ServersNamed,

    /// How long it takes; 2m if it is not given.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::interval,
        allow_negative_numbers = true
    )]
    pub(crate) over: Option<u32>,

    /// The weight at its end.
    #[arg(
        long,
        value_name = "WEIGHT",
        value_parser = value::weight,
        allow_negative_numbers = true
    )]
    pub(crate) to: Option<Weight>,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct DrainServers {
    /// The real server; without a port, on any. Several may be named.
    #[arg(value_name = "RIP[:PORT]", value_parser = typed::server, required_unless_present = "list")]
    pub(crate) server: Vec<Endpoint>,

    #[command(flatten)]
    pub(crate) places: Places,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ServersNamed {
    /// The real server; without a port, on any. Several may be named.
    #[arg(value_name = "RIP[:PORT]", value_parser = typed::server, required = true)]
    pub(crate) server: Vec<Endpoint>,

    #[command(flatten)]
    pub(crate) places: Places,
}

// No documentation, which clap would take for the help of the whole command: in which services; in
// all that have the server, if nothing does.
#[derive(Clone, Copy, Debug, Args)]
#[group(id = "places", multiple = false)]
#[command(next_help_heading = heading::SERVER)]
pub(crate) struct Places {
    /// In this virtual service only: tcp/192.0.2.10:80, fwmark/7. Without a port, the server has
    /// the service's then.
    #[arg(id = "only_service", long = "service", value_name = "SERVICE", value_parser = typed::service)]
    service: Option<ServiceKey>,

    /// In all services of this VIP only.
    #[arg(id = "only_vip", long = "vip", value_name = "VIP", value_parser = value::vip)]
    vip: Option<IpAddr>,

    /// In all services that have the server, which is the default.
    #[arg(long)]
    everywhere: bool,
}

impl Places {
    pub(crate) fn target(self) -> Target {
        match (self.service, self.vip) {
            (Some(service), _) => Target::Service(service),
            (None, Some(vip)) => Target::Vip(vip),
            (None, None) => Target::Everywhere,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ThenWord {
    Keep,
    Remove,
}
