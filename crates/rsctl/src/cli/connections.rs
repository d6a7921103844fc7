// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use lvs_term::COMMON_OPTIONS;

use super::{Endpoint, Selector, heading, selector, typed, value};

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl connections [OPTIONS] [SERVICE]",
    mut_arg("service", selector::optional),
    after_help = "\
A ghost is an entry whose service or server is gone: its packets are dropped until it expires, \
unless the sysctl expire_nodest_conn is set. Reading needs no privilege, but for --ghosts and a \
firewall-mark service. Before Linux 7.1 the kernel takes minutes to list a million connections.

--names keeps all entries in memory and looks each address up once, for 5 seconds in all; what \
has no answer by then stays a number. Ghosts are red, persistence templates dim.

Examples:
  rsctl connections tcp/192.0.2.10:80 --state ESTABLISHED
  rsctl connections --group-by client --top 10
  rsctl connections --ghosts"
)]
pub(crate) struct Connections {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    /// Only those to this real server, on any port if none is given.
    #[arg(
        short = 'r',
        long,
        aliases = ["real-server", "rip"],
        value_name = "RIP[:PORT]",
        value_parser = typed::server,
        help_heading = heading::WHICH
    )]
    pub(crate) server: Option<Endpoint>,

    /// Only those from this client, or from this network (ADDRESS/LENGTH).
    #[arg(short, long, value_name = "CIP[/LENGTH]", value_parser = value::network, help_heading = heading::WHICH)]
    pub(crate) client: Option<(IpAddr, u8)>,

    /// Only those in this state, for example ESTABLISHED.
    #[arg(long, value_name = "STATE", value_parser = value::state, help_heading = heading::WHICH)]
    pub(crate) state: Option<String>,

    /// Only those that expire within so many seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::seconds,
        allow_negative_numbers = true,
        help_heading = heading::WHICH
    )]
    pub(crate) expires_within: Option<u32>,

    /// Only persistence templates, one for each client that is remembered.
    #[arg(long, conflicts_with = "no_templates", help_heading = heading::WHICH)]
    pub(crate) templates: bool,

    /// Leave out persistence templates.
    #[arg(long, help_heading = heading::WHICH)]
    pub(crate) no_templates: bool,

    /// Only those whose service or server is gone.
    #[arg(long, help_heading = heading::WHICH)]
    pub(crate) ghosts: bool,

    /// Count connections by this instead of listing them.
    #[arg(long, value_enum, value_name = "WHAT", help_heading = heading::SHOW)]
    pub(crate) group_by: Option<GroupBy>,

    /// Only the first N lines.
    #[arg(long, value_name = "N", value_parser = value::lines, allow_negative_numbers = true, help_heading = heading::SHOW)]
    pub(crate) top: Option<u32>,

    /// Order of the lines; groups come largest first.
    #[arg(long, value_enum, default_value_t = Sort::None, conflicts_with = "group_by", help_heading = heading::SHOW)]
    pub(crate) sort: Sort,

    /// Also show where each was made: by this director, or received by a sync daemon.
    #[arg(long, help_heading = heading::SHOW)]
    pub(crate) origin: bool,

    /// Show names of hosts, which are looked up, and of ports (with --group-by of hosts
    /// only); in JSON beside the numbers.
    #[arg(long, help_heading = heading::SHOW)]
    pub(crate) names: bool,

    /// Print one JSON document.
    #[arg(long, help_heading = COMMON_OPTIONS)]
    pub(crate) json: bool,

    /// Accepted as in ipvsadm, without effect: addresses are numbers unless --names is given.
    #[arg(short, long, hide = true, conflicts_with = "names")]
    numeric: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    Client,
    Service,
    Server,
    State,
    Protocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// As the kernel lists them; nothing is kept in memory.
    None,
    Expires,
    Client,
    Service,
    Server,
}
