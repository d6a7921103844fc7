// SPDX-License-Identifier: MIT OR Apache-2.0

use clap::{Args, Subcommand};

use super::{
    AddServer, AddService, Apply, Clear, Confirm, Connections, DaemonCommand, DeleteServer,
    DeleteService, Drain, EditServer, EditService, Export, Generate, History, List, Plan, Report,
    Restore, Rollback, Save, SetServer, SetService, SlowStart, SyncDaemonArgs, Timeouts, Undrain,
    Zero,
};

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
    /// Write the manual pages, the completions of a shell, or the schema of the cluster file.
    #[command(defer(ordered::<Generate>))]
    Generate(Generate),
    /// Write the table in a form that `rsctl restore` reads.
    #[command(defer(ordered::<Save>))]
    Save(Save),
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
    /// Write the table as the file of a cluster, with what is said twice folded.
    #[command(defer(ordered::<Export>))]
    Export(Export),
}

/// Makes the options of a command known, in front of those that it has of [`super::Cli`]: the order of
/// headings is that in which they come up first.
fn ordered<A: Args>(command: clap::Command) -> clap::Command {
    let global: Vec<clap::Id> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    // What is changed goes to the end.
    global.iter().fold(A::augment_args(command), |command, id| command.mut_arg(id, |arg| arg))
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
            | Self::Export(_)
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
            Self::Plan(args) => args.json,
            Self::History(args) => args.json,
            Self::Timeouts(args) => args.report.json,
            Self::Drain(args) => args.report.json,
            Self::Export(args) => args.json,
            Self::SyncDaemon(args) => {
                let status = matches!(&args.command, Some(DaemonCommand::Status(s)) if s.json);
                args.json || status || self.report().is_some_and(|report| report.json)
            }
            _ => self.report().is_some_and(|report| report.json),
        }
    }
}
