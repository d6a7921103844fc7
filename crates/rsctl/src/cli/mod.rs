// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what may be typed: clap's types and the parsers of single values. What the values mean
//! together is decided in `commands`.

mod address;
mod bad_value;
mod check_file;
mod cluster;
mod connections;
mod daemon;
mod drain;
mod familiar;
mod filters;
mod from_ipvsadm;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod generate;
mod kept;
mod list;
mod list_form;
mod namespace;
mod save;
mod selector;
mod server;
mod service;
mod target;
mod timeouts;
mod typed;
mod usage;
pub(crate) mod value;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{
    ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint,
};
use lvs_term::{COMMON_OPTIONS, ColorWhen};

pub(crate) use address::Endpoint;
pub(crate) use bad_value::BadValue;
pub(crate) use check_file::CheckFile;
pub(crate) use cluster::{Allow, Apply, Failure, Plan, Wanted};
pub(crate) use connections::{Connections, GroupBy, Sort as ConnectionSort};
pub(crate) use daemon::{DaemonCommand, DaemonStatus, StartDaemon, SyncDaemonArgs};
pub(crate) use drain::{Drain, SlowStart, Undrain};
pub(crate) use familiar::familiar;
pub(crate) use filters::{Filters, ServiceKind};
pub(crate) use generate::Generate;
pub(crate) use kept::{Confirm, History, HistoryObject, Rollback};
pub(crate) use list::{List, SortKey, View};
pub(crate) use list_form::{Column, FormArgs, ListForm};
pub(crate) use namespace::NamespaceName;
pub(crate) use save::{Form, INSTALLED, Restore, Save};
pub(crate) use selector::Selector;
pub(crate) use server::{
    AddServer, DeleteServer, EditServer, MethodArgs, Mode, ServerEdits, ServerSettings, SetServer,
    TunnelSettings, TunnelType,
};
pub(crate) use service::{
    AddService, DeleteService, EditService, ServiceEdits, ServiceSettings, SetService,
};
pub(crate) use target::{Anywhere, Services, Target};
pub(crate) use timeouts::Timeouts;
pub(crate) use usage::{Unread, explain};

use crate::kept::STATE_DIR;

/// Names that folder in the environment.
pub(crate) const STATE_DIR_VARIABLE: &str = "RSCTL_STATE_DIR";

/// The headings of `--help`, in the order in which they stand there; in front of them is what
/// only one command has, behind them [`COMMON_OPTIONS`].
pub(crate) mod heading {
    pub(crate) const SERVICE: &str = "Virtual service, by ipvsadm's options";
    pub(crate) const SETTINGS: &str = "Settings of the service";
    pub(crate) const SERVER: &str = "Real server";
    pub(crate) const METHOD: &str = "Forwarding method (one of)";
    pub(crate) const TUNNEL: &str = "Tunnel (with -i)";
    pub(crate) const WHICH: &str = "Which connections";
    pub(crate) const FILTERS: &str = "Filters (all that are given must hold)";
    pub(crate) const VIEW: &str = "View (one of)";
    pub(crate) const SHOW: &str = "What to show";
    pub(crate) const FORM: &str = "Form";
    pub(crate) const ALLOW: &str = "What is refused unless it is meant";

    #[cfg(test)]
    pub(crate) const ALL: [&str; 12] = [
        SERVICE,
        SETTINGS,
        SERVER,
        METHOD,
        TUNNEL,
        WHICH,
        FILTERS,
        VIEW,
        SHOW,
        FORM,
        ALLOW,
        super::COMMON_OPTIONS,
    ];
}

/// Set up and show the virtual services of this host, an IPVS (LVS) director.
#[derive(Debug, Parser)]
#[command(
    name = "rsctl",
    // Not the word by which it was called, which may be anything.
    bin_name = "rsctl",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
A virtual service is written tcp/192.0.2.10:80, udp/[2001:db8::1]:53, fwmark/7 or fwmark/7/ipv6, \
or with ipvsadm's options: -t 192.0.2.10:80. Addresses are numbers, and no name of a host is looked \
up unless `list` and `connections` are asked for --names; a port may be a name of /etc/services. \
SECONDS may have units: 90, 5m, 1h30m.

`rsctl ipvsadm ...`, or rsctl under the name of ipvsadm, answers as ipvsadm does, to the byte.

Exit status: 0 done, 1 failed, 2 bad usage or bad input (nothing was changed), 3 plan or \
--dry-run found something to change, 4 another rsctl was changing the table for too long, or a \
change waits to be confirmed (nothing was changed), 5 what was to be added is there already, 6 \
what the command is about is not there.

