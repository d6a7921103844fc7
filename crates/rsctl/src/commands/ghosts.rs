// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds which service a connection belongs to, and whether that still exists. The table does not
//! say: it has to be found out from the addresses, as the kernel finds the service of a packet
//! (`ip_vs_ctl.c: ip_vs_service_find`).

use std::collections::{HashMap, HashSet};

use ipvs_netlink::procfs::{Connection, VirtualAddress};
use ipvs_netlink::{AddressFamily, Client, DestinationKey, Protocol, ServiceKey};

use crate::error::Error;

/// Holds the services and servers that are there.
pub(super) struct Living {
    servers: HashMap<ServiceKey, HashSet<DestinationKey>>,
}

impl Living {
    pub(super) fn read(client: &mut Client) -> Result<Self, Error> {
        let servers = client.table()?.into_iter().map(|entry| {
            let servers = entry.destinations.iter().map(|entry| entry.destination.key);
            (entry.service.service.key, servers.collect())
        });
        Ok(Self { servers: servers.collect() })
    }

    /// Returns whether the connection has no service or no server any more.
    ///
    /// A connection that came by a firewall mark keeps no note of the mark: it
    /// lives as long as any mark's service has its server.
    pub(super) fn is_ghost(&self, connection: &Connection) -> bool {
        !candidates(connection).any(|key| self.has(&key, connection)) && !self.marked(connection)
    }

    fn marked(&self, connection: &Connection) -> bool {
        let family = AddressFamily::of(connection.client.ip());
        self.servers.keys().any(|key| {
            matches!(key, ServiceKey::Fwmark { .. })
                && key.family() == family
                && self.has(key, connection)
        })
    }

    /// Returns whether the service is there and has the connection's server. A server on port 0
    /// takes the packet's port.
    fn has(&self, key: &ServiceKey, connection: &Connection) -> bool {
        let server = connection.server;
        self.servers.get(key).is_some_and(|servers| {
            servers.contains(&server) || servers.contains(&DestinationKey { port: 0, ..server })
        })
    }
}

/// Returns the services whose connection it may be, except those of marks unknown.
fn candidates(connection: &Connection) -> impl Iterator<Item = ServiceKey> {
    let keys = match connection.service {
        VirtualAddress::Endpoint(endpoint) => {
            let key = |port| ServiceKey::Endpoint {
                protocol: connection.protocol,
                address: endpoint.ip(),
                port,
            };
            [Some(key(endpoint.port())), Some(key(0))]
        }
        VirtualAddress::Fwmark(mark) => {
            let family = AddressFamily::of(connection.client.ip());
            [ServiceKey::fwmark(family, mark).ok(), None]
        }
        _ => [None, None],
    };
    keys.into_iter().flatten()
}

/// Returns whether the connection is one of that service's. For a mark's that is a guess from its
/// servers, since a connection keeps no note of its mark.
pub(super) fn belongs(connection: &Connection, key: &ServiceKey, living: Option<&Living>) -> bool {
    match (key, connection.service) {
        (ServiceKey::Endpoint { protocol, address, port }, VirtualAddress::Endpoint(endpoint)) => {
            connection.protocol == *protocol
                && endpoint.ip() == *address
                && (*port == 0 || endpoint.port() == *port)
        }
        (ServiceKey::Fwmark { mark, .. }, VirtualAddress::Fwmark(of)) => {
            mark.get() == of && key.family() == AddressFamily::of(connection.client.ip())
        }
        (ServiceKey::Fwmark { .. }, VirtualAddress::Endpoint(_)) => {
            connection.protocol != Protocol::Other(0)
                && key.family() == AddressFamily::of(connection.client.ip())
                && living.is_some_and(|living| {
                    living.has(key, connection)
                        && !candidates(connection).any(|other| living.has(&other, connection))
                })
        }
        _ => false,
    }
}
