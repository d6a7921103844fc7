// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds services and servers as they are listed, by whatever they were read.

use ipvs_netlink::{Connections, Destination, DestinationEntry, Service, ServiceEntry, Stats};

#[derive(Debug)]
pub(crate) struct ListedService {
    pub(crate) service: Service,
    pub(crate) stats: Stats,
    pub(crate) servers: Vec<ListedServer>,
    /// Of all its servers, shown or not; counted only where somebody looks at it.
    pub(crate) whole: Whole,
}

/// Sums up the servers of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) weight: u64,
    pub(crate) active: u64,
}

impl Whole {
    pub(super) fn of(servers: &[ListedServer]) -> Self {
        let add = |whole: Self, listed: &ListedServer| Self {
            weight: whole.weight + u64::from(listed.server.weight.get()),
            active: whole.active + u64::from(listed.connections.active),
        };
        servers.iter().fold(Self::default(), add)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ListedServer {
    pub(crate) server: Destination,
    pub(crate) connections: Connections,
    /// More than all the rest, so kept only where somebody looks at it.
    pub(super) stats: Option<Box<Stats>>,
}

impl ListedService {
    pub(super) fn new(entry: ServiceEntry) -> Self {
        let (service, stats) = (entry.service, entry.stats);
        Self { service, stats, servers: Vec::new(), whole: Whole::default() }
    }
}

impl ListedServer {
    /// Returns whether it has as many connections as its upper threshold. So the kernel judges
    /// when it begins to leave a server out (`ip_vs_dest_update_overload`); that it does so until
    /// they are below the lower one, it tells nobody.
    pub(crate) fn is_full(&self) -> bool {
        let connections = self.connections.active.saturating_add(self.connections.inactive);
        let upper = self.server.thresholds.upper();
        upper > 0 && connections >= upper
    }

    /// Takes of what the kernel told all but the counters, and these if they are wanted.
    pub(super) fn of(entry: DestinationEntry, stats: bool) -> Self {
        let DestinationEntry { destination: server, connections, stats: counters, .. } = entry;
        Self { server, connections, stats: stats.then(|| counters.into()) }
    }

    /// Makes a server with all that there is to tell of it.
    #[cfg(test)]
    pub(crate) fn new(server: Destination, connections: Connections, stats: Stats) -> Self {
        Self { server, connections, stats: Some(stats.into()) }
    }

    /// Its counters, where they are shown or sorted by; else zeros.
    pub(crate) fn stats(&self) -> Stats {
        self.stats.as_deref().copied().unwrap_or_default()
    }
}
