// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says why a command failed, what to do about it, and its exit status.

mod hints;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipvs_cluster::cluster::Problem;
use lvs_host::files::trust::Distrust;
use lvs_host::netlink::NetlinkError;
use lvs_host::privilege::NoPrivilege;
use lvs_host::state::StateError;
use lvs_host::sysctl::SysctlError;
use lvs_term::{exit, few, system_error};

use crate::bad_request::BadRequest;
use crate::refusal::Refusal;
use crate::shell;
use crate::unit::UnitError;

/// Says why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was changed: the request cannot be carried out here.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing was changed: no CAP_NET_ADMIN in this network namespace.
    #[error(transparent)]
    NoPrivilege(#[from] NoPrivilege),
    /// The kernel refused a change.
    #[error("`{command}`: {source}")]
    Netlink {
        /// The equivalent shell command.
        command: String,
        /// The kernel's answer.
        source: NetlinkError,
    },
    /// The state of the network could not be read.
    #[error("reading {what}: {source}")]
    Observe {
        /// What.
        what: &'static str,
        /// The kernel's answer.
        source: NetlinkError,
    },
    /// A kernel setting could not be read or written.
    #[error(transparent)]
    Sysctl(#[from] SysctlError),
    /// The journal or its directory could not be used.
    #[error("{what} {path}: {}", system_error(.source))]
    Journal {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others could write where the journal is.
    #[error(transparent)]
    Untrusted(Box<Distrust>),
    /// Neither the journal nor its copy can be understood.
    #[error(
        "the journal {path} is damaged ({why}), and {copy}: what this host was before is not known"
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Why the copy is of no help: `so is its copy`.
        copy: &'static str,
        /// What is seen of a set-up all the same, as hints.
        known: Vec<String>,
    },
    /// The host is as told, and the journal is not.
    #[error("{did}, but {source}")]
    Unrecorded {
        /// What was done.
        did: String,
        /// Why the journal tells otherwise.
        source: Box<Error>,
    },
    /// A signal came before the last action.
    #[error("interrupted")]
    Interrupted,
    /// A signal came before the last action, and all is as it was.
    #[error("interrupted; what was done is taken back")]
    TakenBack,
    /// A signal came in the middle of a teardown: what is left, as shell commands.
    #[error("interrupted: still to be done: {}", some(.0))]
    Left(Vec<String>),
    /// Another run holds the lock.
    #[error("another rs-agent is at work in {0}")]
    Busy(PathBuf),
    /// A setting that could not go back yet.
    #[error("not done: `{command}`, as {vip} may still be there")]
    Hides {
        /// The equivalent shell command.
        command: String,
        /// The VIP that would be answered for.
        vip: IpAddr,
    },
    /// Each failure of a teardown that went on past them.
    #[error("{}", join(.0))]
    Several(Vec<Error>),
    /// All was done and the host is still not as wanted.
    #[error("the result is not as wanted: {}", join(.0))]
    NotAsWanted(Vec<String>),
    /// The failure `cause`, after which taking back what had been done failed too.
    #[error("{cause}; and taking it back stopped at {undo}")]
    NotUndone {
        /// What failed first.
        cause: Box<Error>,
        /// What failed then.
        undo: Box<Error>,
    },
    /// The configuration file cannot be read.
    #[error("reading {path}: {}", system_error(.source))]
    ReadConfig {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others could change the configuration file.
    #[error(transparent)]
    UntrustedConfig(Box<Distrust>),
    /// Others could change what is written there.
    #[error(transparent)]
    UntrustedFolder(Box<Distrust>),
    /// The configuration file is wrong.
    #[error("{path}: {}", .faults.join("; "))]
    Config {
        /// The file.
        path: PathBuf,
        /// Every fault, with its line.
        faults: Vec<String>,
    },
    /// The file of the cluster cannot be read.
    #[error("reading {path}: {}", system_error(.source))]
    ReadCluster {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file of the cluster is wrong.
    #[error("{path}: {}", join(.problems))]
    Cluster {
        /// The file.
        path: PathBuf,
        /// All that is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
    /// Nothing to keep right: no options and no journal.
    #[error("nothing is set up here")]
    NothingToKeep,
    /// Another `run` watches this network namespace.
    #[error("another rs-agent run keeps this host")]
    Watched,
    /// Something `run` needs to watch.
    #[error("{what}: {}", system_error(.source))]
    Watch {
        /// What.
        what: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// A file could not be written or removed.
    #[error("{path}: {}", system_error(.source))]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// No unit can be made of it.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// Files that are not from this program are in the way.
    #[error("not made by rs-agent: {}", .0.join(", "))]
    NotOurFiles(Vec<String>),
    /// A test asked for this failure.
    #[error("failpoint after {0} actions")]
    Failpoint(usize),
    /// The result of a change could not be printed. What was to be done has been done.
    #[error("the changes were made, and cannot be told of: {}", system_error(.0))]
    Untold(#[source] io::Error),
    /// The result could not be printed.
    #[error("printing the result: {}", system_error(.0))]
    Output(#[source] io::Error),
}

impl Error {
    /// Returns what the operator can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Refused(refusal) => refusal.hint(),
            Self::NoPrivilege(_) => {
                "run it as root, or with this capability alone (setpriv, AmbientCapabilities=); \
                 rs-agent status and --dry-run need no privilege"
                    .into()
            }
            Self::Netlink { source, command } => match hints::netlink(source, command) {
                Some(hint) => hint,
                None => return Vec::new(),
            },
            Self::Sysctl(error) => match hints::sysctl(error) {
                Some(hint) => hint.into(),
                None => return Vec::new(),
            },
            Self::Journal { what: "reading", .. } => {
                "it tells what this host was before: keep it, and make it readable".into()
            }
            Self::Journal { .. } => {
                "--state-dir or RS_AGENT_STATE_DIR names another directory".into()
            }
            Self::Untrusted(why) => hints::state(why),
            Self::Damaged { path, known, .. } => {
                let mut hints = known.clone();
                let copy = PathBuf::from(format!("{}.copy", path.display()));
                let (path, copy) = (shell::path(path), shell::path(&copy));
                hints.push(format!(
                    "`rm {path} {copy}` lets rs-agent begin anew; what it finds then counts \
                     as what was there before"
                ));
                return hints;
            }
            Self::Unrecorded { source, .. } => {
                let again = "end rs-agent run, if it keeps this host, as it goes by the journal; \
                             then rs-agent teardown again";
                let mut hints = vec![again.to_owned()];
                hints.extend(source.hints());
                return hints;
            }
            Self::NotAsWanted(_) => hints::NOT_AS_WANTED.into(),
            Self::Left(_) => "rs-agent teardown again takes down the rest".into(),
            Self::ReadConfig { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "make it, for instance: mode = \"dr\" and vip = [\"192.0.2.10\"]".into()
            }
            Self::ReadConfig { .. } => {
                "it has to be a regular file that rs-agent may read, of 1 MiB at most".into()
            }
            Self::UntrustedConfig(why) => match hints::config(why) {
                Some(hint) => hint,
                None => return Vec::new(),
            },
            Self::UntrustedFolder(why) => hints::unit(why),
            Self::Config { .. } => {
                "nothing was changed; the keys are the options of `rs-agent run`, but for --config \
                 and --state-dir"
                    .into()
            }
            Self::ReadCluster { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "it is the file that `rsctl apply` takes: copy it to this host".into()
            }
            Self::ReadCluster { .. } => {
                "it has to be a regular file that rs-agent may read, of 64 MiB at most".into()
            }
            Self::Cluster { path, .. } => {
                format!("nothing was changed; `rsctl check-file {}` judges it", shell::path(path))
            }
            Self::NothingToKeep => {
                "give options, --config FILE, --cluster FILE, or run rs-agent setup first".into()
            }
            Self::Watched => "only one keeps a host right: end the other first".into(),
            Self::Unit(why) => match why.hint() {
                Some(hint) => hint,
                None => return Vec::new(),
            },
            Self::NotOurFiles(_) => {
                "move them away, or keep them and install nothing; nothing was changed".into()
            }
            Self::Busy(_) => "wait for it to end; only one changes this host at a time".into(),
            Self::NotUndone { cause, .. } => {
                let mut hints = vec!["rs-agent teardown takes back the rest".to_owned()];
                hints.extend(cause.hints());
                return hints;
            }
            Self::Several(errors) => {
                let again = "what could go is gone; rs-agent teardown again takes down the rest";
                let mut hints: Vec<String> = errors.iter().flat_map(Self::hints).collect();
                hints.push(again.to_owned());
                let mut told = HashSet::new();
                hints.retain(|hint| told.insert(hint.clone()));
                return hints;
            }
            _ => return Vec::new(),
        };
        vec![hint]
    }

    /// Returns the exit status: 2 if the command line is at fault, else 1.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Refused(refusal) if refusal.is_usage() => exit::USAGE,
            // An unreadable file stays so: systemd need not try again.
            Self::Config { .. } | Self::ReadConfig { .. } | Self::UntrustedConfig(_) => exit::USAGE,
            Self::Cluster { .. } | Self::ReadCluster { .. } => exit::USAGE,
            Self::Unit(UnitError::Path(_) | UnitError::Hidden { .. }) => exit::USAGE,
            _ => exit::FAILED,
        }
    }
}

impl From<BadRequest> for Error {
    fn from(bad: BadRequest) -> Self {
        Self::Refused(bad.into())
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Io { what, path, source } => Self::Journal { what, path, source },
            StateError::Newer { path, format, program } => {
                let why =
                    format!("format {format} is of a newer version of {program}: use that one");
                Self::Journal { what: "reading", path, source: io::Error::other(why) }
            }
            StateError::Untrusted(why) => Self::Untrusted(Box::new(why)),
            StateError::Damaged { path, why, copy } => {
                Self::Damaged { path, why, copy, known: Vec::new() }
            }
            StateError::Busy { folder, .. } => Self::Busy(folder),
            StateError::Claimed { .. } => Self::Watched,
        }
    }
}

/// The most problems of a file that are told.
const PROBLEMS: usize = 20;

/// Returns a line for each problem of the cluster's file, as compilers have them: what is wrong
/// where, and what helps.
#[must_use]
pub fn places(path: &Path, problems: &[Problem]) -> Vec<String> {
    let line = |it: &Problem| {
        let Problem { line, column, message, hint, .. } = it;
        let hint = hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        format!("{}:{line}:{column}: {message}{hint}", path.display())
    };
    let mut lines: Vec<String> = problems.iter().take(PROBLEMS).map(line).collect();
    match problems.len().saturating_sub(PROBLEMS) {
        0 => {}
        more => lines.push(format!("and {more} more")),
    }
    lines
}

/// The first of many.
const SHOWN: usize = 8;

fn some(commands: &[String]) -> String {
    few(commands.iter().map(|it| format!("`{it}`")), SHOWN)
}

/// The first of many, each of which may have commas.
fn join<T: fmt::Display>(many: &[T]) -> String {
    let first: Vec<String> = many.iter().take(SHOWN).map(ToString::to_string).collect();
    match many.len().saturating_sub(SHOWN) {
        0 => first.join("; "),
        more => format!("{}; and {more} more", first.join("; ")),
    }
}

/// Describes a failed command: what was to be done, and why it was not.
#[derive(Debug)]
pub struct Failure {
    /// For instance `set up dr for 192.0.2.10`.
    pub doing: String,
    /// Why not.
    pub error: Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            // Nothing of it was in vain.
            told @ Error::Untold(_) => write!(f, "{told}"),
            error => write!(f, "cannot {}: {error}", self.doing),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn a_folder_of_the_unit_is_not_the_state_folder() {
        let path = || PathBuf::from("/etc/my.d");
        let denied = io::ErrorKind::PermissionDenied.into();
        for (why, remedy) in [
            (Distrust::Open { path: path(), what: "write", mode: 0o777 }, "`chmod go-w /etc/my.d`"),
            (Distrust::Owner { path: path(), owner: 7, us: 0 }, "`chown -h root /etc/my.d`"),
            (Distrust::Kind { path: path(), what: "a directory" }, "--destdir"),
            (Distrust::Io { path: path(), source: denied }, "as root"),
        ] {
            let hint = Error::UntrustedFolder(Box::new(why)).hints().join("; ");
            assert!(hint.contains(remedy) && !hint.contains("--state-dir"), "{hint}");
        }
    }

    #[test]
    fn who_undoes_a_set_up_at_once_is_to_be_found() {
        let error = Error::NotAsWanted(vec!["missing: it".into()]);
        assert!(error.hints().join("; ").contains("`ip monitor` shows"), "{:?}", error.hints());
    }

    #[test]
    fn a_port_of_fou_is_for_root_of_the_host() {
        let hint = |command: &str| {
            let source = NetlinkError::Kernel(Errno::EPERM);
            Error::Netlink { command: command.to_owned(), source }.hints().join("; ")
        };
        for command in ["ip fou add port 6080 gue", "ip -6 fou del port 6080"] {
            assert!(hint(command).contains("root of the host"), "{command}: {}", hint(command));
        }
        assert!(hint("ip addr add 192.0.2.10/32 dev lo").contains("namespace's own"));
    }
}
