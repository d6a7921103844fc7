// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds services and servers as they are listed, by whatever they were read.

use ipvs_netlink::{Connections, Destination, DestinationEntry, Service, ServiceEntry, Stats};

#[derive(Debug)]
pub(crate) struct ListedService {
    pub(crate) service: Service,
    pub(crate) stats: Stats,
    pub(crate) servers: Vec<ListedServer>,
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
        Self { service: entry.service, stats: entry.stats, servers: Vec::new() }
    }
}

impl ListedServer {
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
