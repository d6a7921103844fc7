// SPDX-License-Identifier: MIT OR Apache-2.0

use super::ErrorKind;
use crate::genl::{Errno, ExtAck};
use crate::model::Change;
use crate::operation::Operation;

/// The error holds the kernel's refusal of one request, and says what it means.
///
/// IPVS answers with bare errnos; the same one means different things for
/// different requests, so only the pair can be explained. All of them are in
/// `docs/errors.md` with cause and remedy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KernelError {
    /// What was asked for.
    pub operation: Operation,
    /// The kernel's answer.
    pub errno: Errno,
    /// The kernel's words, if it had any.
    pub ext_ack: Option<ExtAck>,
}

impl KernelError {
    /// Returns the refusal of `operation` with that errno, as a test may want it.
    pub fn new(operation: impl Into<Operation>, errno: Errno) -> Self {
        Self { operation: operation.into(), errno, ext_ack: None }
    }

    /// Returns the kind, to match on.
    pub fn kind(&self) -> ErrorKind {
        match (self.errno, self.operation.change()) {
            (Errno::EPERM, _) => ErrorKind::PermissionDenied,
            (Errno::EEXIST, _) => ErrorKind::AlreadyExists,
            (Errno::ESRCH, Some(Change::StopDaemon(_))) => ErrorKind::DaemonMissing,
            (Errno::ESRCH, _) => ErrorKind::ServiceMissing,
            (Errno::ENODEV, Some(Change::StartDaemon(_))) => ErrorKind::InterfaceMissing,
            (Errno::ENOENT, Some(Change::AddService(_) | Change::SetService(_))) => {
                ErrorKind::SchedulerMissing
            }
            (
                Errno::ENOENT,
                Some(Change::SetDestination { .. } | Change::RemoveDestination { .. }),
            ) => ErrorKind::DestinationMissing,
            (Errno::EINVAL | Errno::ERANGE, _) => ErrorKind::Rejected,
            (Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT, _) => ErrorKind::Unsupported,
            (Errno::ENOMEM | Errno::ENOPROTOOPT, _) => ErrorKind::Unavailable,
            _ => ErrorKind::Other,
        }
    }
}
