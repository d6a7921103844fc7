// SPDX-License-Identifier: MIT OR Apache-2.0

//! What can go wrong, in words that say what to do about it.

mod errno;
mod explain;
mod kernel;

use std::io;

pub use errno::Errno;
use explain::system_text;
pub use kernel::KernelError;

use crate::model::Invalid;
use crate::operation::Operation;

/// Why an operation failed.
///
/// Its text is one line, "cannot add server 10.0.0.2:80 to tcp/10.1.0.1:80: it
/// exists already (EEXIST)"; [`hints`](Self::hints) say what may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused.
    #[error(transparent)]
    Kernel(Box<KernelError>),
    /// The kernel has no IPVS, or cannot load it.
    #[error("cannot reach IPVS: the kernel does not have it and could not load the module ip_vs")]
    FamilyMissing,
    /// Refused before anything was sent.
    #[error("cannot {operation}: {reason}")]
    Invalid {
        /// What was to be done.
        operation: Box<Operation>,
        /// Why not.
        reason: Invalid,
    },
    /// A system call on the socket failed.
    #[error("cannot {operation}: cannot {action}: {error}")]
    Io {
        /// What was to be done.
        operation: Box<Operation>,
        /// Which step failed.
        action: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// No answer came in time, also when asked again. Whether the kernel made the
    /// change is not known then.
    #[error("cannot {operation}: the kernel did not answer in time")]
    TimedOut {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// The answer was dropped, for instance because the socket's receive buffer
    /// was full (`ENOBUFS`), also when asked again. Whether the kernel made the
    /// change is not known then.
    #[error("cannot {operation}: the kernel's answer was lost")]
    RepliesLost {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// Every read showed another table than the one before: others change it
    /// faster than it can be read, and a read during a change can hide objects
    /// that nobody touched.
    #[error(
        "cannot {operation}: others kept changing them during {reads} reads, for instance \
         {example}{}", and_others(*.others)
    )]
    Unstable {
        /// What was to be done.
        operation: Box<Operation>,
        /// How often the table was read.
        reads: usize,
        /// An object in which the last two reads differ.
        example: String,
        /// In how many more they differ.
        others: usize,
    },
    /// Others added objects as fast as they were read, so that the list never
    /// ended: this one, or one given up before, of which the rest is still coming.
    /// Nothing was changed.
    #[error("cannot {operation}: others add to them as fast as they are read")]
    Endless {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// A file of the kernel's could not be read.
    #[error("cannot read {path}: {}", system_text(error))]
    File {
        /// The file.
        path: String,
        /// The system's error.
        error: io::Error,
    },
    /// What stands in a file is not what any known kernel writes there.
    #[error("cannot understand line {line} of {path}: {detail}")]
    Text {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What was wrong with it.
        detail: &'static str,
    },
    /// A network namespace could not be opened or entered.
    #[error("cannot enter network namespace {name}: {}", system_text(error))]
    Namespace {
        /// How it was called.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// The kernel's answer could not be understood.
    #[error("cannot {operation}: the kernel's answer could not be read: {detail}")]
    Decode {
        /// What was to be done.
        operation: Box<Operation>,
        /// What was wrong with the answer.
        detail: String,
    },
}

/// The kind of an [`Error`], to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `CAP_NET_ADMIN` in the initial user namespace is missing (`EPERM`).
    PermissionDenied,
    /// The kernel has no IPVS.
    FamilyMissing,
    /// The object to add exists (`EEXIST`).
    AlreadyExists,
    /// No such virtual service (`ESRCH`).
    ServiceMissing,
    /// The service exists, the real server in it does not (`ENOENT`).
    DestinationMissing,
    /// The scheduler or the persistence engine cannot be loaded (`ENOENT`).
    SchedulerMissing,
    /// No sync daemon of that role runs (`ESRCH`).
    DaemonMissing,
    /// The sync daemon's interface does not exist (`ENODEV`).
    InterfaceMissing,
    /// Refused before anything was sent.
    Invalid,
    /// The kernel refused a value (`EINVAL`, `ERANGE`).
    Rejected,
    /// The kernel cannot do that at all (`EOPNOTSUPP`, `EAFNOSUPPORT`).
    Unsupported,
    /// Out of memory, or the module is being unloaded.
    Unavailable,
    /// Whether it was done is not known.
    OutcomeUnknown,
    /// Others change the table faster than it can be read.
    Unstable,
    /// There is no such network namespace.
    NamespaceMissing,
    /// Anything else.
    Other,
}

impl Error {
    /// What to match on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Kernel(error) => error.kind(),
            Self::FamilyMissing => ErrorKind::FamilyMissing,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::TimedOut { .. } | Self::RepliesLost { .. } => ErrorKind::OutcomeUnknown,
            Self::Decode { operation, .. } if operation.changes() => ErrorKind::OutcomeUnknown,
            Self::Io { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                ErrorKind::PermissionDenied
            }
            Self::Unstable { .. } | Self::Endless { .. } => ErrorKind::Unstable,
            Self::Namespace { error, .. } => match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                io::ErrorKind::NotFound => ErrorKind::NamespaceMissing,
                _ => ErrorKind::Other,
            },
            Self::File { error, .. } => match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                io::ErrorKind::NotFound => ErrorKind::FamilyMissing,
                _ => ErrorKind::Other,
            },
            Self::Io { .. } | Self::Decode { .. } | Self::Text { .. } => ErrorKind::Other,
        }
    }

    /// Whether the answer did not arrive, or not whole: asking again may help.
    pub(crate) fn in_doubt(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::RepliesLost { .. } | Self::Decode { .. })
    }

    /// What may help, a line each, most likely first.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Kernel(error) => error.hints(),
            Self::FamilyMissing => vec![
                "load it with `modprobe ip_vs`; Debian: it is in the linux-image package, \
                 cloud and container kernels may lack it"
                    .to_owned(),
            ],
            Self::TimedOut { .. } | Self::RepliesLost { .. } => {
                vec!["a change may have been made all the same: list the service to see".to_owned()]
            }
            Self::Unstable { .. } | Self::Endless { .. } => vec![
                "try again, or find the program that changes the table all the time (keepalived, \
                 ldirectord, kube-proxy)"
                    .to_owned(),
            ],
            Self::Namespace { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                vec!["run it as root: entering a network namespace wants CAP_SYS_ADMIN".to_owned()]
            }
            Self::Namespace { .. } => {
                vec!["`ip netns list` shows those that have names".to_owned()]
            }
            Self::File { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                vec!["IPVS is not loaded; load it with `modprobe ip_vs`".to_owned()]
            }
            Self::Invalid { .. }
            | Self::Io { .. }
            | Self::Decode { .. }
            | Self::File { .. }
            | Self::Text { .. } => Vec::new(),
        }
    }
}

fn and_others(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {count} more"),
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        Self::Kernel(Box::new(error))
    }
}
