// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::io;

use super::{Errno, ErrorKind};
use crate::genl::ExtAck;
use crate::model::{AddressFamily, Change, Scheduler, ServiceKey};
use crate::operation::Operation;

/// The kernel's refusal of one request, and what it means.
///
/// IPVS answers with bare errnos; the same one means different things for
/// different requests, so only the pair can be explained.
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
        let text = match (self.kind(), self.operation.change()) {
            (ErrorKind::PermissionDenied, _) => "the kernel did not permit it".to_owned(),
            (ErrorKind::AlreadyExists, Some(Change::StartDaemon(daemon))) => {
                format!("a {} sync daemon runs already", daemon.role)
            }
            (ErrorKind::AlreadyExists, _) => "it exists already".to_owned(),
            (ErrorKind::DaemonMissing, _) => "it does not run".to_owned(),
            (ErrorKind::InterfaceMissing, _) => "there is no such interface".to_owned(),
            (ErrorKind::ServiceMissing, _) => match self.operation.service() {
                Some(key) => format!("there is no service {key}"),
                None => "there is no such service".to_owned(),
            },
            (ErrorKind::DestinationMissing, _) => "the service has no such server".to_owned(),
            (
                ErrorKind::SchedulerMissing,
                Some(Change::AddService(service) | Change::SetService(service)),
            ) => match &service.engine {
                Some(engine) => format!(
                    "the kernel has no scheduler {} or no persistence engine {engine}",
                    service.scheduler
                ),
                None => format!("the kernel has no scheduler {}", service.scheduler),
            },
            (ErrorKind::Unsupported, _) if self.errno == Errno::EAFNOSUPPORT => {
                "the kernel's IPVS does not do this address family".to_owned()
            }
            (ErrorKind::Unsupported, _) => "this kernel does not know the command".to_owned(),
            (
                ErrorKind::Rejected,
                Some(Change::AddDestination { .. } | Change::SetDestination { .. }),
            ) => "the kernel refused the server's address or settings".to_owned(),
            (ErrorKind::Unavailable, _) if self.errno == Errno::ENOPROTOOPT => {
                "the module ip_vs is being unloaded".to_owned()
            }
            _ => system_text(&self.errno.into()),
        };
        match self.ext_ack.as_ref().and_then(|ext_ack| ext_ack.message.as_ref()) {
            Some(message) => format!("{text}: {message}"),
            None => text,
        }
    }

    /// What may help, a line each, most likely first.
    pub fn hints(&self) -> Vec<String> {
        let change = self.operation.change();
        let hint = match (self.kind(), change) {
            (ErrorKind::PermissionDenied, _) => {
                "run it as root: IPVS wants CAP_NET_ADMIN in the initial user namespace, so root \
                 inside a rootless container is not enough"
                    .to_owned()
            }
            (ErrorKind::AlreadyExists, Some(Change::AddService(_))) => {
                "edit the service instead, or delete it first".to_owned()
            }
            (ErrorKind::AlreadyExists, _) => {
                "edit the server instead; its address and port can be in a service only once, \
                 whatever its forwarding method"
                    .to_owned()
            }
            (ErrorKind::ServiceMissing, _) => match self.operation.service() {
                Some(ServiceKey::Fwmark { .. }) => {
                    "the same mark is another service in each address family".to_owned()
                }
                _ => "list the services to see protocol, address and port".to_owned(),
            },
            (ErrorKind::DestinationMissing, _) => {
                "list the service to see its servers: address and port must both match".to_owned()
            }
            (ErrorKind::SchedulerMissing, Some(Change::AddService(s) | Change::SetService(s))) => {
                let known: Vec<_> = Scheduler::known().map(Scheduler::name).collect();
                let modules = match &s.engine {
                    Some(engine) => format!("ip_vs_{} and ip_vs_pe_{engine}", s.scheduler),
                    None => format!("ip_vs_{}", s.scheduler),
                };
                let known = known.join(", ");
                format!("the kernel looked for the module {modules}; usual schedulers are {known}")
            }
            (ErrorKind::Rejected, Some(Change::AddDestination { service, destination }))
                if service.family() != destination.key.family() =>
            {
                "while a sync daemon runs, a server must be of its service's address family"
                    .to_owned()
            }
            (ErrorKind::Rejected, Some(Change::AddDestination { destination, .. })) => {
                match destination.key.family() {
                    AddressFamily::Ipv4 => {
                        "the address must be unicast and not a broadcast address of this host; in \
                         a network namespace without any IPv4 address every server is refused \
                         (`ip link set lo up` helps)"
                            .to_owned()
                    }
                    AddressFamily::Ipv6 => {
                        "the address must be unicast and not link-local".to_owned()
                    }
                }
            }
            (ErrorKind::Unsupported, _) if self.errno == Errno::EAFNOSUPPORT => {
                "IPv6 may be switched off (ipv6.disable=1)".to_owned()
            }
            _ => return Vec::new(),
        };
        vec![hint]
    }
}

/// The system's own text, without the number the standard library appends.
pub(super) fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {} ({})", self.operation, self.explanation(), self.errno)
    }
}

impl std::error::Error for KernelError {}
