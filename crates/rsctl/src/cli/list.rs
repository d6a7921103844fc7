// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::{Args, ValueEnum};

use super::{Filters, FormArgs, ListForm, Selector, heading, selector};
use crate::refusal::Refusal;

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl list [OPTIONS] [SERVICE]",
    mut_arg("service", selector::optional),
    after_help = "\
Connections are those of now; counters and rates are up to 2 seconds old. What is there all the \
time is listed, whatever others do to the table meanwhile; what comes or goes may be listed or \
not. The JSON form has everything, whatever the view.

Without CAP_NET_ADMIN it shows what /proc/net/ip_vs has, and says what that lacks.

--names looks each address up once, for 5 seconds in all; what has no answer by then stays a \
number. Names are what the owners of the addresses say of themselves. On a terminal that is too \
narrow for a line, what is behind the address stands below it. Servers of weight 0 are dim, those \
at their upper threshold yellow.

Examples:
  rsctl list
  rsctl list --stats --sort bytes
  rsctl list tcp/192.0.2.10:80 --json
  rsctl list --vip 192.0.2.0/24 --drained
  rsctl list -o csv --columns service,server,weight,active --no-header
  rsctl list --empty --watch"
)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    #[command(flatten)]
    pub(crate) filters: Filters,

    #[command(flatten)]
    views: Views,

    /// Show numbers in full, without K, M and G.
    #[arg(short = 'X', long, help_heading = heading::SHOW)]
    pub(crate) exact: bool,

    /// Order of services and of the servers in each.
    #[arg(
        long,
        value_enum,
        default_value_t = SortKey::Address,
        help_heading = heading::SHOW
    )]
    pub(crate) sort: SortKey,

    /// Keep the kernel's order, like --sort none.
    #[arg(long, conflicts_with = "sort", hide = true)]
    nosort: bool,

    /// Accepted for older scripts, without effect: every list is complete.
    #[arg(long, hide = true)]
    settled: bool,

    /// Show names of hosts, which are looked up, and of ports; in JSON beside the numbers.
    #[arg(long, help_heading = heading::SHOW)]
    pub(crate) names: bool,

    /// Accepted as in ipvsadm, without effect: addresses are numbers unless --names is given.
    #[arg(short, long, hide = true, conflicts_with = "names")]
    numeric: bool,

    #[command(flatten)]
    pub(crate) form: FormArgs,
}

impl List {
    pub(crate) fn view(&self) -> View {
        let views = &self.views;
        match (views.stats, views.rate, views.thresholds, views.persistent, views.tunnels) {
            (true, ..) => View::Stats,
            (_, true, ..) => View::Rate,
            (_, _, true, ..) => View::Thresholds,
            (_, _, _, true, _) => View::Persistent,
            (.., true) => View::Tunnels,
            _ => View::Default,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        matches!(self.form.form(), ListForm::Json | ListForm::JsonPretty)
    }

    /// Returns whether a server is a line of columns that have names.
    pub(crate) fn is_columns(&self) -> bool {
        matches!(self.form.form(), ListForm::Wide | ListForm::Csv)
    }

    /// Returns why the options have no meaning together, if they have none.
    pub(crate) fn contradiction(&self) -> Option<Refusal> {
        self.form.contradiction(self.view() != View::Default)
    }

    pub(crate) fn sort(&self) -> SortKey {
        if self.nosort { SortKey::None } else { self.sort }
    }
}

/// Names what the columns show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Default,
    Stats,
    Rate,
    Thresholds,
    Persistent,
    Tunnels,
}

#[derive(Debug, Args)]
#[group(id = "view", multiple = false)]
#[command(next_help_heading = heading::VIEW)]
struct Views {
    /// Counters: connections, packets and bytes.
    #[arg(long)]
    stats: bool,

    /// Rates: connections, packets and bytes per second.
    #[arg(long)]
    rate: bool,

    /// Connection thresholds.
    #[arg(long)]
    thresholds: bool,

    /// Clients remembered by persistence.
    #[arg(long = "persistent-conn")]
    persistent: bool,

    /// Tunnels in full.
    #[arg(long = "tun-info")]
    tunnels: bool,
}

/// Names what to sort by. Numbers come largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortKey {
    /// Family, protocol, address and port; marks last.
    Address,
    /// Weight, of servers.
    Weight,
    /// Active connections.
    Active,
    /// Connections ever scheduled.
    Connections,
    /// Bytes in both directions.
    Bytes,
    /// Bytes per second in both directions.
    Rate,
    /// As the kernel lists them.
    None,
}
