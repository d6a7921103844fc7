// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel has.

use ipvs_netlink::{
    Client, Destination, Error, Service, ServiceKey, SyncDaemonEntry, TableEntry, Timeouts,
    Transport,
};

use crate::desired::Desired;

/// The kernel's table, and what is kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The virtual services: by family, protocol, address and port, then the marks.
    pub services: Vec<ObservedService>,
    /// After how long idle connections are forgotten.
    pub timeouts: Timeouts,
    /// The sync daemons that run.
    pub daemons: Vec<SyncDaemonEntry>,
}

/// A virtual service with its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedService {
    /// Its settings.
    pub service: Service,
    /// Its real servers, in the order of adding.
    pub servers: Vec<Destination>,
    /// Whether they were not asked for, and are taken for what is wanted
    /// ([`Observed::glance`]): `servers` is empty then.
    pub is_known: bool,
}

impl ObservedService {
    /// A service with servers that were read.
    pub fn new(service: Service, servers: Vec<Destination>) -> Self {
        Self { service, servers, is_known: false }
    }
}

impl Observed {
    /// Reads all of it.
    ///
    /// # Errors
    /// As [`Client::table`].
    pub fn read<T: Transport>(client: &mut Client<T>) -> Result<Self, Error> {
        let table = client.table()?.into_iter();
        let mut services: Vec<_> = table.map(ObservedService::from).collect();
        services.sort_by_key(|entry| order(&entry.service.key));
        Self::with(services, client)
    }

    /// Reads all of it once, and leaves the services in the order of the kernel's table,
    /// which is none. What others delete meanwhile may hide something else, so this can
    /// tell that all is well, and not what is missing.
    ///
    /// The servers of a service that is `known` are not asked for, and taken for what
    /// is wanted: the kernel wants a question for each service, which for services with
    /// few servers takes longer than adding them did.
    ///
    /// # Errors
    /// As [`Client::for_each_service`].
    pub fn glance<T: Transport>(
        client: &mut Client<T>,
        known: impl Fn(&ServiceKey) -> bool,
    ) -> Result<Self, Error> {
        let mut services = Vec::new();
        client.for_each_service(|entry| {
            let service = entry.service;
            let is_known = known(&service.key);
            services.push(ObservedService { service, servers: Vec::new(), is_known });
        })?;
        for entry in services.iter_mut().filter(|entry| !entry.is_known) {
            let ObservedService { service, servers, .. } = entry;
            client.for_each_destination(&service.key, |entry| servers.push(entry.destination))?;
            // The kernel puts each new server in front.
            servers.reverse();
        }
        Self::with(services, client)
    }

    /// `services`, and what is kept beside them.
    fn with<T: Transport>(
        services: Vec<ObservedService>,
        client: &mut Client<T>,
    ) -> Result<Self, Error> {
        let timeouts = client.timeouts()?;
        let daemons = client.daemons()?;
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

/// As `ipvsadm` sorts, but by numbers without a sign.
fn order(key: &ServiceKey) -> impl Ord + use<> {
    (matches!(key, ServiceKey::Fwmark { .. }), key.family(), *key)
}

/// What a kernel has that had nothing before and was made what is wanted.
impl From<&Desired> for Observed {
    fn from(desired: &Desired) -> Self {
        let services = desired.services.iter().map(|entry| {
            let servers = entry.servers.iter().map(|wanted| wanted.server).collect();
            ObservedService::new(entry.service.clone(), servers)
        });
        let mut services: Vec<_> = services.collect();
        services.sort_by_key(|entry| order(&entry.service.key));
        let timeouts = Timeouts::KERNEL_DEFAULTS.after(&desired.timeouts.unwrap_or_default());
        let daemons = desired.daemons.iter().flatten().map(SyncDaemonEntry::from).collect();
        Self { services, timeouts, daemons }
    }
}
