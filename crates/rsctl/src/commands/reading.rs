// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the servers of listed services, one service at a time.

use ipvs_netlink::{Client, DestinationEntry, DestinationKey, ServiceKey};

use super::Director;
use super::listed::{ListedServer, ListedService};
use super::shown::Shown;
use crate::error::Error;

/// Says what of servers is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Counters.
    pub(super) stats: bool,
    /// Thresholds, but of servers with connections only: who is at them is marked.
    pub(super) colored: bool,
    /// Everything else that the file does not have.
    pub(super) details: bool,
}

/// Asks the kernel, or the file where that has what is wanted.
#[derive(Debug)]
pub(crate) struct Reading {
    director: Director,
    client: Client,
    wanted: Wanted,
    /// What the file shows, once it was read.
    shown: Option<Shown>,
}

impl Reading {
    pub(super) fn new(director: &Director, client: Client, wanted: Wanted) -> Self {
        Self { director: director.clone(), client, wanted, shown: None }
    }

    /// Reads the servers of all `services`, and leaves out services that are gone.
    pub(super) fn all(
        &mut self,
        services: Vec<ListedService>,
    ) -> Result<Vec<ListedService>, Error> {
        if !self.wanted.details && !self.wanted.stats {
            self.shown = Some(Shown::read_beside(&self.director, &services));
        }
        services.into_iter().filter_map(|listed| self.next(listed).transpose()).collect()
    }

    /// Reads the servers of one of many services, until none is missing that nobody touched
    /// meanwhile; `None` if the service is gone.
    pub(super) fn next(&mut self, listed: ListedService) -> Result<Option<ListedService>, Error> {
        let key = listed.service.key;
        let Wanted { stats, colored, details } = self.wanted;
        if let Some(shown) = self.shown.as_mut().filter(|_| !details && !stats) {
            if let Some(servers) = shown.take(&key, colored) {
                return Ok(Some(ListedService { servers, ..listed }));
            }
        }
        let Self { director, client, shown, .. } = self;
        let read = servers(
            client,
            &key,
            || shown.get_or_insert_with(|| Shown::read(director)),
            |entry| ListedServer::of(entry, stats),
            |listed| listed.server.key,
        )?;
        Ok(read.map(|servers| ListedService { servers, ..listed }))
    }

    /// Reads the servers of the only service.
    pub(super) fn one(&mut self, mut listed: ListedService) -> Result<ListedService, Error> {
        let stats = self.wanted.stats;
        let servers = self.client.destinations_if_any(&listed.service.key)?.into_iter();
        listed.servers = servers.map(|entry| ListedServer::of(entry, stats)).collect();
        Ok(listed)
    }
}

/// Reads the servers of one of many services, in the kernel's order, until none is missing that
/// nobody touched meanwhile; `None` if the service is gone. Where the table changed, what `shown`
/// shows is held against them before the kernel is asked again.
pub(super) fn servers<'a, T>(
    client: &mut Client,
    service: &ServiceKey,
    shown: impl FnOnce() -> &'a Shown,
    make: impl Fn(DestinationEntry) -> T,
    key: impl Fn(&T) -> DestinationKey,
) -> Result<Option<Vec<T>>, ipvs_netlink::Error> {
    let mut servers = Vec::new();
    let pass = client.for_each_destination(service, |entry| servers.push(make(entry)))?;
    // A file that cannot be read shows nothing.
    if !pass.is_snapshot() && !shown().agrees(service, servers.iter().map(&key)) {
        servers = client.destinations_if_any(service)?.into_iter().map(make).collect();
    }
    // Of a service that is gone the kernel says that it has no servers.
    if servers.is_empty() && client.service(service)?.is_none() {
        return Ok(None);
    }
    Ok(Some(servers))
}
