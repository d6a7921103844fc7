// SPDX-License-Identifier: MIT OR Apache-2.0

//! What can go wrong, in words that say what to do about it.

mod explain;
mod kernel;
mod kind;

use std::fmt;
use std::io;

use explain::system_text;
pub use kernel::KernelError;
pub use kind::ErrorKind;

use crate::genl::Errno;
use crate::model::{DestinationKey, Invalid, ServiceKey};
use crate::operation::Operation;

/// The error says why an operation failed.
///
/// Its text is one line, "cannot add server 10.0.0.2:80 to tcp/10.1.0.1:80: it
/// exists already (EEXIST)"; [`hints`](Self::hints) say what may help.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused.
    Kernel(Box<KernelError>),
    /// The kernel has no IPVS, or cannot load it.
    FamilyMissing,
    /// Refused before anything was sent.
    Invalid {
        /// What was to be done.
        operation: Box<Operation>,
        /// Why not.
        reason: Invalid,
    },
    /// A system call on the socket failed.
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
    TimedOut {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// The answer was dropped, for instance because the socket's receive buffer
    /// was full (`ENOBUFS`), also when asked again. Whether the kernel made the
    /// change is not known then.
    RepliesLost {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// Every read showed another table than the one before: others change it
    /// faster than it can be read, and a read during a change can hide objects
    /// that nobody touched.
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
    Endless {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// The moment came at which reading was to end
    /// ([`Client::set_read_deadline`](crate::Client::set_read_deadline)). Nothing was
    /// changed.
    DeadlinePassed {
        /// What was to be done.
        operation: Box<Operation>,
    },
    /// A file of the kernel's could not be read.
    File {
        /// The file.
        path: String,
        /// The system's error.
        error: io::Error,
    },
    /// A setting under `net.ipv4.vs` could not be set.
    Sysctl {
        /// The setting, for example `expire_nodest_conn`.
        name: String,
        /// What it was to be.
        value: String,
        /// The system's error.
        error: io::Error,
    },
    /// What stands in a file is not what any known kernel writes there.
    Text {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What was wrong with it.
        detail: &'static str,
    },
    /// A network namespace could not be opened or entered.
    Namespace {
        /// How it was called.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// The kernel's answer could not be understood.
    Decode {
        /// What was to be done.
        operation: Box<Operation>,
        /// What was wrong with the answer.
        detail: String,
    },
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot ")?;
        match self {
            Self::File { path, .. } => write!(f, "read {path}"),
            Self::Sysctl { name, value, .. } => write!(f, "set net.ipv4.vs.{name} to {value}"),
            Self::Text { path, line, .. } => write!(f, "understand line {line} of {path}"),
            Self::Namespace { name, .. } => write!(f, "enter network namespace {name}"),
            // All others have one.
            _ => self.operation().map_or(Ok(()), |operation| operation.fmt(f)),
        }?;
        write!(f, ": {}", self.reason())
    }
}

impl Error {
    /// Returns the kind, to match on.
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
            Self::DeadlinePassed { .. } => ErrorKind::DeadlinePassed,
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
            Self::Sysctl { error, .. } => match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                io::ErrorKind::InvalidInput => ErrorKind::Rejected,
                _ => ErrorKind::Other,
            },
            Self::Io { .. } | Self::Decode { .. } | Self::Text { .. } => ErrorKind::Other,
        }
    }

    /// Returns what was to be done, but of errors about a file or a namespace.
    pub fn operation(&self) -> Option<&Operation> {
        match self {
            Self::Kernel(error) => Some(&error.operation),
            Self::FamilyMissing => Some(&Operation::Connect),
            Self::Invalid { operation, .. }
            | Self::Io { operation, .. }
            | Self::TimedOut { operation }
            | Self::RepliesLost { operation }
            | Self::Unstable { operation, .. }
            | Self::Endless { operation }
            | Self::DeadlinePassed { operation }
            | Self::Decode { operation, .. } => Some(operation),
            Self::File { .. }
            | Self::Sysctl { .. }
            | Self::Text { .. }
            | Self::Namespace { .. } => None,
        }
    }

    /// Returns the number behind it: the kernel's answer, or that of a system call.
    ///
    /// One errno means different things for different requests: to tell them apart,
    /// match [`kind`](Self::kind).
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Kernel(error) => Some(error.errno),
            Self::Io { error, .. }
            | Self::File { error, .. }
            | Self::Sysctl { error, .. }
            | Self::Namespace { error, .. } => error.raw_os_error().map(Errno::from_number),
            _ => None,
        }
    }

    /// Returns the virtual service that it is about, if it is about one or about a real
    /// server of one.
    pub fn key(&self) -> Option<&ServiceKey> {
        self.operation()?.service()
    }

    /// Returns the real server that it is about, if it is about one.
    pub fn destination_key(&self) -> Option<&DestinationKey> {
        self.operation()?.destination()
    }

    /// Says why it failed, without what was to be done: its text behind "cannot …: ".
    pub fn reason(&self) -> String {
        match self {
            Self::Kernel(error) => error.reason(),
            Self::FamilyMissing => {
                "the kernel does not have it and could not load the module ip_vs".to_owned()
            }
            Self::Invalid { reason, .. } => reason.to_string(),
            Self::Io { action, error, .. } => format!("cannot {action}: {error}"),
            Self::TimedOut { .. } => "the kernel did not answer in time".to_owned(),
            Self::RepliesLost { .. } => "the kernel's answer was lost".to_owned(),
            Self::Unstable { reads, example, others, .. } => format!(
                "others kept changing them during {reads} reads, for instance {example}{}",
                and_others(*others)
            ),
            Self::Endless { .. } => "others add to them as fast as they are read".to_owned(),
            Self::DeadlinePassed { .. } => "the time for reading is over".to_owned(),
            Self::Sysctl { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                "the kernel has no such setting".to_owned()
            }
            Self::Sysctl { error, .. } if error.kind() == io::ErrorKind::InvalidInput => {
                "the kernel refused the value".to_owned()
            }
            Self::File { error, .. }
            | Self::Sysctl { error, .. }
            | Self::Namespace { error, .. } => system_text(error),
            Self::Text { detail, .. } => (*detail).to_owned(),
            Self::Decode { detail, .. } => {
                format!("the kernel's answer could not be read: {detail}")
            }
        }
    }

    /// Whether the answer did not arrive, or not whole: asking again may help.
    pub(crate) fn in_doubt(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::RepliesLost { .. } | Self::Decode { .. })
    }

    /// Says what may help, a line each, most likely first.
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
            Self::Namespace { error, .. }
                if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) =>
            {
                vec!["`ulimit -n` shows how many files a program may have open".to_owned()]
            }
            Self::Namespace { error, .. }
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidInput
                ) =>
            {
                vec!["`ip netns list` shows those that have names".to_owned()]
            }
            Self::Namespace { .. } => Vec::new(),
            Self::Sysctl { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                vec!["`ls /proc/sys/net/ipv4/vs` shows those of this kernel".to_owned()]
            }
            Self::Sysctl { .. } => Vec::new(),
            Self::File { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                vec!["IPVS is not loaded; load it with `modprobe ip_vs`".to_owned()]
            }
            Self::DeadlinePassed { .. } => {
                vec!["give it more time: `Client::set_read_deadline`".to_owned()]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Destination, ForwardingMethod};

    #[test]
    fn the_reason_is_what_stands_behind_what_was_to_be_done() {
        let missing = || io::Error::from_raw_os_error(libc::ENOENT);
        let operation = || Box::new(Operation::Services);
        let refused =
            KernelError { operation: Operation::Services, errno: Errno::EPERM, ext_ack: None };
        for (error, what, reason) in [
            (refused.into(), "list the services", "the kernel did not permit it (EPERM)"),
            (
                Error::FamilyMissing,
                "reach IPVS",
                "the kernel does not have it and could not load the module ip_vs",
            ),
            (
                Error::Namespace { name: "a: b".to_owned(), error: missing() },
                "enter network namespace a: b",
                "no such file or directory",
            ),
            (
                Error::File { path: "/proc/a: b".to_owned(), error: missing() },
                "read /proc/a: b",
                "no such file or directory",
            ),
            (
                Error::Text { path: "/proc/a: b".to_owned(), line: 3, detail: "no server" },
                "understand line 3 of /proc/a: b",
                "no server",
            ),
            (
                Error::Decode { operation: operation(), detail: "a: b".to_owned() },
                "list the services",
                "the kernel's answer could not be read: a: b",
            ),
            (
                Error::TimedOut { operation: operation() },
                "list the services",
                "the kernel did not answer in time",
            ),
        ] {
            assert_eq!(error.reason(), reason);
            assert_eq!(error.to_string(), format!("cannot {what}: {reason}"));
        }
    }

    #[test]
    fn an_error_says_what_it_is_about() {
        let service = ServiceKey::tcp([192, 0, 2, 1], 80);
        let server = DestinationKey::new([10, 0, 0, 1], 80);
        let destination = Destination::new(server, ForwardingMethod::Masquerade);
        let missing = || io::Error::from_raw_os_error(libc::ENOENT);
        let boxed = |operation| Box::new(operation);
        let change = Operation::Change(Change::AddDestination { service, destination });
        let read = Operation::Destinations(service);
        let gone = Operation::from(Change::RemoveDestination { service, destination: server });
        for (error, operation, errno, key, destination) in [
            (
                KernelError::new(change.clone(), Errno::EEXIST).into(),
                Some(change),
                Some(Errno::EEXIST),
                Some(service),
                Some(server),
            ),
            (
                Error::Io { operation: boxed(gone.clone()), action: "do", error: missing() },
                Some(gone),
                Some(Errno::ENOENT),
                Some(service),
                Some(server),
            ),
            (
                Error::TimedOut { operation: boxed(read.clone()) },
                Some(read),
                None,
                Some(service),
                None,
            ),
            (Error::FamilyMissing, Some(Operation::Connect), None, None, None),
            (
                Error::File { path: "/proc/a".to_owned(), error: missing() },
                None,
                Some(Errno::ENOENT),
                None,
                None,
            ),
        ] {
            assert_eq!(error.operation(), operation.as_ref(), "{error}");
            assert_eq!(error.errno(), errno, "{error}");
            assert_eq!(error.key(), key.as_ref(), "{error}");
            assert_eq!(error.destination_key(), destination.as_ref(), "{error}");
        }
    }
}
