// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the command line.

mod check;
mod familiar;
mod form;
mod what;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use lvs_term::{COMMON_OPTIONS, Generated};

pub use self::check::CheckArgs;
pub(crate) use self::familiar::familiar;
pub use self::form::{CheckColumn, Form, Shown, StatusColumn};
pub use self::what::What;

/// The folder that keeps the values from before, if no other is named.
pub const STATE_DIR: &str = "/run/rs-agent";
/// The environment variable that names another.
pub const STATE_DIR_VARIABLE: &str = "RS_AGENT_STATE_DIR";

const SETUP: &str = "\
Make this host a real server for the given VIPs.

Mode dr: arp_ignore and arp_announce are raised first, so that this host never answers for a VIP; \
then each VIP is added to lo, as a single address.

Mode tun: like dr, but a tunnel device decapsulates the director's packets and has the VIPs; its \
rp_filter becomes 2. --tunnel names what the director uses, and so the device:
  - ipip to an IPv4 RIP: rs-ipip, for IPv6 VIPs rs-sit
  - ipip to an IPv6 RIP: rs-ip6tnl
  - ipip to RIPs of both families: rs-ipip and rs-ip6tnl
  - gre to an IPv4 RIP: rs-gre
  - gre to an IPv6 RIP: rs-ip6gre
  - gue: those of ipip behind a UDP port; needs the kernel module fou

Mode nat: no VIP here: replies must go back through the director. Checks the route to the clients; \
with --gateway sets the default route, of each family that has one.

With --cluster a host finds in the file of its cluster which VIPs it serves, how and by which \
address; in mode nat the default route is set via the director that the file names, unless \
--director is given, which only checks it.

Running it again changes nothing; with another --vip it adds that one. Everything is checked \
before anything is changed, the previous values are recorded before they are overwritten, and a \
failure half-way is undone, as is what Ctrl-C interrupts. VIPs and values that were there before \
stay when the rest is torn down.";

const TEARDOWN: &str = "\
Put everything back as it was before setup.

The VIPs go first; only then are arp_ignore and arp_announce put back, to the values from before, \
where they still have ours and no other VIP needs them. What somebody else has changed since is \
left as it is, and reported.

If something cannot be taken down, the rest is, each failure is reported, and another teardown \
does what is left, as it does after Ctrl-C; but arp_ignore and arp_announce stay as long as a VIP \
does.

Drain this host first: rsctl edit-server with weight 0 on the director, then wait for its \
connections to end.";

const RUN: &str = "\
Make this host a real server as setup does, then keep it so.

Without options it keeps what is set up now. Address, link and route changes are seen as they \
happen, settings within a second. What is gone is made again; what somebody else has made \
differently (a setting raised further, an address added again by another program, a device made \
anew) is left alone and logged. If something undoes the same thing again and again, the pauses \
between repairs grow, to 30 s at most, and the likely culprit is named.

With --config or --cluster only the file counts: a VIP that is no longer in it is taken down, at \
the start and at each SIGHUP. A host that has none of the addresses in the cluster's file yet, as \
while it boots, is waited for. `rs-agent teardown` while it runs ends it.";

const INSTALL_UNIT: &str = "\
Write what makes rs-agent start with this host: a systemd unit, the settings in sysctl.d and the \
tunnel modules in modules-load.d, as the configuration demands.

A file that is not from this command is never touched; deleting the first line of one makes it \
yours. What the unit could not see or read (ProtectHome=yes, root without CAP_DAC_OVERRIDE) is \
refused. Nothing is started: systemctl daemon-reload, then systemctl enable --now rs-agent.";

/// The headings of `--help`, in the order in which they stand there; in front of them is what is
/// of no mode, behind them [`COMMON_OPTIONS`].
pub(crate) mod heading {
    pub(crate) const DR: &str = "Mode dr";
    pub(crate) const TUN: &str = "Mode tun";
    pub(crate) const NAT: &str = "Mode nat";
    pub(crate) const JUDGE: &str = "What to judge";
    pub(crate) const RULES: &str = "Rules";

    #[cfg(test)]
    pub(crate) const ALL: [&str; 6] = [DR, TUN, NAT, JUDGE, RULES, super::COMMON_OPTIONS];
}

/// Sets up this host as a real server of an IPVS (LVS) director, and undoes it
#[derive(Debug, Parser)]
#[command(
    name = "rs-agent",
    // Not the word by which it was called, which may be anything.
    bin_name = "rs-agent",
    version,
    propagate_version = true,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "\
`rs-agent COMMAND --help` explains each command.

