// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use super::{ErrorKind, explain};
use crate::genl::{Errno, ExtAck};
use crate::model::Change;
use crate::operation::Operation;

/// The kernel's refusal of one request, and what it means.
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
    /// What to match on.
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

    /// What the errno means for this request.
    pub fn explanation(&self) -> String {
        let text = explain::cause(self);
        match self.ext_ack.as_ref().and_then(|ext_ack| ext_ack.message.as_ref()) {
            Some(message) => format!("{text}: {message}"),
            None => text,
        }
    }

    pub(super) fn reason(&self) -> String {
        format!("{} ({})", self.explanation(), self.errno)
    }

    /// What may help, a line each, most likely first.
    pub fn hints(&self) -> Vec<String> {
        explain::remedy(self).into_iter().collect()
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.operation, self.reason())
    }
}

impl std::error::Error for KernelError {}
