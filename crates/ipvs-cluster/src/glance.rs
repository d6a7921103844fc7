// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the table once, and again only where that may have missed what a plan needs.
//!
//! A list that takes more than one datagram can lack what nobody touched, if somebody changes it
//! meanwhile. Whoever reads such a list until nothing can be missing ([`Observed::read`]) reads
//! all of a large table twice at least. A list that shows just what is wanted needs no second
//! look: there is nothing that a plan would do about it.
//!
//! What is outside of the scope of what is wanted is read as well, once: nothing is done about it,
//! so that something may be missing there.
//!
//! `/proc/net/ip_vs` would take less to read, but lacks thresholds and tunnels, so that it cannot
//! tell that a server is as wanted.

use foldhash::{HashMap, HashSet};
use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::{
    Client, Destination, Error, Service, ServiceKey, SyncDaemonEntry, Timeouts, Transport,
};

use crate::desired::Desired;
use crate::observed::{self, Observed, ObservedService};
use crate::plan::{self, Found, Plan, Policy, Step, View};
use crate::scope::Scope;

/// Says what the kernel shows in one pass, with services in the order of its table, which is none.
#[derive(Debug)]
pub(crate) struct Glance {
    services: Vec<Glanced>,
    /// Whether the list of services is of one moment.
    is_snapshot: bool,
    timeouts: Timeouts,
    daemons: Vec<SyncDaemonEntry>,
    sysctls: Vec<Sysctl>,
}

#[derive(Debug)]
struct Glanced {
    service: Service,
    /// In the order of adding; `None` if they are taken for what is wanted.
    servers: Option<Vec<Destination>>,
    /// Whether they are of one moment.
    is_snapshot: bool,
}

impl Glance {
    /// Reads all of it once.
    pub(crate) fn take<T: Transport>(
        client: &mut Client<T>,
        desired: &Desired,
    ) -> Result<Self, Error> {
        let mut services = Vec::new();
        let pass = client.for_each_service(|entry| services.push(entry.service))?;
        let services = services.into_iter().map(|service| Glanced::read(client, service));
        Ok(Self {
            services: services.collect::<Result<_, _>>()?,
            is_snapshot: pass.is_snapshot(),
            timeouts: client.timeouts()?,
            daemons: client.daemons()?,
            sysctls: observed::sysctls(client, desired.sysctls())?,
        })
    }

    /// Reads what the steps of `plan` touched, which the kernel acknowledged as they were
    /// planned; all else is as it was. Services that are new with all their servers are taken
    /// for what is wanted.
    pub(crate) fn behind<T: Transport>(
        client: &mut Client<T>,
        desired: &Desired,
        plan: &Plan,
        before: Observed,
    ) -> Result<Self, Error> {
        let mut touched: HashSet<_> = plan.steps().iter().filter_map(Step::service).collect();
        let as_before = |entry: ObservedService| {
            let ObservedService { service, servers } = entry;
            Glanced { service, servers: Some(servers), is_snapshot: true }
        };
        let untouched = before.services.into_iter().filter(|it| !touched.contains(&it.service.key));
        let mut services: Vec<_> = untouched.map(as_before).collect();
        for step in plan.steps() {
            if let Step::AddService(new) = step {
                touched.remove(&new.key);
                services.push(Glanced { service: new.clone(), servers: None, is_snapshot: true });
            }
        }
        for service in found(client, touched)? {
            services.push(Glanced::read(client, service)?);
        }
        let (timeouts, daemons) = (client.timeouts()?, client.daemons()?);
        let sysctls = observed::sysctls(client, desired.sysctls())?;
        Ok(Self { services, is_snapshot: true, timeouts, daemons, sysctls })
    }

    /// Says whether nothing in scope differs from what is wanted.
    pub(crate) fn shows(&self, desired: &Desired, policy: Policy) -> bool {
        plan::compare(desired, &self.view(desired.scope()), policy).is_empty()
    }

    /// Returns the services whose servers hash by another order than wanted, as
    /// [`reordered`](crate::reordered) does. Those taken for what is wanted are in order.
    pub(crate) fn reordered(&self, desired: &Desired) -> Vec<ServiceKey> {
        plan::reordered_in(desired, &self.view(desired.scope()))
    }

