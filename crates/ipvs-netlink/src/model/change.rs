// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use super::{
    Destination, DestinationKey, Invalid, Service, ServiceKey, SetTimeouts, SyncDaemon, SyncRole,
};

/// A change says what is to become of one object in the kernel's table: what a batch is
/// made of.
///
/// The kernel has no transactions: each change stands for itself, and a failed
/// one does not stop those behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Add a virtual service. Fails if there is one with that key.
    AddService(Service),
    /// Replace everything about a virtual service but its key.
    SetService(Service),
    /// Remove a virtual service and its real servers. Its connections stay in
    /// the connection table.
    RemoveService(ServiceKey),
    /// Add a real server. Fails if there is one with that key.
    ///
    /// One that was deleted within the last minutes comes back with its
    /// connections, and with its counters as they were (`ip_vs_ctl.c:
    /// ip_vs_trash_get_dest`).
    AddDestination {
        /// The virtual service.
        service: ServiceKey,
        /// The real server.
        destination: Destination,
    },
    /// Replace everything about a real server but its key.
    SetDestination {
        /// The virtual service.
        service: ServiceKey,
        /// The real server.
        destination: Destination,
    },
    /// Remove a real server. Its connections stay in the connection table, and
    /// their packets are dropped (see the sysctl `expire_nodest_conn`).
    RemoveDestination {
        /// The virtual service.
        service: ServiceKey,
        /// The real server.
        destination: DestinationKey,
    },
    /// Remove every virtual service of the network namespace.
    #[doc(alias("clear", "ipvsadm -C"))]
    Flush,
    /// Set the counters of one service and its servers to 0, or without one
    /// all of the namespace. What the kernel has not sampled yet, up to 2
    /// seconds of traffic, appears afterwards.
    #[doc(alias("ipvsadm -Z"))]
    Zero(Option<ServiceKey>),
    /// Set timeouts of connections.
    SetTimeouts(SetTimeouts),
    /// Start a sync daemon. Fails if one of that role runs.
    StartDaemon(SyncDaemon),
    /// Stop the sync daemon of that role.
    StopDaemon(SyncRole),
}

impl Change {
    /// Refuses what the kernel would accept and then misread or ignore.
    /// Removing is always allowed, whatever a table holds.
    ///
    /// # Errors
    /// [`Invalid`] names the first thing found.
    pub fn check(&self) -> Result<(), Invalid> {
        self.flaws().into_iter().next().map_or(Ok(()), Err)
    }

    /// All that [`check`](Self::check) has against it.
    pub(crate) fn flaws(&self) -> Vec<Invalid> {
        match self {
            Self::AddService(service) | Self::SetService(service) => service.flaws(),
            Self::AddDestination { service, destination }
            | Self::SetDestination { service, destination } => destination.flaws(service),
            Self::StartDaemon(daemon) => daemon.check().err().into_iter().collect(),
            Self::RemoveService(_)
            | Self::RemoveDestination { .. }
            | Self::Flush
            | Self::Zero(_)
            | Self::SetTimeouts(_)
            | Self::StopDaemon(_) => Vec::new(),
        }
    }

    /// Refuses what is wrong with it and was not with `before`: what another tool left
    /// behind must not stand in the way of an edit of something else. A weight must be
    /// settable to 0.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_edit_of(&self, before: &Self) -> Result<(), Invalid> {
        let there = before.flaws();
        self.flaws().into_iter().find(|flaw| !there.contains(flaw)).map_or(Ok(()), Err)
    }
}

/// As in "cannot …": `add service tcp/192.0.2.10:80`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddService(service) => write!(f, "add service {}", service.key),
            Self::SetService(service) => write!(f, "edit service {}", service.key),
            Self::RemoveService(key) => write!(f, "delete service {key}"),
            Self::AddDestination { service, destination } => {
                write!(f, "add server {} to {service}", destination.key)
            }
            Self::SetDestination { service, destination } => {
                write!(f, "edit server {} of {service}", destination.key)
            }
            Self::RemoveDestination { service, destination } => {
                write!(f, "delete server {destination} of {service}")
            }
            Self::Flush => f.write_str("delete all services"),
            Self::Zero(None) => f.write_str("zero all counters"),
            Self::Zero(Some(key)) => write!(f, "zero the counters of {key}"),
            Self::SetTimeouts(_) => f.write_str("set the timeouts"),
            Self::StartDaemon(daemon) => {
                write!(f, "start the {} sync daemon on {}", daemon.role, daemon.interface)
            }
            Self::StopDaemon(role) => write!(f, "stop the {role} sync daemon"),
        }
    }
}
