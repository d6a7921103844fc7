// SPDX-License-Identifier: MIT OR Apache-2.0

//! What each errno means for each request, and what helps.

use std::{fmt, io};

use super::{ErrorKind, KernelError};
use crate::genl::Errno;
use crate::model::{AddressFamily, Change, Scheduler, Service, ServiceKey, SyncRole};

impl KernelError {
    /// Says what the errno means for this request.
    pub fn explanation(&self) -> String {
        let text = cause(self);
        match self.ext_ack.as_ref().and_then(|ext_ack| ext_ack.message.as_ref()) {
            Some(message) => format!("{text}: {message}"),
            None => text,
        }
    }

    pub(super) fn reason(&self) -> String {
        format!("{} ({})", self.explanation(), self.errno)
    }

    /// Says what may help, a line each, most likely first.
    pub fn hints(&self) -> Vec<String> {
        remedy(self).into_iter().collect()
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.operation, self.reason())
    }
}

impl std::error::Error for KernelError {}

/// As in "cannot …: CAUSE".
fn cause(error: &KernelError) -> String {
    let change = error.operation.change();
    let text = match (error.kind(), change) {
        (ErrorKind::PermissionDenied, _) => "the kernel did not permit it",
        (ErrorKind::AlreadyExists, Some(Change::StartDaemon(daemon))) => {
            return format!("a {} sync daemon runs already", daemon.role);
        }
        (ErrorKind::AlreadyExists, _) => "it exists already",
        (ErrorKind::DaemonMissing, _) => "it does not run",
        (ErrorKind::InterfaceMissing, _) => "there is no such interface",
        (ErrorKind::ServiceMissing, _) => {
            return match error.operation.service() {
                Some(key) => format!("there is no service {key}"),
                None => "there is no such service".to_owned(),
            };
        }
        (ErrorKind::DestinationMissing, _) => "the service has no such server",
        (ErrorKind::SchedulerMissing, Some(Change::AddService(s) | Change::SetService(s))) => {
            return match &s.engine {
                Some(engine) => format!(
                    "the kernel has no scheduler {} or no persistence engine {engine}",
                    s.scheduler
                ),
                None => format!("the kernel has no scheduler {}", s.scheduler),
            };
        }
        (ErrorKind::Unsupported, _) if error.errno == Errno::EAFNOSUPPORT => {
            "the kernel's IPVS does not do this address family"
        }
        (ErrorKind::Unsupported, _) => "this kernel does not know the command",
        (ErrorKind::Unavailable, _) if error.errno == Errno::ENOPROTOOPT => {
            "the module ip_vs is being unloaded"
        }
        (ErrorKind::Unavailable, _) => "the kernel is out of memory",
        (ErrorKind::Rejected, Some(change)) => rejected(change, error.errno),
        (_, Some(Change::StartDaemon(_))) if error.errno == Errno::ENETUNREACH => {
            "the interface has no way to the multicast group"
        }
        _ => return system_text(&error.errno.into()),
    };
    text.to_owned()
}

/// `EINVAL` and `ERANGE`, which can mean almost anything.
fn rejected(change: &Change, errno: Errno) -> &'static str {
    match change {
        Change::SetService(service) if fills_a_table(service) => {
            "the kernel refused the settings, or the service has more servers than mh has slots"
        }
        Change::AddService(_) | Change::SetService(_) => {
            "the kernel refused the service's address or settings"
        }
        Change::AddDestination { .. } | Change::SetDestination { .. } if errno == Errno::ERANGE => {
            "the weight or a threshold is out of range"
        }
        Change::AddDestination { .. } | Change::SetDestination { .. } => {
            "the kernel refused the server's address or settings"
        }
        Change::SetTimeouts(_) => "the kernel refused a timeout",
        Change::StartDaemon(_) => "the kernel refused the daemon's settings",
        _ => "the kernel refused the request",
    }
}

fn fills_a_table(service: &Service) -> bool {
    service.scheduler == Scheduler::Mh
}

