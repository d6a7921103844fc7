// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the servers of listed services, one service at a time.

use ipvs_netlink::{Client, ServiceKey};

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
    pub(super) full_ones: bool,
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
            self.shown = Some(Shown::read(&self.director, &services));
        }
        services.into_iter().filter_map(|listed| self.next(listed).transpose()).collect()
    }

    /// Reads the servers of one of many services, until none is missing that nobody touched
    /// meanwhile; `None` if the service is gone.
    pub(super) fn next(
        &mut self,
        mut listed: ListedService,
    ) -> Result<Option<ListedService>, Error> {
        let key = listed.service.key;
        let Wanted { stats, full_ones, details } = self.wanted;
        if let Some(shown) = self.shown.as_mut().filter(|_| !details && !stats) {
            if let Some(servers) = shown.take(&key, full_ones) {
                listed.servers = servers;
                return Ok(Some(listed));
            }
        }
        let add = |entry| listed.servers.push(ListedServer::of(entry, stats));
        let pass = self.client.for_each_destination(&key, add)?;
        if !pass.is_snapshot() {
            // What it cannot read says nothing, and the kernel is asked again.
            let shown = self.shown.get_or_insert_with(|| Shown::read(&self.director, &[]));
            if !shown.agrees(&listed) {
                listed.servers = self.whole(&key)?;
            }
        }
        // Of a service that is gone the kernel says that it has no servers.
        if listed.servers.is_empty() && self.client.service(&key)?.is_none() {
            return Ok(None);
        }
        Ok(Some(listed))
    }

    /// Reads the servers of the only service.
    pub(super) fn one(&mut self, mut listed: ListedService) -> Result<ListedService, Error> {
        listed.servers = self.whole(&listed.service.key)?;
        Ok(listed)
    }

    fn whole(&mut self, key: &ServiceKey) -> Result<Vec<ListedServer>, Error> {
        let stats = self.wanted.stats;
        let servers = self.client.destinations_if_any(key)?.into_iter();
        Ok(servers.map(|entry| ListedServer::of(entry, stats)).collect())
    }
}