RSCTL_NETLINK_TRACE=1 in the environment prints each request to the kernel and each answer, \
decoded, to standard error: for bug reports."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,

    // Clap acts on these two; here they are for their place in the help.
    /// Print help.
    #[arg(
        short,
        long,
        global = true,
        action = ArgAction::Help,
        help_heading = COMMON_OPTIONS,
        display_order = 102
    )]
    help: Option<bool>,

    /// Print version.
    #[arg(
        short = 'V',
        long,
        action = ArgAction::Version,
        help_heading = COMMON_OPTIONS,
        display_order = 103
    )]
    version: Option<bool>,
}

/// What every command takes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Global {
    /// Work in another network namespace: a name of `ip netns`, pid:NUMBER, or a path.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help_heading = COMMON_OPTIONS,
        display_order = 100
    )]
    pub(crate) netns: Option<NamespaceName>,

    /// The folder of what is kept: history, checkpoints, what is owned; one below it for each other
    /// network namespace.
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
    pub(crate) state_dir: PathBuf,

    /// When to colour tables; auto: on a terminal, unless NO_COLOR is set.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        help_heading = COMMON_OPTIONS,
        display_order = 101
    )]
    pub(crate) color: Option<ColorWhen>,
}

/// The options of a command are made known to clap once it is the one.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Add a virtual service.
    #[command(defer(ordered::<AddService>))]
    AddService(AddService),
    /// Change some settings of a virtual service and leave the rest.
    #[command(defer(ordered::<EditService>))]
    EditService(EditService),
    /// Add a virtual service, or edit the one that is there: make it so.
    #[command(defer(ordered::<SetService>))]
    SetService(SetService),
    /// Delete a virtual service and its real servers.
    #[command(defer(ordered::<DeleteService>))]
    DeleteService(DeleteService),
    /// Add a real server to a virtual service.
    #[command(defer(ordered::<AddServer>))]
    AddServer(AddServer),
    /// Change some settings of a real server and leave the rest.
    #[command(defer(ordered::<EditServer>))]
    EditServer(EditServer),
    /// Add a real server to a virtual service, or edit the one that is there: make it so.
    #[command(defer(ordered::<SetServer>))]
    SetServer(SetServer),
    /// Delete a real server from a virtual service.
    #[command(defer(ordered::<DeleteServer>))]
    DeleteServer(DeleteServer),
    /// Take a real server out of service without breaking connections.
    #[command(defer(ordered::<Drain>))]
    Drain(Drain),
    /// Give a drained real server its weight back.
    #[command(defer(ordered::<Undrain>))]
    Undrain(Undrain),
    /// Bring a real server back step by step.
    #[command(defer(ordered::<SlowStart>))]
    SlowStart(SlowStart),
    /// List virtual services and their real servers.
    #[command(defer(ordered::<List>))]
    List(List),
    /// Show the connection table: whole, filtered or grouped.
    #[command(defer(ordered::<Connections>))]
    Connections(Connections),
    /// Set counters to 0: of one service and its servers, or of everything.
    #[command(defer(ordered::<Zero>))]
    Zero(Zero),
    /// Delete all virtual services of this network namespace.
    #[command(defer(ordered::<Clear>))]
    Clear(Clear),
    /// Show the timeouts of idle connections, or set those that are named.
    #[command(defer(ordered::<Timeouts>))]
    Timeouts(Timeouts),
    /// Show, start and stop the daemons that synchronise connections between directors.
    #[command(defer(ordered::<SyncDaemonArgs>))]
    SyncDaemon(SyncDaemonArgs),
    /// Write the manual pages, or the completions of a shell.
    #[command(defer(ordered::<Generate>))]
    Generate(Generate),
    /// Write the table in a form that `rsctl restore` reads.
    #[command(defer(ordered::<Save>))]
    Save(Save),
    /// Say what is wrong with the file of a cluster.
    #[command(defer(ordered::<CheckFile>))]
    CheckFile(CheckFile),
    /// Show what `rsctl apply` would change, and why.
    #[command(defer(ordered::<Plan>))]
    Plan(Plan),
    /// Make the table what the file of a cluster says, and leave to others what is theirs.
    #[command(defer(ordered::<Apply>))]
    Apply(Apply),
    /// Restore a table from a file by changing what differs.
    #[command(defer(ordered::<Restore>))]
    Restore(Restore),
    /// Keep a change that would be undone by itself.
    #[command(defer(ordered::<Confirm>))]
    Confirm(Confirm),
    /// Go back to the table before a change.
    #[command(defer(ordered::<Rollback>))]
    Rollback(Rollback),
    /// Show who changed what, and when.
    #[command(defer(ordered::<History>))]
    History(History),
}