Examples:
  rs-agent setup --mode dr --vip 192.0.2.10
  rs-agent check
  rs-agent status
  rs-agent teardown

Exit status: 0 done, 1 failed, 2 wrong usage or input that is refused (nothing was changed), 3 to \
5 what check or status --exit-code found."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// The folder that keeps the values from before; one file per network namespace
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        env = STATE_DIR_VARIABLE,
        hide_env_values = true,
        default_value = STATE_DIR,
        help_heading = COMMON_OPTIONS,
        display_order = 100
    )]
    pub state_dir: PathBuf,

    // Clap acts on these two; here they are for their place in the help.
    /// Print help; with -h, a summary
    #[arg(
        short,
        long,
        global = true,
        action = ArgAction::Help,
        help_heading = COMMON_OPTIONS,
        display_order = 101
    )]
    help: Option<bool>,

    /// Print version
    #[arg(
        short = 'V',
        long,
        global = true,
        action = ArgAction::Version,
        help_heading = COMMON_OPTIONS,
        display_order = 102
    )]
    version: Option<bool>,
}

impl Cli {
    /// Returns the form in which the command is to show what it returns, or why it fails.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match &self.command {
            Command::Check(args) if args.nagios => Shown::Nagios,
            Command::Check(args) => args.form.shown(),
            Command::Status(args) => args.form.shown(),
            Command::Setup(SetupArgs { how, .. }) | Command::Teardown(TeardownArgs { how, .. })
                if how.json =>
            {
                Shown::Json
            }
            _ => Shown::Text,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make this host a real server for the given VIPs
    #[command(long_about = SETUP)]
    Setup(SetupArgs),
    /// Put everything back as it was before setup
    #[command(long_about = TEARDOWN)]
    Teardown(TeardownArgs),
    /// Judge whether this host is a sound real server, and say what the remedy is
    #[command(long_about = check::CHECK)]
    Check(CheckArgs),
    /// Show what is set up, by whom, since when, and what has changed since
    Status(StatusArgs),
    /// Set up as setup does, then watch and keep it so
    #[command(long_about = RUN)]
    Run(RunArgs),
    /// Write (or show, or remove) a systemd unit and what belongs to it
    #[command(long_about = INSTALL_UNIT)]
    InstallUnit(InstallUnitArgs),
    /// Write manual pages or shell completions into a folder
    Generate(GenerateArgs),
}

/// Options of `setup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs-agent setup --mode dr --vip 192.0.2.10 --vip 2001:db8::10
  rs-agent setup --mode dr --vip 192.0.2.10 --carrier vips --create-carrier
  rs-agent setup --mode tun --vip 192.0.2.10 --rip 10.0.1.11 --director 10.0.0.1
  rs-agent setup --mode tun --tunnel gre --checksum --vip 192.0.2.10
  rs-agent setup --mode tun --tunnel gue --tunnel-port 6080 --vip 192.0.2.10
  rs-agent setup --mode tun --vip 192.0.2.10 --rip 10.0.1.11,2001:db8:11::11
  rs-agent setup --mode nat --gateway 10.0.0.1,2001:db8:10::1
  rs-agent setup --mode nat --director 10.0.0.1 --client 198.51.100.0/24
  rs-agent setup --config /etc/rs-agent/rs-agent.toml
  rs-agent setup --cluster /etc/lvs/cluster.yaml
  rs-agent setup --mode dr --vip 192.0.2.10 --dry-run

Exit status: 0 done, or it was so already; 1 failed, and nothing is left half done, or what is \
left is told; 2 wrong usage, or input that is refused, and nothing was changed.",
    override_usage = "rs-agent setup [OPTIONS] <--mode MODE|--config FILE|--cluster FILE>",
    mut_arg("mode", |mode| mode.help(
        "How the director forwards to this host: its forwarding method for this real server \
         (required without --config and --cluster)"
    ))
)]
pub struct SetupArgs {
    #[command(flatten)]
    pub what: What,
    #[command(flatten)]
    pub how: How,
}

/// Options of `run`; without `--config` they are also the keys of its file.
#[derive(Debug, Args)]
#[command(after_help = "\
SIGHUP reads the file again; SIGTERM and SIGINT end it, as --on-stop says.

