// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel has.

use std::net::IpAddr;

use ipvs_netlink::{
    Client, Destination, Error, InterfaceName, Service, ServiceKey, SyncDaemon, SyncDaemonEntry,
    SyncRole, TableEntry, Transport,
};

/// Says what the kernel has: its table, and what is kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The virtual services: by family, protocol, address and port, then the marks.
    pub services: Vec<ObservedService>,
    /// Seconds after which idle connections are forgotten: TCP, TCP after FIN,
    /// UDP. `None` if the kernel was built without.
    pub timeouts: [Option<u32>; 3],
    /// The sync daemons that run.
    pub daemons: Vec<RunningDaemon>,
}

/// Says what a virtual service and its real servers look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedService {
    /// Its settings.
    pub service: Service,
    /// Its real servers, in the order of adding.
    pub servers: Vec<Destination>,
}

/// Says with which settings a sync daemon runs.
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

impl ObservedService {
    /// Returns a service with its servers.
    pub fn new(service: Service, servers: Vec<Destination>) -> Self {
        Self { service, servers }
    }

    /// Says where in a table it stands: as `ipvsadm` sorts, but by numbers without a sign.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        let key = self.service.key;
        (matches!(key, ServiceKey::Fwmark { .. }), key.family(), key)
    }
}

impl Observed {
    /// Reads all of it.
    ///
    /// What is there all the time is in it for certain ([`Client::table`]).
    ///
    /// # Errors
    /// As [`Client::table`].
    pub fn read<T: Transport>(client: &mut Client<T>) -> Result<Self, Error> {
        let table = client.table()?.into_iter();
        let mut services: Vec<_> = table.map(ObservedService::from).collect();
        services.sort_by_key(ObservedService::order);
        let timeouts = client.timeouts()?.values();
        let daemons = client.daemons()?.into_iter().map(RunningDaemon::from).collect();
        Ok(Self { services, timeouts, daemons })
    }
}

impl From<TableEntry> for ObservedService {
    fn from(entry: TableEntry) -> Self {
        // The kernel puts each new server in front.
        let servers = entry.destinations.into_iter().rev().map(|entry| entry.destination).collect();
        Self::new(entry.service.service, servers)
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

    /// Says whether it is what `wanted` asks for. A length that is not asked for is
    /// the kernel's choice, and any is right.
    pub fn is(&self, wanted: &SyncDaemon) -> bool {
        self.role == wanted.role
            && self.interface == wanted.interface
            && self.sync_id == wanted.whole_sync_id()
            && wanted.max_length.is_none_or(|length| length.get() == self.max_length)
            && self.group == wanted.group().unwrap_or(SyncDaemonEntry::DEFAULT_GROUP)
            && self.port == wanted.port.map_or(Self::DEFAULT_PORT, Into::into)
            && self.ttl == wanted.ttl.map_or(Self::DEFAULT_TTL, Into::into)
    }
}

impl From<&SyncDaemon> for RunningDaemon {
    fn from(wanted: &SyncDaemon) -> Self {
        Self {
            role: wanted.role,
            interface: wanted.interface.clone(),
            sync_id: wanted.whole_sync_id(),
            // The kernel's default for a master on Ethernet.
            max_length: wanted.max_length.map_or(1472, Into::into),
            group: wanted.group().unwrap_or(SyncDaemonEntry::DEFAULT_GROUP),
            port: wanted.port.map_or(Self::DEFAULT_PORT, Into::into),
            ttl: wanted.ttl.map_or(Self::DEFAULT_TTL, Into::into),
        }
    }
}