/// Makes the options of a command known, in front of those that it has of [`Cli`]: the order of
/// headings is that in which they come up first.
fn ordered<A: Args>(command: clap::Command) -> clap::Command {
    let global: Vec<clap::Id> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    // What is changed goes to the end.
    global.iter().fold(A::augment_args(command), |command, id| command.mut_arg(id, |arg| arg))
}

impl Cli {
    /// Reads a command line.
    ///
    /// Knowing all commands takes longer than adding a service, so one that comes first is
    /// read by itself. What cannot be read so, or asks for help, is read with all of them:
    /// they are part of the answer. What cannot be read at all is read once more as other
    /// programs would have it.
    ///
    /// # Errors
    /// Why it stops: a complaint, or because help or the version is to be shown.
    pub(crate) fn read(args: &[OsString]) -> Result<Self, Unread> {
        Self::read_alone(args).map_or_else(|| Self::read_among_all(args), Ok)
    }

    fn read_among_all(args: &[OsString]) -> Result<Self, Unread> {
        let read = |args: &[OsString]| {
            matches(Self::command(), args)
                .and_then(|mut matches| Self::from_arg_matches_mut(&mut matches))
        };
        read(args).or_else(|stop| match usage::as_ours(&stop, args)? {
            Some(args) => read(&args).map_err(|stop| Unread::Stop(stop, args)),
            None => Err(Unread::Stop(stop, args.to_vec())),
        })
    }

    fn read_alone(args: &[OsString]) -> Option<Self> {
        // The command takes the place of the program's name.
        let args = args.get(1..)?;
        if args.iter().any(|word| word == "--help" || word == "-h") {
            return None;
        }
        match args.first()?.to_str()? {
            "add-service" => alone(args, Command::AddService),
            "edit-service" => alone(args, Command::EditService),
            "set-service" => alone(args, Command::SetService),
            "delete-service" => alone(args, Command::DeleteService),
            "add-server" => alone(args, Command::AddServer),
            "edit-server" => alone(args, Command::EditServer),
            "set-server" => alone(args, Command::SetServer),
            "delete-server" => alone(args, Command::DeleteServer),
            "list" => alone(args, Command::List),
            "connections" => alone(args, Command::Connections),
            "save" => alone(args, Command::Save),
            "restore" => alone(args, Command::Restore),
            "check-file" => alone(args, Command::CheckFile),
            "plan" => alone(args, Command::Plan),
            "apply" => alone(args, Command::Apply),
            _ => None,
        }
    }
}

/// Reads the words of one command.
fn alone<A: Args>(words: &[OsString], command: fn(A) -> Command) -> Option<Cli> {
    let known = Global::augment_args(clap::Command::new("rsctl").disable_help_flag(true));
    let mut matches = matches(A::augment_args(known), words).ok()?;
    let global = Global::from_arg_matches_mut(&mut matches).ok()?;
    let command = command(A::from_arg_matches_mut(&mut matches).ok()?);
    Some(Cli { global, command, help: None, version: None })
}

fn matches(mut known: clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let matches = known.try_get_matches_from_mut(words);
    // Its many small pieces go with the process, which reads no second line.
    std::mem::forget(known);
    matches
}

impl Command {
    /// Returns how it tells what it changes; `None` if it changes nothing.
    pub(crate) fn report(&self) -> Option<&Report> {
        match self {
            Self::AddService(args) => Some(&args.report),
            Self::EditService(args) => Some(&args.report),
            Self::SetService(args) => Some(&args.report),
            Self::DeleteService(args) => Some(&args.report),
            Self::AddServer(args) => Some(&args.report),
            Self::EditServer(args) => Some(&args.report),
            Self::SetServer(args) => Some(&args.report),
            Self::DeleteServer(args) => Some(&args.report),
            Self::Drain(args) => (!args.list).then_some(&args.report),
            Self::Undrain(args) => Some(&args.report),
            Self::SlowStart(args) => Some(&args.report),
            Self::Zero(args) => Some(&args.report),
            Self::Clear(args) => Some(&args.report),
            Self::Timeouts(args) => (!args.shows()).then_some(&args.report),
            Self::SyncDaemon(args) => match args.command.as_ref()? {
                DaemonCommand::Start(args) => Some(&args.report),
                DaemonCommand::Stop(args) => Some(&args.report),
                DaemonCommand::Status(_) => None,
            },
            Self::Restore(args) => Some(&args.report),
            Self::Apply(args) => Some(&args.report),
            Self::Confirm(args) => Some(&args.report),
            Self::Rollback(args) => Some(&args.report),
            Self::List(_)
            | Self::Connections(_)
            | Self::Generate(_)
            | Self::Save(_)
            | Self::CheckFile(_)
            | Self::Plan(_)
            | Self::History(_) => None,
        }
    }

