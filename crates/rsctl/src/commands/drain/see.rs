// SPDX-License-Identifier: MIT OR Apache-2.0

//! Looks at servers and their services.

use foldhash::{HashMap, HashMapExt as _};
use ipvs_netlink::{
    Client, Destination, DestinationEntry, DestinationKey, ErrorKind, Service, ServiceKey,
};

use super::super::Director;
use super::super::targets::names;
use crate::cli::{Endpoint, Target};
use crate::error::Error;

/// Looks for a server; `None` if it or its service is not there.
pub(super) fn server(
    client: &mut Client,
    service: &ServiceKey,
    server: &DestinationKey,
) -> Result<Option<DestinationEntry>, Error> {
    match client.destination(service, server) {
        Err(error) if error.kind() == ErrorKind::ServiceMissing => Ok(None),
        entry => Ok(entry?),
    }
}

/// Returns whether a server is one of those that are meant.
pub(super) fn is_meant(
    target: Target,
    servers: &[Endpoint],
    service: &ServiceKey,
    server: &DestinationKey,
) -> bool {
    let is_there = match (target, service) {
        (Target::Service(meant), service) => meant == *service,
        (Target::Vip(vip), ServiceKey::Endpoint { address, .. }) => *address == vip,
        (Target::Vip(_), _) => false,
        (Target::Everywhere, _) => true,
    };
    // Of a service without a port of its own, any is meant.
    let port = if let Target::Service(meant) = target { meant.port() } else { None };
    let or_its_port = |it: &Endpoint| Endpoint { port: it.port.or(port), ..*it };
    is_there && servers.iter().any(|it| names(&or_its_port(it), *server))
}

/// Remembers services with their servers, so that each is read once.
#[derive(Debug, Default)]
pub(super) struct Services {
    read: HashMap<ServiceKey, (Service, Vec<Destination>)>,
}

impl Services {
    pub(super) fn new() -> Self {
        Self { read: HashMap::new() }
    }

    /// Returns a service and its servers, as they are to be thought of.
    pub(super) fn get(
        &mut self,
        client: &mut Client,
        key: &ServiceKey,
    ) -> Result<&mut (Service, Vec<Destination>), Error> {
        if !self.read.contains_key(key) {
            let servers = client.destinations(key)?.into_iter().map(|it| it.destination).collect();
            // It was there a moment ago.
            let service = client.service(key)?.ok_or(Error::NoService(*key))?.service;
            self.read.insert(*key, (service, servers));
        }
        self.read.get_mut(key).ok_or(Error::NoService(*key))
    }
}

impl Director {
    /// Returns whether templates of servers without weight send nobody to them.
    pub(super) fn expires_templates(&self) -> bool {
        super::super::warning::is_set(self, "expire_quiescent_template")
    }
}
