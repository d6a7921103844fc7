// SPDX-License-Identifier: MIT OR Apache-2.0

/// The kind groups each [`Error`](crate::Error) with those that a program treats alike.
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
    /// The moment came at which reading was to end.
    DeadlinePassed,
    /// Others change the table faster than it can be read.
    Unstable,
    /// There is no such network namespace.
    NamespaceMissing,
    /// Anything else.
    Other,
}