    /// Returns whether it takes a while, and tells of it meanwhile.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Drain(_) | Self::Undrain(_) | Self::SlowStart(_))
    }

    /// Returns whether what it found is to be told as JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::List(args) => args.is_json(),
            Self::Connections(args) => args.json,
            Self::CheckFile(args) => args.json,
            Self::Plan(args) => args.json,
            Self::History(args) => args.json,
            Self::Timeouts(args) => args.report.json,
            Self::Drain(args) => args.report.json,
            Self::SyncDaemon(args) => {
                let status = matches!(&args.command, Some(DaemonCommand::Status(s)) if s.json);
                args.json || status || self.report().is_some_and(|report| report.json)
            }
            _ => self.report().is_some_and(|report| report.json),
        }
    }
}

#[derive(Debug, Args)]
#[command(
    override_usage = "rsctl zero [OPTIONS] [SERVICE]",
    mut_arg("service", selector::optional),
    after_help = "\
The kernel samples counters every 2 seconds; traffic that it has not sampled yet appears \
afterwards."
)]
pub(crate) struct Zero {
    #[command(flatten)]
    pub(crate) service: Option<Selector>,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal it asks first, unless --yes is given. Connections stay in the connection table.")]
pub(crate) struct Clear {
    /// Do not ask for confirmation.
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

// No documentation, which clap would take for the help of the whole command: how a changing
// command tells what it did; by default it says nothing.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = COMMON_OPTIONS)]
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

    /// Wait for SECONDS at most while another rsctl changes the table; 0 does not wait.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = typed::seconds,
        allow_negative_numbers = true,
        default_value_t = 10
    )]
    lock_wait: u32,
}

impl Report {
    pub(crate) fn lock_wait(&self) -> Duration {
        Duration::from_secs(self.lock_wait.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        let mut all = Cli::command();
        all.build();
        all.debug_assert();
    }

    /// What a command takes must not depend on whether it is read alone.
    #[test]
    fn a_command_alone_takes_what_it_takes_among_all() {
        for line in [
            "add-service tcp/192.0.2.10:80 -s sh -b sh-port,sh-fallback -p 600 --dry-run",
            "edit-service -f 7 -6 --replace --no-persistent --netns blue",
            "delete-service --sctp-service [2001:db8::1]:80 --lock-wait 0",
            "delete-service --vip 2001:db8::1 --if-exists",
            "set-service -f 7 -6 --replace -p 60 --json",
            "set-server --vip 192.0.2.10 -r 10.0.0.11 -r 10.0.0.12 -w 3 -v",
            "edit-server --everywhere -r 10.0.0.11 -w 0 --dry-run",
            "add-server -t 192.0.2.10:80 -r 10.0.0.11 -i --tun-type gue --tun-port=6080 -w 0",
            "edit-server udp/192.0.2.10:53 -r 10.0.0.11:53 -vw3 --color never",
            "delete-server --netns=pid:7 tcp/192.0.2.10:80 -r 10.0.0.11 --json",
            "list -t 192.0.2.10:80 --stats -X --sort bytes",
            "list -o wide --columns=server --vip 192.0.2.0/24 -r 10.0.0.11 --method NAT --watch",
            "connections tcp/192.0.2.10:80 -r 10.0.0.11 --top 3 --sort expires --color always",
            "save --format ipvsadm -o -",
            "restore --merge --as-is -v file",
        ] {
            let args: Vec<_> = line.split(' ').collect();
            let args: Vec<_> = ["rsctl"].iter().chain(&args).map(OsString::from).collect();
            let alone = Cli::read_alone(&args).expect(line);
            let among = Cli::try_parse_from(&args).expect(line);
            assert_eq!(format!("{alone:?}"), format!("{among:?}"));
        }
    }

    #[test]
    fn what_a_command_alone_cannot_read_is_read_again() {
        let read = |line: &str| Cli::read(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        let stop = |line| match read(line) {
            Err(Unread::Stop(stop, _)) => stop,
            other => panic!("{line}: {other:?}"),
        };
        let help = stop("rsctl add-service --help");
        assert_eq!(help.kind(), clap::error::ErrorKind::DisplayHelp);
        assert!(help.to_string().contains("--netns"), "{help}");
        assert!(read("rsctl add-service tcp/192.0.2.10:80 --netns blue").is_ok());
        assert!(read("rsctl --netns blue add-service tcp/192.0.2.10:80").is_ok());
        let error = stop("rsctl add-service -s rr");
        assert_eq!(error.kind(), clap::error::ErrorKind::MissingRequiredArgument);
    }

    /// It reads well in narrow and in wide terminals, in one order everywhere.
    #[test]
    fn help_has_no_faults() {
        let faults = lvs_term::help_faults(Cli::command(), &crate::manual::MANUAL, &heading::ALL);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
