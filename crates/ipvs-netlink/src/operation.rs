// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use crate::model::{Change, DestinationKey, ServiceKey};

/// The operation says what was asked of the kernel: the subject of every error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Open the socket and find the family.
    Connect,
    /// Read version and table size.
    Info,
    /// Read all services.
    Services,
    /// Read one service.
    Service(ServiceKey),
    /// Read all servers of one service.
    Destinations(ServiceKey),
    /// Read the timeouts.
    Timeouts,
    /// Read the sync daemons.
    Daemons,
    /// Change the table.
    Change(Change),
    /// Make many changes at once.
    Batch,
}

impl Operation {
    /// Returns the change, if it is one.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Change(change) => Some(change),
            _ => None,
        }
    }

    /// Whether it reads some of the table.
    pub(crate) fn reads(&self) -> bool {
        !self.changes() && !matches!(self, Self::Connect)
    }

    /// Whether it changes anything.
    pub(crate) fn changes(&self) -> bool {
        matches!(self, Self::Change(_) | Self::Batch)
    }

    /// Returns the service that it is about, if it is about one.
    pub fn service(&self) -> Option<&ServiceKey> {
        match self {
            Self::Service(key) | Self::Destinations(key) => Some(key),
            Self::Change(change) => match change {
                Change::AddService(service) | Change::SetService(service) => Some(&service.key),
                Change::RemoveService(key) => Some(key),
                Change::AddDestination { service, .. }
                | Change::SetDestination { service, .. }
                | Change::RemoveDestination { service, .. } => Some(service),
                Change::Zero(key) => key.as_ref(),
                Change::Flush
                | Change::SetTimeouts(_)
                | Change::StartDaemon(_)
                | Change::StopDaemon(_) => None,
            },
            Self::Connect
            | Self::Info
            | Self::Services
            | Self::Timeouts
            | Self::Daemons
            | Self::Batch => None,
        }
    }

    /// Returns the real server that it is about, if it is about one.
    pub fn destination(&self) -> Option<&DestinationKey> {
        match self.change()? {
            Change::AddDestination { destination, .. }
            | Change::SetDestination { destination, .. } => Some(&destination.key),
            Change::RemoveDestination { destination, .. } => Some(destination),
            _ => None,
        }
    }
}

impl From<Change> for Operation {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

/// As in "cannot …".
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("reach IPVS"),
            Self::Info => f.write_str("read the version of IPVS"),
            Self::Services => f.write_str("list the services"),
            Self::Service(key) => write!(f, "read service {key}"),
            Self::Destinations(key) => write!(f, "list the servers of {key}"),
            Self::Timeouts => f.write_str("read the timeouts"),
            Self::Daemons => f.write_str("list the sync daemons"),
            Self::Change(change) => change.fmt(f),
            Self::Batch => f.write_str("make a batch of changes"),
        }
    }
}
