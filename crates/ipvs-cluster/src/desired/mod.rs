// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds a whole wanted state, and builds it.

mod builder;
mod convert;
mod fault;

use ipvs_netlink::{Destination, Service, SetTimeouts, SyncDaemon};

use crate::subject::Subject;

pub use builder::Builder;
pub use fault::{Fault, Faults, Why};

/// Says what a director should look like.
///
/// A [`Builder`] makes one, and it can hold no two services with one key, no two servers of a
/// service with one key, and no sync daemon beside a server that the kernel has without one
/// only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    services: Vec<DesiredService>,
    timeouts: Option<SetTimeouts>,
    daemons: Option<Vec<SyncDaemon>>,
    /// What is not sound and may be there already. All else was judged when it was built.
    unsound: Vec<Subject>,
}

impl Desired {
    /// Returns the virtual services, in the order in which they were said.
    pub fn services(&self) -> &[DesiredService] {
        &self.services
    }

    /// Returns the timeouts of connections; `None` leaves them alone.
    pub fn timeouts(&self) -> Option<SetTimeouts> {
        self.timeouts
    }

    /// Returns the sync daemons, one of each role at most; `None` leaves them alone.
    pub fn daemons(&self) -> Option<&[SyncDaemon]> {
        self.daemons.as_deref()
    }

    /// Returns what was not sound when it was built
    /// ([`Builder::finish_as_found`]).
    pub(crate) fn unsound(&self) -> &[Subject] {
        &self.unsound
    }
}

/// Says what a virtual service with its real servers should look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredService {
    /// Its settings.
    pub service: Service,
    /// Whether flag bits without a name are to stay as they are: their source
    /// had no words for them.
    pub leaves_unknown_flags: bool,
    /// Its real servers, in the order of adding: the kernel's, backwards.
    pub servers: Vec<DesiredServer>,
}

/// Says what a real server should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesiredServer {
    /// Its settings.
    pub server: Destination,
    /// Whether the thresholds of a server that is there are to stay as they are:
    /// nothing was said of them.
    pub leaves_thresholds: bool,
}

impl DesiredService {
    /// Returns a service of which everything is said, without servers yet.
    pub fn new(service: Service) -> Self {
        Self { service, leaves_unknown_flags: false, servers: Vec::new() }
    }

    /// Adds servers of which everything is said.
    #[must_use]
    pub fn with_servers(mut self, servers: impl IntoIterator<Item = Destination>) -> Self {
        self.servers.extend(servers.into_iter().map(DesiredServer::new));
        self
    }
}

impl DesiredServer {
    /// Returns a server of which everything is said.
    pub fn new(server: Destination) -> Self {
        Self { server, leaves_thresholds: false }
    }
}
