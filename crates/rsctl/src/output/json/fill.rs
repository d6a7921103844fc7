// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{GueChecksum, Persistence, Protocol, SchedulerFlag, ServiceKey, Stats, Tunnel};

use super::schema::{
    ChangeObject, ConnectionsObject, Identity, PersistentObject, ServerObject, ServiceObject,
    StatesObject, StatsObject, TunnelObject,
};
use crate::commands::{Changed, ListedServer, ListedService, State};
use crate::names::Names;

impl From<&Changed> for ChangeObject {
    fn from(changed: &Changed) -> Self {
        Self {
            action: changed.word(),
            service: changed.service.map(|service| service.to_string()),
            server: changed.server.map(|server| server.to_string()),
            role: changed.role.map(|role| role.to_string()),
            states: changed.states.as_ref().map(|states| StatesObject {
                before: states.before.as_ref().map(State::object),
                after: states.after.as_ref().map(State::object),
            }),
        }
    }
}

impl ServiceObject {
    pub(super) fn new(listed: &ListedService, names: &Names) -> Self {
        let service = &listed.service;
        let (protocol, host, port_name) = match service.key {
            ServiceKey::Endpoint { protocol, address, port } => {
                (Some(protocol), names.host(address), names.port(port, Some(protocol)))
            }
            ServiceKey::Fwmark { .. } => (None, None, None),
        };
        let server = |listed| ServerObject::new(listed, protocol, names);
        Self {
            host: host.map(str::to_owned),
            port_name,
            service: service.key.to_string(),
            identity: Identity::from(service.key),
            scheduler: service.scheduler.to_string(),
            scheduler_flags: service
                .scheduler_flags
                .words(&service.scheduler)
                .map(SchedulerFlag::name)
                .collect(),
            persistent: service.persistence.map(PersistentObject::from),
            engine: service.engine.as_ref().map(ToString::to_string),
            one_packet: service.one_packet,
            stats: StatsObject::from(listed.stats),
            servers: listed.servers.iter().map(server).collect(),
        }
    }
}

impl From<ServiceKey> for Identity {
    fn from(key: ServiceKey) -> Self {
        match key {
            ServiceKey::Endpoint { protocol, address, port } => {
                Self::Endpoint { protocol: protocol.to_string(), address, port }
            }
            ServiceKey::Fwmark { family, mark } => {
                Self::Fwmark { fwmark: mark, family: family.name() }
            }
        }
    }
}

impl From<Persistence> for PersistentObject {
    fn from(persistence: Persistence) -> Self {
        Self {
            timeout_seconds: persistence.timeout.as_seconds(),
            netmask: persistence.netmask.to_string(),
        }
    }
}

impl ServerObject {
    fn new(listed: &ListedServer, protocol: Option<Protocol>, names: &Names) -> Self {
        let ListedServer { server, connections, .. } = listed;
        Self {
            host: names.host(server.key.address).map(str::to_owned),
            port_name: names.port(server.key.port, protocol),
            server: server.key.to_string(),
            address: server.key.address,
            port: server.key.port,
            method: server.forwarding.name().unwrap_or("unknown"),
            tunnel: server.tunnel().map(TunnelObject::from),
            weight: server.weight.get(),
            upper_threshold: server.thresholds.upper(),
            lower_threshold: server.thresholds.lower(),
            connections: ConnectionsObject {
                active: connections.active,
                inactive: connections.inactive,
                persistent: connections.persistent,
            },
            stats: StatsObject::from(listed.stats()),
        }
    }
}

impl From<Tunnel> for TunnelObject {
    fn from(tunnel: Tunnel) -> Self {
        let (port, checksum) = match tunnel {
            Tunnel::Gue { port, checksum } => (Some(port.get()), checksum),
            Tunnel::Gre { checksum: true } => (None, GueChecksum::Outer),
            _ => (None, GueChecksum::None),
        };
        Self { kind: tunnel.name().unwrap_or("unknown"), port, checksum: checksum.name() }
    }
}

impl From<Stats> for StatsObject {
    fn from(stats: Stats) -> Self {
        Self {
            connections: stats.connections,
            incoming_packets: stats.incoming_packets,
            outgoing_packets: stats.outgoing_packets,
            incoming_bytes: stats.incoming_bytes,
            outgoing_bytes: stats.outgoing_bytes,
            connections_per_second: stats.connections_per_second,
            incoming_packets_per_second: stats.incoming_packets_per_second,
            outgoing_packets_per_second: stats.outgoing_packets_per_second,
            incoming_bytes_per_second: stats.incoming_bytes_per_second,
            outgoing_bytes_per_second: stats.outgoing_bytes_per_second,
        }
    }
}
