// SPDX-License-Identifier: MIT OR Apache-2.0

//! Adds up the servers that are shown.

use ipvs_netlink::Stats;

use crate::commands::{ListedServer, Listing};

/// Holds the sums of servers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) weight: u64,
    pub(super) active: u64,
    pub(super) inactive: u64,
    pub(super) clients: u64,
    pub(super) stats: Stats,
}

impl Sums {
    /// Returns them if they were asked for.
    pub(super) fn asked_for(listing: &Listing) -> Option<Self> {
        listing.shape.sums.then(|| {
            let servers = listing.services.iter().flat_map(|listed| &listed.servers);
            servers.fold(Self::default(), Self::and)
        })
    }

    fn and(mut self, listed: &ListedServer) -> Self {
        let one = Self::from(listed);
        self.weight += one.weight;
        self.active += one.active;
        self.inactive += one.inactive;
        self.clients += one.clients;
        let (sum, stats) = (&mut self.stats, one.stats);
        for (sum, count) in [
            (&mut sum.connections, stats.connections),
            (&mut sum.incoming_packets, stats.incoming_packets),
            (&mut sum.outgoing_packets, stats.outgoing_packets),
            (&mut sum.incoming_bytes, stats.incoming_bytes),
            (&mut sum.outgoing_bytes, stats.outgoing_bytes),
            (&mut sum.connections_per_second, stats.connections_per_second),
            (&mut sum.incoming_packets_per_second, stats.incoming_packets_per_second),
            (&mut sum.outgoing_packets_per_second, stats.outgoing_packets_per_second),
            (&mut sum.incoming_bytes_per_second, stats.incoming_bytes_per_second),
            (&mut sum.outgoing_bytes_per_second, stats.outgoing_bytes_per_second),
        ] {
            *sum = sum.saturating_add(count);
        }
        self
    }
}

/// Of a single server.
impl From<&ListedServer> for Sums {
    fn from(listed: &ListedServer) -> Self {
        let connections = listed.connections;
        Self {
            weight: listed.server.weight.get().into(),
            active: connections.active.into(),
            inactive: connections.inactive.into(),
            clients: connections.persistent.into(),
            stats: listed.stats(),
        }
    }
}