    /// Reads again, until nothing is missing, each list that may lack something and is not just
    /// what is wanted.
    pub(crate) fn made_sure<T: Transport>(
        mut self,
        client: &mut Client<T>,
        desired: &Desired,
        policy: Policy,
    ) -> Result<Observed, Error> {
        let as_wanted = plan::as_wanted(desired, &self.view(desired.scope()), policy);
        if !self.is_snapshot && !self.has_the_services_of(desired) {
            let known = self.services.drain(..).map(|entry| (entry.service.key, entry));
            let mut known: HashMap<_, _> = known.collect();
            for entry in client.services()? {
                let service = entry.service;
                self.services.push(match known.remove(&service.key) {
                    Some(known) => Glanced { service, ..known },
                    None => Glanced::read(client, service)?,
                });
            }
        }
        let mut services = Vec::with_capacity(self.services.len());
        let mut empty = Vec::new();
        for Glanced { service, servers, is_snapshot } in self.services {
            let key = service.key;
            let is_ours = desired.scope().has_service(&key);
            let is_sure = is_snapshot || !is_ours || as_wanted.contains(&key);
            let servers = match servers.filter(|_| is_sure) {
                Some(servers) => servers,
                None => whole(client, &key)?,
            };
            // Of a service that is gone the kernel says that it has no servers.
            if servers.is_empty() && is_ours && !as_wanted.contains(&key) {
                empty.push(key);
            } else {
                services.push(ObservedService::new(service, servers));
            }
        }
        // One that was edited by deleting and adding it may be back, with its servers.
        for key in empty {
            if let Some(entry) = client.service(&key)? {
                services.push(ObservedService::new(entry.service, whole(client, &key)?));
            }
        }
        services.sort_by_key(ObservedService::order);
        let Self { timeouts, daemons, sysctls, .. } = self;
        Ok(Observed { services, timeouts, daemons, sysctls })
    }

    /// Says whether each wanted service is there, once, and no other in scope.
    fn has_the_services_of(&self, desired: &Desired) -> bool {
        let wanted = desired.services().iter().map(|it| it.service.key);
        let mut wanted: HashSet<_> = wanted.collect();
        let mut ours =
            self.services.iter().filter(|it| desired.scope().has_service(&it.service.key));
        ours.all(|it| wanted.remove(&it.service.key)) && wanted.is_empty()
    }

    fn view(&self, scope: &Scope) -> View<'_> {
        let services = self.services.iter();
        let found = services.map(|entry| (&entry.service, entry.servers.as_deref()));
        View {
            services: Found::within(scope, found),
            timeouts: self.timeouts,
            daemons: &self.daemons,
            sysctls: &self.sysctls,
        }
    }
}

impl Glanced {
    /// Reads the servers of a service once.
    fn read<T: Transport>(client: &mut Client<T>, service: Service) -> Result<Self, Error> {
        let mut servers = Vec::new();
        let add = |entry: ipvs_netlink::DestinationEntry| servers.push(entry.destination);
        let pass = client.for_each_destination(&service.key, add)?;
        // The kernel puts each new server in front.
        servers.reverse();
        Ok(Self { service, servers: Some(servers), is_snapshot: pass.is_snapshot() })
    }
}

/// Reads those of these services that are there.
fn found<T: Transport>(
    client: &mut Client<T>,
    keys: HashSet<ServiceKey>,
) -> Result<Vec<Service>, Error> {
    /// From so many on a list of all takes less than a question for each.
    const MANY: usize = 64;
    let mut found = Vec::new();
    let mut unseen = keys;
    if unseen.len() >= MANY {
        let pass = client.for_each_service(|entry| {
            if unseen.remove(&entry.service.key) {
                found.push(entry.service);
            }
        })?;
        if pass.is_snapshot() {
            return Ok(found);
        }
    }
    for key in unseen {
        found.extend(client.service(&key)?.map(|entry| entry.service));
    }
    Ok(found)
}

/// Reads the servers of a service until none is missing, in the order of adding.
fn whole<T: Transport>(
    client: &mut Client<T>,
    key: &ServiceKey,
) -> Result<Vec<Destination>, Error> {
    let servers = client.destinations_if_any(key)?.into_iter().rev();
    Ok(servers.map(|entry| entry.destination).collect())
}
