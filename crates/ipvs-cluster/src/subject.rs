// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use ipvs_netlink::{DestinationKey, ServiceKey, SyncRole};

use crate::sysctl::SysctlName;

/// Names an object of a director: what a step, a fault or a flaw is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// The timeouts of connections.
    Timeouts,
    /// A setting under `net.ipv4.vs`.
    Sysctl(SysctlName),
    /// The sync daemon of that role.
    Daemon(SyncRole),
    /// A service.
    Service(ServiceKey),
    /// A server of a service.
    Server(ServiceKey, DestinationKey),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeouts => f.write_str("timeouts"),
            Self::Sysctl(name) => write!(f, "setting net.ipv4.vs.{name}"),
            Self::Daemon(role) => write!(f, "{role} sync daemon"),
            Self::Service(service) => write!(f, "service {service}"),
            Self::Server(service, server) => write!(f, "server {server} of {service}"),
        }
    }
}