fn remedy(error: &KernelError) -> Option<String> {
    let change = error.operation.change();
    let text = match (error.kind(), change) {
        (ErrorKind::PermissionDenied, _) => {
            "run it as root: IPVS wants CAP_NET_ADMIN in the initial user namespace, so root \
             inside a rootless container is not enough"
        }
        (ErrorKind::AlreadyExists, Some(Change::AddService(_))) => {
            "edit the service instead, or delete it first"
        }
        (ErrorKind::AlreadyExists, Some(Change::StartDaemon(_))) => {
            "its settings cannot be changed while it runs: stop it and start it anew"
        }
        (ErrorKind::AlreadyExists, _) => {
            "edit the server instead; its address and port can be in a service only once, \
             whatever its forwarding method"
        }
        (ErrorKind::DaemonMissing, Some(Change::StopDaemon(role))) => match role {
            SyncRole::Master => "list the daemons: a backup is stopped by its own role",
            SyncRole::Backup => "list the daemons: a master is stopped by its own role",
        },
        (ErrorKind::InterfaceMissing, _) => {
            "`ip link` shows the interfaces of this network namespace"
        }
        (ErrorKind::ServiceMissing, _) => match error.operation.service() {
            Some(ServiceKey::Fwmark { .. }) => {
                "the same mark is another service in each address family"
            }
            _ => "list the services to see protocol, address and port",
        },
        (ErrorKind::DestinationMissing, _) => {
            "list the service to see its servers: address and port must both match"
        }
        (ErrorKind::SchedulerMissing, Some(Change::AddService(s) | Change::SetService(s))) => {
            return Some(modules(s));
        }
        (ErrorKind::Unsupported, _) if error.errno == Errno::EAFNOSUPPORT => {
            "IPv6 may be switched off (ipv6.disable=1)"
        }
        (ErrorKind::Unsupported, _) => "a newer kernel may do",
        (ErrorKind::Unavailable, _) => "try again in a moment",
        (ErrorKind::Rejected, Some(change)) => return rejection(change, error.errno),
        (_, Some(Change::StartDaemon(_))) if error.errno == Errno::ENETUNREACH => {
            "a master needs an interface that is up: `ip link set DEV up`"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn modules(service: &Service) -> String {
    let known: Vec<_> = Scheduler::known().map(Scheduler::name).collect();
    let known = known.join(", ");
    let modules = match &service.engine {
        Some(engine) => format!("ip_vs_{} and ip_vs_pe_{engine}", service.scheduler),
        None => format!("ip_vs_{}", service.scheduler),
    };
    format!("the kernel looked for the module {modules}; usual schedulers are {known}")
}

fn rejection(change: &Change, errno: Errno) -> Option<String> {
    let text = match change {
        Change::SetService(service) if fills_a_table(service) => {
            "the mh table has 4093 slots as Debian builds it; use another scheduler, or fewer \
             servers"
        }
        Change::AddService(service) | Change::SetService(service)
            if service.key.family() == AddressFamily::Ipv6 =>
        {
            "an IPv6 persistence prefix is 1 to 128"
        }
        Change::AddDestination { .. } | Change::SetDestination { .. } if errno == Errno::ERANGE => {
            "weights end at 2147483647, and the lower threshold must not be above the upper one"
        }
        Change::AddDestination { service, destination }
            if service.family() != destination.key.family() =>
        {
            "while a sync daemon runs, a server must be of its service's address family"
        }
        Change::AddDestination { destination, .. } => match destination.key.family() {
            AddressFamily::Ipv4 => {
                "the address must be unicast and not a broadcast address of this host; in a \
                 network namespace without any IPv4 address every server is refused (`ip link \
                 set lo up` helps)"
            }
            AddressFamily::Ipv6 => "the address must be unicast and not link-local",
        },
        Change::SetDestination { .. } => "thresholds end at 2147483647, and GUE needs a port",
        Change::SetTimeouts(_) => "a timeout is 1 to 2678400 seconds (31 days)",
        Change::StartDaemon(_) => {
            "the group must be a multicast address, and while a service has a server of another \
             address family no daemon starts"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The system's own text, without the number the standard library appends.
pub(super) fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}
