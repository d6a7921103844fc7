// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::hash_map::Entry;

use foldhash::HashMap;
use ipvs_netlink::{DestinationKey, ServiceKey, SetTimeouts, SyncDaemon, Timeouts};

use super::{Desired, DesiredServer, DesiredService, Fault, Faults, Why};
use crate::scope::Scope;
use crate::sound::{self, MH_SLOTS, Unsound};
use crate::subject::Subject;
use crate::sysctl::Sysctl;

#[cfg(test)]
mod tests;

/// Builds a [`Desired`] object by object, remembers where each came from, and judges it.
///
/// An origin is whatever the caller finds its way by: a line of a file, the name of an owner. It
/// should read well behind "in", and be cheap to clone, since it is kept for each object: a
/// `&str`, an `Arc<str>`, a number. Nothing is wrong until the end: then all that is wrong is
/// told at once.
///
/// ```
/// use ipvs_cluster::{Builder, DesiredServer, DesiredService, Why};
/// use ipvs_netlink::{Destination, ForwardingMethod, Scheduler, Service, ServiceKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let web: ServiceKey = "tcp/192.0.2.10:80".parse()?;
/// let server = Destination::new("10.0.0.1:80".parse()?, ForwardingMethod::Gateway);
///
/// let mut builder = Builder::new();
/// builder.service("shop.yaml", DesiredService::new(Service::new(web, Scheduler::Wrr)));
/// builder.server("shop.yaml", web, DesiredServer::new(server));
/// let desired = builder.finish()?;
/// assert_eq!(desired.services().len(), 1);
///
/// // Two owners who share a virtual service, and do not know of each other.
/// let mut builder = Builder::new();
/// for owner in ["shop.yaml", "blog.yaml"] {
///     let service = DesiredService::new(Service::new(web, Scheduler::Wrr));
///     builder.service(owner, service.with_servers([server]));
/// }
/// let faults = builder.finish().unwrap_err();
/// assert_eq!(
///     faults.to_string(),
///     "blog.yaml: tcp/192.0.2.10:80 is there already, in shop.yaml; \
///      blog.yaml: tcp/192.0.2.10:80 has server 10.0.0.1:80 already, in shop.yaml"
/// );
/// assert_eq!(faults.0[0].why, Why::Again { first: "shop.yaml" });
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Builder<O> {
    desired: Desired,
    /// The place of each service.
    places: HashMap<ServiceKey, usize>,
    /// Where each service and its servers came from, by its place.
    origins: Vec<Origins<O>>,
    /// The service of the last server, and its place: the next one has mostly
    /// the same.
    last: Option<(ServiceKey, usize)>,
    timeouts: Option<O>,
    sysctls: Vec<O>,
    daemons: Vec<O>,
    /// What is wrong whatever the kernel has.
    faults: Vec<Fault<O>>,
    /// What is wrong unless it is there already.
    unsound: Vec<Fault<O>>,
    /// Servers of another address family than their services, which is wrong beside a daemon.
    mixed: Vec<Fault<O>>,
    objects: usize,
}

/// Where a service and its servers came from.
#[derive(Debug)]
struct Origins<O> {
    service: O,
    servers: Vec<O>,
    /// The place of each server, if they are more than [`FEW`]: until then they are looked
    /// through, which takes less time and memory.
    places: HashMap<DestinationKey, usize>,
}

const FEW: usize = 16;
/// The most servers that a service gets room for before they come.
const MOST_ROOM: usize = 128;

impl<O> Origins<O> {
    /// Returns the place of the server with that key among `servers`, those of the service. If
    /// there is none, another one with it is going to follow.
    fn find(&mut self, servers: &[DesiredServer], key: DestinationKey) -> Option<usize> {
        let place = servers.len();
        if place < FEW {
            return servers.iter().position(|it| it.server.key == key);
        }
        if place == FEW {
            self.places = servers.iter().map(|it| it.server.key).zip(0..).collect();
        }
        match self.places.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(place);
                None
            }
            Entry::Occupied(first) => Some(*first.get()),
        }
    }
}

impl<O> Default for Builder<O> {
    fn default() -> Self {
        Self {
            desired: Desired::nothing(Scope::everything()),
            places: HashMap::default(),
            origins: Vec::new(),
            last: None,
            timeouts: None,
            sysctls: Vec::new(),
            daemons: Vec::new(),
            faults: Vec::new(),
            unsound: Vec::new(),
            mixed: Vec::new(),
            objects: 0,
        }
    }
}

