// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what the kernel has.

use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::{
    Client, Destination, Error, Service, ServiceKey, SyncDaemonEntry, TableEntry, Timeouts,
    Transport,
};

/// Says what the kernel has: its table, and what is kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observed {
    /// The virtual services: by family, protocol, address and port, then the marks.
    pub services: Vec<ObservedService>,
    /// After how long idle connections are forgotten.
    pub timeouts: Timeouts,
    /// The sync daemons that run.
    pub daemons: Vec<SyncDaemonEntry>,
    /// Of the settings under `net.ipv4.vs` those that were asked for and the kernel has.
    pub sysctls: Vec<Sysctl>,
}

/// Says what a virtual service and its real servers look like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedService {
    /// Its settings.
    pub service: Service,
    /// Its real servers, in the order of adding.
    pub servers: Vec<Destination>,
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
    /// Returns a table of these services, with no timeout known and without sync daemons: for
    /// tests, and for what was kept elsewhere. Its other fields can be set.
    pub fn new(services: Vec<ObservedService>) -> Self {
        Self { services, ..Self::default() }
    }

    /// Reads all of it, but no settings under `net.ipv4.vs`.
    ///
    /// What is there all the time is in it for certain ([`Client::table`]).
    ///
    /// # Errors
    /// As [`Client::table`].
    pub fn read<T: Transport>(client: &mut Client<T>) -> Result<Self, Error> {
        let table = client.table()?.into_iter();
        let mut services: Vec<_> = table.map(ObservedService::from).collect();
        services.sort_by_key(ObservedService::order);
        let timeouts = client.timeouts()?;
        let daemons = client.daemons()?;
        Ok(Self { services, timeouts, daemons, sysctls: Vec::new() })
    }
}

/// Reads those of the settings under `net.ipv4.vs` that are wanted, where the client is.
pub(crate) fn sysctls<T: Transport>(
    client: &Client<T>,
    wanted: &[crate::sysctl::Sysctl],
) -> Result<Vec<Sysctl>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut there = client.procfs().sysctls()?;
    there.retain(|it| wanted.iter().any(|wanted| wanted.name().as_str() == it.name));
    Ok(there)
}

impl From<TableEntry> for ObservedService {
    fn from(entry: TableEntry) -> Self {
        // The kernel puts each new server in front.
        let servers = entry.destinations.into_iter().rev().map(|entry| entry.destination).collect();
        Self::new(entry.service.service, servers)
    }
}
