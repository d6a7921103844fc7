// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::Args;
use ipvs_netlink::{EngineName, PersistenceTimeout, Scheduler, SchedulerFlag};

use super::{Report, Selector, Services, heading, typed};

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl add-service [OPTIONS] <SERVICE>",
    after_help = "\
Defaults: scheduler wlc, no persistence.

Examples:
  rsctl add-service tcp/192.0.2.10:80 -s wrr
  rsctl add-service -u '[2001:db8::1]:53' -s sh -b sh-port --ops
  rsctl add-service -f 7 -p 600 -M 255.255.255.0"
)]
pub(crate) struct AddService {
    #[command(flatten)]
    pub(crate) service: Selector,

    #[command(flatten)]
    pub(crate) settings: ServiceSettings,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl edit-service [OPTIONS] <SERVICE>",
    after_help = "\
Only what is named changes, unless --replace is given. Two things follow from the meaning of the \
words:
  - A new scheduler starts without flags, except between sh and mh.
  - `-p` without a value keeps the timeout of a service that is persistent.

Examples:
  rsctl edit-service tcp/192.0.2.10:80 -s mh
  rsctl edit-service tcp/192.0.2.10:80 --no-persistent
  rsctl edit-service tcp/192.0.2.10:80 --replace -s wrr"
)]
pub(crate) struct EditService {
    #[command(flatten)]
    pub(crate) service: Selector,

    #[command(flatten)]
    pub(crate) edits: ServiceEdits,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl set-service [OPTIONS] <SERVICE>",
    after_help = "\
Adds the service as add-service does if it is not there, and else edits it as edit-service does: \
what is so already is no change, and no failure. -v and --json say what was done.

Examples:
  rsctl set-service tcp/192.0.2.10:80 -s wrr
  rsctl set-service tcp/192.0.2.10:80 --replace -s wrr -p 600"
)]
pub(crate) struct SetService {
    #[command(flatten)]
    pub(crate) service: Selector,

    #[command(flatten)]
    pub(crate) edits: ServiceEdits,

    #[command(flatten)]
    pub(crate) report: Report,
}

// What an edit may name.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ServiceEdits {
    #[command(flatten)]
    pub(crate) settings: ServiceSettings,

    /// Reset what is not named to the defaults of add-service, as `ipvsadm -E` does.
    #[arg(long)]
    pub(crate) replace: bool,

    /// End persistence, and with it netmask and persistence engine.
    #[arg(long, conflicts_with_all = ["persistent", "netmask", "engine"])]
    pub(crate) no_persistent: bool,

    /// Use no persistence engine: the address tells clients apart.
    #[arg(long = "no-pe", visible_alias = "no-engine", conflicts_with = "engine")]
    pub(crate) no_engine: bool,

    /// Clear the scheduler flags.
    #[arg(long = "no-sched-flags", conflicts_with = "flags")]
    pub(crate) no_flags: bool,

    /// End one-packet scheduling.
    #[arg(long = "no-ops", conflicts_with = "one_packet")]
    pub(crate) no_one_packet: bool,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl delete-service [OPTIONS] <SERVICE|--vip VIP>",
    after_help = "\
Its connections stay in the connection table until they time out.

Examples:
  rsctl delete-service tcp/192.0.2.10:80
  rsctl delete-service --vip 192.0.2.10 --if-exists"
)]
pub(crate) struct DeleteService {
    #[command(flatten)]
    pub(crate) services: Services,

    /// It is no failure if there is none.
    #[arg(long)]
    pub(crate) if_exists: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = heading::SETTINGS)]
pub(crate) struct ServiceSettings {
    /// How the server of a new connection is chosen: rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh,
    /// sh, mh, sed, nq, twos, none.
    #[arg(short, long, value_name = "NAME", value_parser = typed::scheduler)]
    pub(crate) scheduler: Option<Scheduler>,

    /// Keep each client on one server until it has been idle for SECONDS (360 if not given).
    #[arg(
        short,
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        value_parser = typed::persistence_timeout
    )]
    pub(crate) persistent: Option<Option<PersistenceTimeout>>,

    /// Clients with the same network count as one for persistence: 255.255.255.0 or /24, for
    /// IPv6 a prefix length.
    #[arg(short = 'M', long, value_name = "MASK")]
    pub(crate) netmask: Option<String>,

    /// Find the client with a persistence engine instead of its address: sip (UDP only).
    #[arg(long = "pe", visible_alias = "engine", value_name = "NAME", value_parser = typed::engine)]
    pub(crate) engine: Option<EngineName>,

    /// Flags of the scheduler, several with commas.
    #[arg(
        short = 'b',
        long = "sched-flags",
        value_name = "FLAG",
        value_parser = typed::scheduler_flag(),
        ignore_case = true,
        value_delimiter = ','
    )]
    pub(crate) flags: Vec<SchedulerFlag>,

    /// One-packet scheduling, UDP only: each packet is scheduled by itself.
    #[arg(short, long = "ops")]
    pub(crate) one_packet: bool,
}
