// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options of `check`.

use std::path::PathBuf;

use clap::Args;
use lvs_term::BadNumber;

use super::{CheckColumn, Form, heading, what};
use crate::mode::Mode;
use crate::request::TunnelType;

pub(super) const CHECK: &str = "\
Judge whether this host is a sound real server, and say what the remedy is.

Without --mode and --cluster it is held against what `rs-agent setup` made. With --mode and --vip, \
or with --cluster, any host can be judged, also one set up by hand or by a script. Only facts are read: no packet is sent, nothing is \
changed, and no privilege is needed. What could not be read is named on stderr.

Each finding has the id of its rule, what was read and where, why it matters, and the remedy for \
it. --list-rules shows all rules, --explain one of them.";

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs-agent check
  rs-agent check --port 80,udp/53 --client 198.51.100.0/24
  rs-agent check --mode dr --vip 192.0.2.10
  rs-agent check --mode tun --vip 192.0.2.10 --rip 10.0.1.11 --json
  rs-agent check --output csv --columns rule,severity,message --no-header
  rs-agent check --cluster /etc/lvs/cluster.yaml
  rs-agent check --explain RS-ARP-01
  rs-agent check --nagios

Exit status: 0 nothing found, or only infos; 1 the check itself failed; 2 wrong usage; 3 \
warnings; 4 errors; 5 no errors, but something that may be one could not be judged.

Exit status with --nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, also if the check failed or was \
used wrongly.")]
pub struct CheckArgs {
    /// Judge this host as the file that describes the whole cluster has it, as for setup
    #[arg(long, value_name = "FILE")]
    pub cluster: Option<PathBuf>,
    /// How the director forwards to this host: its forwarding method for this real server; as
    /// set up if not given
    #[arg(long, ignore_case = true)]
    pub mode: Option<Mode>,
    /// A VIP: a single address, repeated or comma-separated
    #[arg(long = "vip", value_name = "VIP", value_delimiter = ',', requires = "mode")]
    pub vips: Vec<String>,
    /// The address the director sends to, one of each family at most; this host's address towards
    /// the director if not given
    #[arg(long = "rip", value_name = "RIP", value_delimiter = ',')]
    pub rips: Vec<String>,
    /// The director's address, repeated or comma-separated
    #[arg(long = "director", value_name = "DIP", value_delimiter = ',')]
    pub directors: Vec<String>,
    /// The device that has the VIPs; lo if not given
    #[arg(long, value_name = "DEV", requires = "mode", help_heading = heading::DR)]
    pub carrier: Option<String>,
    /// This host is a director of the VIPs, too, as for setup
    #[arg(long, requires = "mode")]
    pub also_director: bool,
    /// The director's --tun-type; as set up, or ipip, if not given
    #[arg(long, value_name = "TYPE", ignore_case = true, help_heading = heading::TUN)]
    pub tunnel: Option<TunnelType>,
    /// gre: the director uses --tun-csum
    #[arg(long, help_heading = heading::TUN)]
    pub checksum: bool,
    /// gue: the director's --tun-port
    #[arg(long, value_name = "PORT", value_parser = what::tunnel_port, help_heading = heading::TUN)]
    pub tunnel_port: Option<u16>,
    /// The director that is the default gateway; one of each family at most
    #[arg(long = "gateway", value_name = "DIP", value_delimiter = ',', requires = "mode", help_heading = heading::NAT)]
    pub gateways: Vec<String>,
    /// Clients, whose routes are checked rather than the default route
    #[arg(long, value_name = "CIP[/PREFIX]", help_heading = heading::JUDGE)]
    pub client: Option<String>,
    /// A port of the service, as 80, tcp/80 or udp/53: is a server there?
    #[arg(long = "port", value_name = "[PROTOCOL/]PORT", value_delimiter = ',', help_heading = heading::JUDGE)]
    pub ports: Vec<String>,
    /// Count for so many seconds the packets that source validation drops
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = heading::JUDGE)]
    pub watch: Option<u16>,
    /// Only these rules, repeated or comma-separated
    #[arg(long = "rule", value_name = "ID", value_delimiter = ',', help_heading = heading::RULES)]
    pub rules: Vec<String>,
    /// List all rules
    #[arg(long, conflicts_with_all = ["cluster", "mode", "client", "ports", "watch", "rules", "explain"], help_heading = heading::RULES)]
    pub list_rules: bool,
    /// Explain a rule
    #[arg(long, value_name = "ID",
          conflicts_with_all = ["cluster", "mode", "client", "ports", "watch", "rules"], help_heading = heading::RULES)]
    pub explain: Option<String>,
    /// Print what a monitor reads: a line with the state and performance data, then a line for
    /// each finding (Monitoring Plugins: Nagios, Icinga, Checkmk)
    #[arg(long, conflicts_with_all = ["list_rules", "explain", "output", "json", "columns", "no_header"])]
    pub nagios: bool,
    #[command(flatten)]
    pub form: Form<CheckColumn>,
}

/// Reads for how long `check` watches.
fn seconds(text: &str) -> Result<u16, BadNumber> {
    lvs_term::seconds(text, "time", 1..=3600)
}