impl<O: Clone> Builder<O> {
    /// Returns a builder to which nothing was said yet: an empty table, whose timeouts and
    /// daemons are left alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a builder of the part of a table that is the caller's. Another object is refused
    /// in the end ([`Why::OutsideScope`]), and whatever a director has of such objects stays as
    /// it is.
    ///
    /// ```
    /// use ipvs_cluster::{Builder, DesiredService, Scope, Why};
    /// use ipvs_netlink::{Scheduler, Service};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut builder = Builder::within(Scope::of_addresses(["192.0.2.10".parse()?]));
    /// for key in ["tcp/192.0.2.10:80", "tcp/192.0.2.11:80"] {
    ///     builder.service("shop.yaml", DesiredService::new(Service::new(key.parse()?, Scheduler::Wrr)));
    /// }
    /// let faults = builder.finish().unwrap_err();
    /// assert_eq!(faults.to_string(), "shop.yaml: service tcp/192.0.2.11:80 is outside the scope");
    /// assert_eq!(faults.0[0].why, Why::OutsideScope);
    /// # Ok(())
    /// # }
    /// ```
    pub fn within(scope: Scope) -> Self {
        Self { desired: Desired::nothing(scope), ..Self::default() }
    }

    /// Adds a service, with those servers that it has in it.
    pub fn service(&mut self, origin: O, mut service: DesiredService) -> &mut Self {
        let key = service.service.key;
        let subject = Subject::Service(key);
        let servers = std::mem::take(&mut service.servers);
        if let Some(why) = sound::service(None, &service.service) {
            self.doubt(&origin, subject, why);
        }
        self.check_scope(&origin, subject);
        match self.places.get(&key).and_then(|place| self.origins.get(*place)) {
            Some(there) => {
                let why = Why::Again { first: there.service.clone() };
                self.faults.push(Fault { origin: origin.clone(), subject, why });
            }
            None => {
                service.servers.reserve_exact(servers.len());
                self.places.insert(key, self.origins.len());
                self.origins.push(Origins {
                    service: origin.clone(),
                    servers: Vec::with_capacity(servers.len()),
                    places: HashMap::default(),
                });
                self.desired.services.push(service);
                self.objects += 1;
            }
        }
        for server in servers {
            self.server(origin.clone(), key, server);
        }
        self
    }

    /// Adds a server to a service that was added before.
    pub fn server(&mut self, origin: O, service: ServiceKey, server: DesiredServer) -> &mut Self {
        let key = server.server.key;
        let subject = Subject::Server(service, key);
        if let Some(why) = sound::server(&service, None, &server.server) {
            self.doubt(&origin, subject, why);
        }
        if key.family() != service.family() {
            let origin = origin.clone();
            self.mixed.push(Fault { origin, subject, why: Why::MixedFamilies });
        }
        // Of a service that is outside itself is said enough.
        if self.desired.scope.has_service(&service) {
            self.check_scope(&origin, subject);
        }
        let Some(place) = self.place(service) else {
            self.faults.push(Fault { origin, subject, why: Why::NoService });
            return self;
        };
        if let (Some(owner), Some(origins)) =
            (self.desired.services.get_mut(place), self.origins.get_mut(place))
        {
            match origins.find(&owner.servers, key) {
                Some(first) => {
                    let first = origins.servers.get(first).unwrap_or(&origins.service).clone();
                    self.faults.push(Fault { origin, subject, why: Why::Again { first } });
                }
                None => {
                    owner.servers.push(server);
                    origins.servers.push(origin);
                    self.objects += 1;
                }
            }
        }
        self
    }

    /// Returns the place of a service that gets a server.
    fn place(&mut self, service: ServiceKey) -> Option<usize> {
        if let Some((_, place)) = self.last.filter(|(last, _)| *last == service) {
            return Some(place);
        }
        let place = *self.places.get(&service)?;
        // Neighbours mostly have as many; a crowd beside single ones must not cost much.
        let before = self.last.and_then(|(_, place)| self.desired.services.get(place));
        let many = before.map_or(0, |before| before.servers.len().min(MOST_ROOM));
        if let (Some(owner), Some(origins)) =
            (self.desired.services.get_mut(place), self.origins.get_mut(place))
        {
            if owner.servers.is_empty() {
                owner.servers.reserve_exact(many);
                origins.servers.reserve_exact(many);
            }
        }
        self.last = Some((service, place));
        Some(place)
    }

    /// Sets the timeouts of connections, which are left alone otherwise.
    pub fn timeouts(&mut self, origin: O, timeouts: SetTimeouts) -> &mut Self {
        let subject = Subject::Timeouts;
        if let Some(why) = sound::timeouts(&Timeouts::default(), &timeouts) {
            self.doubt(&origin, subject, why);
        }
        self.check_scope(&origin, subject);
        match self.timeouts.clone() {
            Some(first) => {
                self.faults.push(Fault { origin, subject, why: Why::Again { first } });
            }
            None => {
                self.timeouts = Some(origin);
                self.desired.timeouts = Some(timeouts);
            }
        }
        self
    }