Examples:
  rs-agent run --mode dr --vip 192.0.2.10
  rs-agent run --config /etc/rs-agent/rs-agent.toml
  rs-agent run --cluster /etc/lvs/cluster.yaml
  rs-agent run
  rs-agent install-unit --print

Exit status: 0 ended as told, or the host was taken down by `rs-agent teardown`; 1 failed; 2 wrong \
usage, or a file that cannot be read or is wrong.")]
pub struct RunArgs {
    #[command(flatten)]
    pub what: What,
    /// What becomes of the VIPs when it is told to end
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub on_stop: OnStop,
    /// How events are written to standard error
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub log_format: LogFormat,
}

/// What happens at the end of `run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnStop {
    /// All stays set up, and is no longer watched.
    Keep,
    /// As `rs-agent teardown`.
    Teardown,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// `event=repaired command="ip addr add …"`
    Text,
    /// A JSON object.
    Json,
}

/// Options of `teardown`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs-agent teardown
  rs-agent teardown --vip 192.0.2.10
  rs-agent teardown --dry-run

Exit status: 0 done, or nothing was set up; 1 failed: what could not be taken down is told, and \
the rest was; 2 wrong usage, or input that is refused, and nothing was changed.")]
pub struct TeardownArgs {
    /// Take down only this VIP and what no other needs; repeated or comma-separated
    #[arg(long = "vip", value_name = "VIP", value_delimiter = ',')]
    pub vips: Vec<String>,
    #[command(flatten)]
    pub how: How,
}

/// Options of `status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs-agent status
  rs-agent status --json
  rs-agent status --columns kind,name,owner --no-header
  rs-agent status --exit-code

Exit status: 0 done, whether or not something is set up, and whether or not it has drifted; 1 \
failed; 2 wrong usage.

Exit status with --exit-code: 0 it is as it should be; 1 failed; 2 wrong usage; 3 somebody else has \
changed something, and all that is needed is there; 4 something is missing or wrong; 5 nothing is \
set up.")]
pub struct StatusArgs {
    /// Tell by the exit status, too, whether what is set up is as it should be
    #[arg(long)]
    pub exit_code: bool,
    #[command(flatten)]
    pub form: Form<StatusColumn>,
}

/// Options of every command that changes something.
#[derive(Debug, Args)]
#[command(next_help_heading = COMMON_OPTIONS)]
pub struct How {
    /// Print each action done, as the equivalent shell command
    #[arg(short, long)]
    pub verbose: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Print what would be done, in order and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `install-unit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs-agent install-unit --print
  rs-agent install-unit
  rs-agent install-unit --remove")]
pub struct InstallUnitArgs {
    /// The configuration that the unit will use
    #[arg(long, value_name = "FILE", default_value = "/etc/rs-agent/rs-agent.toml")]
    pub config: PathBuf,
    /// The program that the unit will start
    #[arg(long, value_name = "FILE", default_value = "/usr/local/sbin/rs-agent")]
    pub program: PathBuf,
    /// Write below this folder instead of /; the configuration is read where it is
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        default_value = "/",
        hide_default_value = true
    )]
    pub destdir: PathBuf,
    /// Show the files and write nothing
    #[arg(long, conflicts_with = "remove")]
    pub print: bool,
    /// Remove the files
    #[arg(long)]
    pub remove: bool,
}

/// Options of `generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
A FOLDER called man5 or man8 gets the manual pages of that section, another all of them.

Examples:
  rs-agent generate man /usr/local/share/man/man8
  rs-agent generate man /usr/local/share/man/man5
  rs-agent generate bash /usr/local/share/bash-completion/completions")]
pub struct GenerateArgs {
    /// What to write
    pub what: Generated,
    /// The folder to write into; it must exist
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// It reads well in narrow and in wide terminals, in one order everywhere.
    #[test]
    fn help_has_no_faults() {
        let faults = lvs_term::help_faults(Cli::command(), &crate::manual::MANUAL, &heading::ALL);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// As `rsctl list -o` takes them.
    #[test]
    fn forms_are_read_in_capitals_too() {
        for (form, expected) in [("JSON", Shown::Json), ("Json-Pretty", Shown::JsonPretty)] {
            let cli = Cli::try_parse_from(["rs-agent", "status", "-o", form]).unwrap();
            assert!(matches!(&cli.command, Command::Status(it) if it.form.shown() == expected));
        }
    }
}
