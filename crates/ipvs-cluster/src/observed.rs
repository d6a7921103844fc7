// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel has.

use std::net::IpAddr;

use ipvs_netlink::{
    Client, Destination, Error, InterfaceName, Service, SyncDaemon, SyncDaemonEntry, SyncRole,
    TableEntry, Transport,
};

/// The kernel's table, and what is kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The virtual services, sorted by key.
    pub services: Vec<ObservedService>,
    /// Seconds after which idle connections are forgotten: TCP, TCP after FIN,
    /// UDP. `None` if the kernel was built without.
    pub timeouts: [Option<u32>; 3],
    /// The sync daemons that run.
    pub daemons: Vec<RunningDaemon>,
}

/// A virtual service with its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedService {
    /// Its settings.
    pub service: Service,
    /// Its real servers, in the order of adding.
    pub servers: Vec<Destination>,
}

/// A sync daemon that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningDaemon {
    /// What it does.
    pub role: SyncRole,
    /// The interface for multicast.
    pub interface: InterfaceName,
    /// Its sync id.
    pub sync_id: u32,
    /// Most bytes of UDP payload in a message.
    pub max_length: u16,
    /// The multicast group.
    pub group: IpAddr,
    /// The UDP port.
    pub port: u16,
    /// The time to live of multicast packets.
    pub ttl: u8,
}

impl Observed {
    /// Reads all of it.
    ///
    /// # Errors
    /// As [`Client::table`].
    pub fn read<T: Transport>(client: &mut Client<T>) -> Result<Self, Error> {
        let mut services: Vec<_> = client.table()?.into_iter().map(ObservedService::from).collect();
        services.sort_by_key(|entry| entry.service.key);
        let timeouts = client.timeouts()?;
        let daemons = client.daemons()?.into_iter().map(RunningDaemon::from).collect();
        Ok(Self { services, timeouts: [timeouts.tcp, timeouts.tcp_fin, timeouts.udp], daemons })
    }
}

impl From<TableEntry> for ObservedService {
    fn from(entry: TableEntry) -> Self {
        // The kernel puts each new server in front.
        let servers = entry.destinations.into_iter().rev().map(|entry| entry.destination).collect();
        Self { service: entry.service.service, servers }
    }
}

impl From<SyncDaemonEntry> for RunningDaemon {
    fn from(entry: SyncDaemonEntry) -> Self {
        let SyncDaemonEntry { role, interface, sync_id, max_length, group, port, ttl, .. } = entry;
        Self { role, interface, sync_id, max_length, group, port, ttl }
    }
}

impl RunningDaemon {
    /// The port of a daemon for which none was chosen.
    pub const DEFAULT_PORT: u16 = 8848;
    /// The time to live for which none was chosen.
    pub const DEFAULT_TTL: u8 = 1;

    /// Whether it is what `wanted` asks for. A length that is not asked for is
    /// the kernel's choice, and any is right.
    pub fn is(&self, wanted: &SyncDaemon) -> bool {
        self.role == wanted.role
            && self.interface == wanted.interface
            && self.sync_id == u32::from(wanted.sync_id)
            && wanted.max_length.is_none_or(|length| length.get() == self.max_length)
            && self.group == wanted.group().unwrap_or(SyncDaemonEntry::DEFAULT_GROUP)
            && self.port == wanted.port.map_or(Self::DEFAULT_PORT, Into::into)
            && self.ttl == wanted.ttl.map_or(Self::DEFAULT_TTL, Into::into)
    }
}