    /// Sets a setting under `net.ipv4.vs`; those of which nothing is said are left alone.
    pub fn sysctl(&mut self, origin: O, sysctl: Sysctl) -> &mut Self {
        let subject = Subject::Sysctl(sysctl.name());
        self.check_scope(&origin, subject);
        let first = self.desired.sysctls.iter().position(|it| it.name() == sysctl.name());
        match first.and_then(|place| self.sysctls.get(place)).cloned() {
            Some(first) => {
                self.faults.push(Fault { origin, subject, why: Why::Again { first } });
            }
            None => {
                self.desired.sysctls.push(sysctl);
                self.sysctls.push(origin);
            }
        }
        self
    }

    /// Says that no sync daemons are wanted but those that are added. Without this and without
    /// one that is added, daemons are left alone. So they are if they are outside the scope:
    /// there is none then that could be unwanted.
    pub fn only_daemons(&mut self) -> &mut Self {
        if self.desired.scope.has_daemons() {
            self.desired.daemons.get_or_insert_default();
        }
        self
    }

    /// Adds a sync daemon.
    pub fn daemon(&mut self, origin: O, daemon: SyncDaemon) -> &mut Self {
        let subject = Subject::Daemon(daemon.role);
        if let Some(why) = sound::daemon(&daemon) {
            self.doubt(&origin, subject, why);
        }
        self.check_scope(&origin, subject);
        let daemons = self.desired.daemons.get_or_insert_default();
        let first = daemons.iter().position(|other| other.role == daemon.role);
        match first.and_then(|place| self.daemons.get(place)) {
            Some(first) => {
                let why = Why::Again { first: first.clone() };
                self.faults.push(Fault { origin, subject, why });
            }
            None => {
                daemons.push(daemon);
                self.daemons.push(origin);
            }
        }
        self
    }

    /// Counts the services and servers so far.
    pub fn objects(&self) -> usize {
        self.objects
    }

    /// Counts what is wrong so far whatever the kernel has.
    pub fn faults(&self) -> usize {
        self.faults.len()
    }

    /// Returns what was built.
    ///
    /// # Errors
    /// All that is wrong: objects with the key of another one, servers without a service, what
    /// is outside the scope, what the kernel does not have together, and what is not sound.
    pub fn finish(self) -> Result<Desired, Faults<O>> {
        match self.finish_as_found() {
            Ok((desired, unsound)) if unsound.0.is_empty() => Ok(desired),
            Ok((_, faults)) | Err(faults) => Err(faults),
        }
    }

    /// Returns what was built from what a kernel may hold already, and what of it is not sound:
    /// another tool may have made that. It is right where it is there, and where it is not,
    /// [`refused`](crate::refused) tells of it, and it is set by
    /// [`OnUnsound::SetAsIs`](crate::OnUnsound::SetAsIs) only.
    ///
    /// # Errors
    /// All that is wrong, what is not sound included, if there is anything else.
    pub fn finish_as_found(mut self) -> Result<(Desired, Faults<O>), Faults<O>> {
        for (wanted, origins) in self.desired.services.iter().zip(&self.origins) {
            if let Some(why) = sound::crowd(&wanted.service, wanted.servers.len(), MH_SLOTS) {
                let subject = Subject::Service(wanted.service.key);
                let (origin, why) = (origins.service.clone(), Why::Unsound(why));
                self.unsound.push(Fault { origin, subject, why });
            }
        }
        if self.desired.daemons.as_ref().is_some_and(|daemons| !daemons.is_empty()) {
            self.faults.append(&mut self.mixed);
        }
        if self.faults.is_empty() {
            self.desired.unsound = self.unsound.iter().map(|fault| fault.subject).collect();
            return Ok((self.desired, Faults(self.unsound)));
        }
        self.faults.append(&mut self.unsound);
        Err(Faults(self.faults))
    }

    /// Notes what is not the caller's.
    fn check_scope(&mut self, origin: &O, subject: Subject) {
        if !self.desired.scope.contains(&subject) {
            let origin = origin.clone();
            self.faults.push(Fault { origin, subject, why: Why::OutsideScope });
        }
    }

    /// Notes what is wrong unless it is there already.
    fn doubt(&mut self, origin: &O, subject: Subject, why: Unsound) {
        let (origin, why) = (origin.clone(), Why::Unsound(why));
        self.unsound.push(Fault { origin, subject, why });
    }
}
