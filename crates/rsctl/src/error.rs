// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ipvs_cluster::cluster;
use ipvs_cluster::drain::{Obstacle, Unrampable};
use ipvs_cluster::file::Problem;
use ipvs_netlink::{Change, DestinationKey, ErrorKind, Scheduler, ServiceKey};
use lvs_term::{Complaint, Usage, count, escaped, system_error};

use crate::exit::Exit;
use crate::kept::{KeptError, Pending};
use crate::lock::Holder;
use crate::refusal::{self, Refusal};

/// Says why `rsctl` failed: one line, and hints.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line could not be read.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The command line was read and makes no sense; nothing was sent.
    #[error("cannot {action}: {refusal}")]
    Refused {
        /// As in "cannot …".
        action: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The library or the kernel refused.
    #[error(transparent)]
    Ipvs(#[from] ipvs_netlink::Error),
    /// Who may not ask the kernel wants to see what only the kernel has.
    #[error("cannot list the services with {what}: {}, and /proc/net/ip_vs has none", .error.reason())]
    NotPublic {
        /// What it lacks.
        what: &'static str,
        /// Why the kernel was not asked.
        error: ipvs_netlink::Error,
    },
    /// Who may not ask the kernel wants to see a service that is not in a list that may lack some.
    #[error("cannot list service {service}: {}, and /proc/net/ip_vs does not show all services now", .error.reason())]
    NotShown {
        /// Which one.
        service: ServiceKey,
        /// Why the kernel was not asked.
        error: ipvs_netlink::Error,
    },
    /// Who may not ask the kernel wants to save what only the kernel has.
    #[error("cannot save the table: {}, and /proc/net/ip_vs lacks too much of it", .0.reason())]
    NotSaved(ipvs_netlink::Error),
    /// A table that would not be restored is to be the one of each boot.
    #[error("cannot save the table to {0}: it has no service, and would not be restored")]
    NothingToInstall(&'static str),
    /// The table of a namespace that was named is to be the one of each boot.
    #[error(
        "cannot save the table of a named network namespace to {0}: at boot it would be \
             restored into the host's own"
    )]
    InstallsElsewhere(&'static str),
    /// `restore` would refuse, at boot, what is to be restored then.
    #[error("cannot save the table to {file}: it would not be restored")]
    NotRestorable {
        /// Where it was to go.
        file: String,
        /// What of it.
        problems: Vec<String>,
        /// Whether `restore --as-is` takes it.
        as_is: bool,
    },
    /// Who may not ask the kernel wants to delete all services.
    #[error("cannot delete all services: {}", .0.reason())]
    NotCleared(ipvs_netlink::Error),
    /// The process whose namespace is meant is not there.
    #[error("cannot enter the network namespace of process {0}: there is no such process")]
    NoProcess(u32),
    /// The service to be listed is not there.
    #[error("cannot list service {0}: there is no such service")]
    NoService(ServiceKey),
    /// Nothing of what the command is about is there.
    #[error("cannot {action}: {why}")]
    NotThere {
        /// As in "cannot …".
        action: String,
        /// What is not there.
        why: &'static str,
    },
    /// The other director's status could not be read.
    #[error("cannot read the peer's status from {path}: {why}")]
    Peer {
        /// Where it was to come from.
        path: String,
        /// What was wrong with it.
        why: String,
    },
    /// What was generated could not be written.
    #[error("cannot write into {}: {}", escaped(folder.as_os_str()), system_error(.error))]
    Generate {
        /// Where it was to go.
        folder: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Another `rsctl` was changing the table for too long; nothing was changed.
    #[error("cannot change the table: {holder} is changing it; nothing was changed")]
    Locked {
        /// Who.
        holder: Holder,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The answer to the question was not yes.
    #[error("cannot delete all services: the answer was not `y`")]
    Declined,
    /// The question could not be asked.
    #[error("cannot delete all services: cannot ask on the terminal: {}", system_error(.0))]
    Ask(io::Error),
    /// The file could not be read.
    #[error("cannot read {file}: {}", system_error(.error))]
    Read {
        /// Its name.
        file: String,
        /// Why not.
        error: io::Error,
    },
    /// The file could not be written; what was there before is there still.
    #[error("cannot write {file}: {}", system_error(.error))]
    Write {
        /// Its name.
        file: String,
        /// Why not.
        error: io::Error,
    },
    /// What is to be the folder of the file is something else.
    #[error("cannot write {file}: {folder} is there, and is no directory")]
    FolderInTheWay {
        /// Its name.
        file: String,
        /// The folder's.
        folder: String,
    },
    /// The file holds what cannot be; nothing was changed.
    #[error("{0}")]
    BadFile(Problems),
    /// The file holds what should not be, and is not there yet; nothing was changed.
    #[error("{0}")]
    Doubtful(Problems),
    /// The file has no service; nothing was changed.
    #[error("cannot restore {file}: it has no service; nothing was changed")]
    EmptyFile {
        /// Its name.
        file: String,
        /// Whether it was to be added to what is there.
        merges: bool,
    },
    /// Lines that may not be all there would delete much of the table; nothing was changed.
    #[error("cannot restore {file}: it would delete {loss}; nothing was changed")]
    ManyDeletes {
        /// Its name.
        file: String,
        /// What would go.
        loss: String,
    },
    /// The file of a cluster has problems; nothing was changed.
    #[error("cannot read {}: {}; nothing was changed", .0.file, count(.0.all.len(), "problem"))]
    BadCluster(ClusterProblems),
    /// The file wants no service; nothing was changed.
    #[error("cannot apply {file}: it has no service; nothing was changed")]
    NothingWanted {
        /// Its name.
        file: String,
    },
    /// What the file wants would turn clients away; nothing was changed.
    #[error("cannot apply {file}: it would do what is hardly meant; nothing was changed")]
    Trapped {
        /// Its name.
        file: String,
        /// What it would do.
        refused: Vec<Refused>,
    },
    /// What is there could not be kept in mind as something to go back to.
    #[error("cannot go back to what was there: {0}")]
    NoWayBack(String),
    /// A change is there that nobody has confirmed yet; nothing was changed.
    #[error("cannot begin: {} is to be confirmed until {}; nothing was changed", .0.who(), .0.until)]
    Pending(Box<Pending>),
    /// Nothing waits to be confirmed.
    #[error("cannot confirm: no change waits for it")]
    NothingPending,
    /// What undoes a change that nobody confirms could not be started.
    #[error("cannot have the change undone by itself: {}; nothing was changed", system_error(.0))]
    NoWatcher(io::Error),
    /// There is no clock to wait by.
    #[error("cannot tell the time: {}", system_error(.0))]
    Clock(io::Error),
    /// There is no table to go back to.
    #[error("cannot roll back: {}", no_checkpoint(*.number))]
    NoCheckpoint {
        /// The number asked for.
        number: Option<u32>,
        /// The first and the last that there are.
        numbers: Option<(u32, u32)>,
    },
    /// The table to go back to has no service; nothing was changed.
    #[error("cannot roll back to checkpoint {0}: it has no service; nothing was changed")]
    EmptyCheckpoint(u32),
    /// Clients would be refused; nothing was changed.
    #[error("{}", refused_drain(.0))]
    Undrainable(Vec<Undrainable>),
    /// A server cannot be brought back step by step; nothing was changed.
    #[error("cannot start server {server} of {service} slowly: {why}")]
    Unrampable {
        /// The virtual service.
        service: ServiceKey,
        /// The server.
        server: DestinationKey,
        /// Why not.
        why: Unrampable,
    },
    /// A server has weight 0, and nobody knows which one it had.
    #[error("cannot undrain server {server} of {service}: no drain of it is remembered")]
    NoDrain {
        /// The virtual service.
        service: ServiceKey,
        /// The server.
        server: DestinationKey,
    },
    /// What is being drained is not known.
    #[error("cannot read what is being drained: {0}")]
    Unread(KeptError),
    /// The weights of servers could not be kept; no server was changed.
    #[error("cannot remember the weights of the servers: {0}; nothing was changed")]
    Unremembered(KeptError),
    /// Servers have their weights back, and are remembered as drained all the same.
    #[error("the weights are back, and the drains cannot be forgotten: {0}")]
    NotForgotten(KeptError),
    /// What is kept could not be read, or written before something was changed.
    #[error("cannot use what is kept: {0}")]
    Kept(#[from] KeptError),
    /// The output could not be written. What was to be done has been done.
    #[error("cannot write the output: {}", system_error(.0))]
    Output(#[from] io::Error),
    /// The output of a command that has changed something could not be written.
    #[error("the changes were made, and cannot be told of: {}", system_error(.0))]
    Untold(io::Error),
}

impl Error {
    pub(crate) fn refused(action: impl ToString, refusal: impl Into<Refusal>) -> Self {
        Self::Refused { action: action.to_string(), refusal: refusal.into() }
    }

    /// Complains of a server that no service has.
    pub(crate) fn nowhere(verb: &str, server: impl fmt::Display) -> Self {
        Self::NotThere { action: format!("{verb} server {server}"), why: "no service has it" }
    }

    /// Returns what may help, a line each, most likely first.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage(usage) => usage.hints.clone(),
            Self::Refused { refusal, .. } => refusal.hint().into_iter().collect(),
            // Only edits get this far: what is added is checked before.
            Self::Ipvs(ipvs_netlink::Error::Invalid { reason, .. }) => {
                refusal::hint_for_edit(reason).into_iter().collect()
            }
            Self::Ipvs(error) => meant_scheduler(error).into_iter().chain(error.hints()).collect(),
            Self::NotPublic { error, .. }
            | Self::NotShown { error, .. }
            | Self::NotSaved(error)
            | Self::NotCleared(error) => error.hints(),
            Self::NoProcess(_) => {
                vec!["`lsns --type net` shows a process of each network namespace".to_owned()]
            }
            Self::NoService(_) => {
                vec!["`rsctl list` shows the services: protocol, address and port".to_owned()]
            }
            Self::NotThere { .. } => {
                vec!["`rsctl list` shows the services and their servers".to_owned()]
            }
            Self::Locked { waited, .. } if waited.is_zero() => {
                vec!["`--lock-wait 10` waits until it has ended, for 10 seconds at most".to_owned()]
            }
            Self::Locked { waited, .. } => {
                let longer = waited.as_secs().saturating_mul(10).min(u32::MAX.into());
                vec![format!("`--lock-wait {longer}` waits longer")]
            }
            Self::NothingToInstall(_) => {
                vec!["`systemctl disable rsctl-restore` ends restoring at boot".to_owned()]
            }
            Self::InstallsElsewhere(_) => {
                vec!["`rsctl save -o FILE` saves it, and `rsctl --netns NAME restore FILE` restores it"
                    .to_owned()]
            }
            Self::NotRestorable { file, as_is: true, .. } => vec![format!(
                "`rsctl save -o {file}` saves it all the same; a drop-in has \
                 rsctl-restore.service restore it with --as-is"
            )],
            Self::NotRestorable { .. } => {
                vec!["`rsctl save -o FILE` saves it all the same, to look at".to_owned()]
            }
            Self::Declined => vec!["`rsctl clear --yes` does not ask".to_owned()],
            Self::Peer { .. } => {
                vec!["it is what `rsctl sync-daemon status --json` prints there".to_owned()]
            }
            Self::Generate { .. } => vec!["the folder must exist and be writable".to_owned()],
            Self::EmptyFile { merges: true, .. } => {
                vec!["with `--merge` there is nothing to add; is it the right file?".to_owned()]
            }
            Self::EmptyFile { .. } => {
                vec!["`--allow-empty` takes it for what it says: delete all services".to_owned()]
            }
            Self::ManyDeletes { .. } => vec![
                "`--allow-deletes` takes it for the whole table, `--merge` deletes nothing; lines \
                 of ipvsadm do not show whether some are missing, those of `rsctl save` do"
                    .to_owned(),
            ],
            Self::BadFile(problems) => problems
                .hint_for_form()
                .map(str::to_owned)
                .into_iter()
                .chain(problems.hint())
                .collect(),
            Self::Doubtful(problems) => {
                let as_is = "`--as-is` sets it all the same, as another tool may have done";
                problems.hint().into_iter().chain([as_is.to_owned()]).collect()
            }
            Self::FolderInTheWay { folder, .. } => {
                vec![format!("see what {folder} is, and move it away: then it is made")]
            }
            Self::BadCluster(problems) => problems.hint().into_iter().collect(),
            Self::NothingWanted { .. } => {
                vec![
                    "`--allow-empty` takes it for what it says: delete what earlier files named"
                        .to_owned(),
                ]
            }
            Self::Trapped { refused, .. } => {
                let mut options: Vec<_> = refused.iter().filter_map(|it| it.option).collect();
                options.sort_unstable();
                options.dedup();
                let allow = |option| format!("`{option}` does it all the same");
                options.into_iter().map(allow).collect()
            }
            Self::NoWayBack(_) => vec!["`rsctl list` shows what is there now".to_owned()],
            Self::Pending(_) => vec![Pending::REMEDY.to_owned()],
            Self::NothingPending => {
                vec!["`rsctl history` shows whether it was undone".to_owned()]
            }
            Self::NoCheckpoint { numbers: Some(_), .. } => {
                vec!["`rsctl rollback --list` shows those that there are".to_owned()]
            }
            Self::NoCheckpoint { numbers: None, .. } => {
                vec!["`rsctl restore` keeps the table as it is before it changes it".to_owned()]
            }
            Self::EmptyCheckpoint(_) => {
                vec!["`--allow-empty` takes it for what it is: delete all services".to_owned()]
            }
            Self::NoWatcher(_) | Self::Clock(_) => Vec::new(),
            Self::Undrainable(all) => {
                let mut hints: Vec<_> = all.iter().flat_map(Undrainable::hints).collect();
                hints.dedup();
                hints
            }
            Self::Unrampable { service, server, why: Unrampable::NoSteps(_) } => {
                vec![format!(
                    "`--to WEIGHT` names it; `rsctl edit-server {service} -r {server} -w 1` gives \
                     it weight 1 at once"
                )]
            }
            Self::Unrampable { service, server, .. } => {
                let edit = format!("rsctl edit-server {service} -r {server} -w WEIGHT");
                vec![format!(
                    "`{edit}` or `rsctl undrain {server}` gives it all of its weight at once"
                )]
            }
            Self::NoDrain { service, server } => {
                vec![format!("`rsctl edit-server {service} -r {server} -w WEIGHT` gives it one")]
            }
            Self::Unremembered(_) => vec![
                "`rsctl edit-server … -w 0` drains without a memory; wait for its connections with \
                 `rsctl list --watch`"
                    .to_owned(),
            ],
            Self::Unread(_) => Vec::new(),
            Self::NotForgotten(_) => {
                vec!["`rsctl drain --list` shows what is remembered".to_owned()]
            }
            Self::Kept(_) => vec!["`--state-dir` names another folder for it".to_owned()],
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Ask(_)
            | Self::Output(_)
            | Self::Untold(_) => Vec::new(),
        }
    }

    /// Returns all of it, as it is told.
    pub(crate) fn complaint(&self) -> Complaint {
        let (details, hints) = (self.details(), self.hints());
        Complaint { message: self.to_string(), details, hints }.shortened()
    }

    /// Returns all there is to say, a line each, between the error and its hints.
    pub(crate) fn details(&self) -> Vec<String> {
        match self {
            Self::BadFile(problems) | Self::Doubtful(problems) => problems.lines(),
            Self::BadCluster(problems) => problems.lines(),
            Self::Trapped { refused, .. } => refused.iter().map(|it| it.effect.clone()).collect(),
            Self::Undrainable(all) if all.len() > 1 => {
                all.iter().map(ToString::to_string).collect()
            }
            Self::NotRestorable { problems, .. } => {
                let told = problems.iter().take(MOST_PROBLEMS).cloned();
                let untold = problems.len().saturating_sub(MOST_PROBLEMS);
                told.chain((untold > 0).then(|| format!("and {untold} more"))).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Refused { .. }
            | Self::InstallsElsewhere(_)
            | Self::Peer { .. }
            | Self::Read { .. }
            | Self::BadFile(_)
            | Self::Doubtful(_)
            | Self::BadCluster(_)
            | Self::NothingWanted { .. }
            | Self::Trapped { .. }
            | Self::EmptyFile { .. }
            | Self::ManyDeletes { .. }
            | Self::EmptyCheckpoint(_)
            | Self::Undrainable(_)
            | Self::Unrampable { .. } => Exit::Usage,
            Self::Locked { .. } | Self::Pending(_) => Exit::Locked,
            Self::NoService(_)
            | Self::NotThere { .. }
            | Self::NoDrain { .. }
            | Self::NothingPending
            | Self::NoCheckpoint { .. } => Exit::NotThere,
            Self::Ipvs(error) => match error.kind() {
                ErrorKind::Invalid => Exit::Usage,
                ErrorKind::AlreadyExists => Exit::There,
                ErrorKind::ServiceMissing
                | ErrorKind::DestinationMissing
                | ErrorKind::DaemonMissing => Exit::NotThere,
                _ => Exit::Failed,
            },
            _ => Exit::Failed,
        }
    }
}

/// Says why a server is not drained.
#[derive(Debug)]
pub(crate) struct Undrainable {
    pub(crate) service: ServiceKey,
    pub(crate) server: DestinationKey,
    /// The scheduler flags that the service has, as `-b` takes them.
    pub(crate) flags: String,
    pub(crate) why: Obstacle,
}

impl fmt::Display for Undrainable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {} of {}: {}", self.server, self.service, self.why)
    }
}

impl Undrainable {
    fn hints(&self) -> Vec<String> {
        let Self { service, server, flags, why } = self;
        match why {
            Obstacle::Hashed { scheduler: it @ (Scheduler::Sh | Scheduler::Mh), .. } => {
                let flags = [flags.as_str(), &format!("{it}-fallback")];
                let flags: Vec<_> = flags.into_iter().filter(|it| !it.is_empty()).collect();
                let flags = flags.join(",");
                vec![
                    format!(
                        "`rsctl edit-service {service} -b {flags}` sends them to another server"
                    ),
                    "`--allow-hash-drain` drains it all the same".to_owned(),
                ]
            }
            Obstacle::Hashed { .. } => vec![
                format!(
                    "`rsctl delete-server {service} -r {server}` hashes new flows to the others; \
                     those that it has are dropped"
                ),
                "`--allow-hash-drain` drains it all the same".to_owned(),
            ],
            _ => vec!["`--allow-last` drains it all the same".to_owned()],
        }
    }
}

/// Says of which servers a drain is refused.
fn refused_drain(all: &[Undrainable]) -> String {
    match all {
        [one] => format!("cannot drain {one}"),
        all => format!("cannot drain {}: nothing was changed", count(all.len(), "server")),
    }
}

/// The most problems of a file that are told to who has not asked for all.
const MOST_PROBLEMS: usize = 20;

/// Lists what is wrong with a file.
#[derive(Debug)]
pub(crate) struct Problems {
    /// The file's name.
    pub(crate) file: String,
    /// All problems, in the order of the file.
    pub(crate) all: Vec<Problem>,
    /// Whether all of them are told. Of a file that is no table, each line is wrong.
    pub(crate) shows_all: bool,
}

impl Problems {
    fn untold(&self) -> usize {
        if self.shows_all { 0 } else { self.all.len().saturating_sub(MOST_PROBLEMS) }
    }

    /// Returns a line for each problem that is told, and one for the others.
    fn lines(&self) -> Vec<String> {
        let (file, untold) = (&self.file, self.untold());
        let told = self.all.iter().take(self.all.len() - untold);
        let told = told.map(|it| format!("{file}:{}: {}", it.line, it.message));
        told.chain((untold > 0).then(|| format!("and {untold} more"))).collect()
    }

    /// Returns what helps with a file that may be none.
    fn hint_for_form(&self) -> Option<&'static str> {
        match &*self.all.first()?.message {
            "not UTF-8" => {
                Some("a table is text: what `rsctl save` writes, or lines of ipvsadm (-A, -a)")
            }
            "the file ends in the middle" => {
                Some("its end is missing: is it all of what `rsctl save` wrote?")
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        (self.untold() > 0).then(|| format!("`--verbose` shows all {}", self.all.len()))
    }
}

/// Lists what is wrong with the file of a cluster.
#[derive(Debug)]
pub(crate) struct ClusterProblems {
    /// The file's name.
    pub(crate) file: String,
    pub(crate) all: Vec<cluster::Problem>,
    /// Whether all of them are told.
    pub(crate) shows_all: bool,
}

/// Says what is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// One word for programs.
    pub(crate) kind: &'static str,
    /// What it would do.
    pub(crate) effect: String,
    /// What lets it through, if anything does.
    pub(crate) option: Option<&'static str>,
}

impl ClusterProblems {
    fn untold(&self) -> usize {
        if self.shows_all { 0 } else { self.all.len().saturating_sub(MOST_PROBLEMS) }
    }

    /// Returns the lines of each problem that is told, and one for the others.
    fn lines(&self) -> Vec<String> {
        let (file, untold) = (&self.file, self.untold());
        let mut lines = Vec::new();
        for it in self.all.iter().take(self.all.len() - untold) {
            lines.push(format!("{file}:{}:{}: {}", it.line, it.column, it.message));
            if !it.snippet.trim().is_empty() {
                let margin = it.line.to_string();
                lines.push(format!("  {margin} | {}", it.snippet));
                let (margin, caret) = (" ".repeat(margin.len()), " ".repeat(it.caret));
                lines.push(format!("  {margin} | {caret}^"));
            }
            lines.extend(it.hint.as_ref().map(|hint| format!("  hint: {hint}")));
        }
        lines.extend((untold > 0).then(|| format!("and {untold} more")));
        lines
    }

    fn hint(&self) -> Option<String> {
        (self.untold() > 0).then(|| format!("`--json` shows all {}", self.all.len()))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = count(self.all.len(), "problem");
        write!(f, "cannot restore {}: {problems}; nothing was changed", self.file)
    }
}

fn no_checkpoint(number: Option<u32>) -> String {
    match number {
        Some(number) => format!("there is no checkpoint {number}"),
        None => "there is no checkpoint of a change".to_owned(),
    }
}

/// Returns which name may be meant: the kernel does not say which it would have known.
fn meant_scheduler(error: &ipvs_netlink::Error) -> Option<String> {
    let ipvs_netlink::Error::Kernel(kernel) = error else { return None };
    if error.kind() != ErrorKind::SchedulerMissing {
        return None;
    }
    match kernel.operation.change() {
        Some(Change::AddService(service) | Change::SetService(service)) => {
            refusal::did_you_mean_scheduler(service.scheduler.name())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::NamespaceName;
    use crate::commands::Director;

    /// The first so many are told, and how many more there are, unless all are asked for.
    #[test]
    fn of_many_problems_the_first_are_told() {
        let error = |number: usize, shows_all| {
            let problem = |line| Problem { line, message: "bad".to_owned() };
            let all = (1..=number).map(problem).collect();
            Error::BadFile(Problems { file: "f".to_owned(), all, shows_all })
        };
        for (number, shows_all, lines, last, hints) in [
            (20, false, 20, "f:20: bad", &[][..]),
            (21, false, 21, "and 1 more", &["`--verbose` shows all 21"]),
            (10_000, false, 21, "and 9980 more", &["`--verbose` shows all 10000"]),
            (10_000, true, 10_000, "f:10000: bad", &[]),
        ] {
            let Complaint { message, details, hints: told } = error(number, shows_all).complaint();
            assert_eq!(
                message,
                format!("cannot restore f: {number} problems; nothing was changed")
            );
            assert_eq!((details.len(), details.last().map(String::as_str)), (lines, Some(last)));
            assert_eq!(details[19], "f:20: bad");
            assert_eq!(told, hints);
        }
    }

    /// The names of `ip netns` would not help to find it.
    #[test]
    fn a_process_that_is_gone_is_no_file() {
        let name = NamespaceName::Process(u32::MAX);
        let error = Director::new(Some(&name), false, Duration::ZERO).unwrap_err();
        assert_eq!(
            error.complaint().to_string(),
            "error: cannot enter the network namespace of process 4294967295: there is no such \
             process\nhint: `lsns --type net` shows a process of each network namespace\n"
        );
        assert_eq!(error.exit(), Exit::Failed);
    }

    #[test]
    fn a_name_is_no_reason() {
        let denied = || ipvs_netlink::Error::Namespace {
            name: "a: b".to_owned(),
            error: io::ErrorKind::PermissionDenied.into(),
        };
        for (error, text) in [
            (
                Error::NotSaved(denied()),
                "cannot save the table: permission denied, and /proc/net/ip_vs lacks too much of \
                 it",
            ),
            (
                Error::NotPublic { what: "counters", error: denied() },
                "cannot list the services with counters: permission denied, and /proc/net/ip_vs \
                 has none",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
