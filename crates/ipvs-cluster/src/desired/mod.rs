// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds a whole wanted state, and builds it.

mod builder;
mod convert;
mod fault;

use ipvs_netlink::{
    Destination, DestinationKey, Service, ServiceKey, SetTimeouts, SyncDaemon, Weight,
};

use crate::scope::Scope;
use crate::subject::Subject;
use crate::sysctl::Sysctl;

pub use builder::Builder;
pub use fault::{Fault, Faults, Why};

/// Says what a director should look like, or the part of it that is in [scope](Self::scope).
///
/// A [`Builder`] makes one, and it can hold no two services with one key, no two servers of a
/// service with one key, no sync daemon beside a server that the kernel has without one only,
/// and nothing outside its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Desired {
    scope: Scope,
    services: Vec<DesiredService>,
    timeouts: Option<SetTimeouts>,
    sysctls: Vec<Sysctl>,
    daemons: Option<Vec<SyncDaemon>>,
    /// What is not sound and may be there already. All else was judged when it was built.
    unsound: Vec<Subject>,
}

impl Desired {
    /// Wants nothing yet.
    fn nothing(scope: Scope) -> Self {
        Self {
            scope,
            services: Vec::new(),
            timeouts: None,
            sysctls: Vec::new(),
            daemons: None,
            unsound: Vec::new(),
        }
    }

    /// Returns the part of the director that it speaks of: all of it, unless its builder was
    /// told otherwise ([`Builder::within`]).
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the same with another scope: of who wants a table that was built without one, and
    /// knows what of a director is its own.
    ///
    /// ```
    /// use ipvs_cluster::{Builder, Scope};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let desired = Builder::<&str>::new().finish()?;
    /// let mine = Scope::of_addresses(["192.0.2.10".parse()?]);
    /// assert_eq!(desired.within(mine.clone())?.scope(), &mine);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first object that is outside of it.
    pub fn within(self, scope: Scope) -> Result<Self, OutsideScope> {
        let outside = self.subjects().find(|subject| !scope.contains(subject));
        if let Some(subject) = outside {
            return Err(OutsideScope(subject));
        }
        // Of daemons that are not the caller's none is unwanted.
        let daemons = self.daemons.filter(|_| scope.has_daemons());
        Ok(Self { scope, daemons, ..self })
    }

    /// Returns the names of all that is wanted.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        let services = self.services.iter().flat_map(|wanted| {
            let key = wanted.service.key;
            let servers = wanted.servers.iter().map(move |it| Subject::Server(key, it.server.key));
            std::iter::once(Subject::Service(key)).chain(servers)
        });
        let daemons = self.daemons.iter().flatten().map(|daemon| Subject::Daemon(daemon.role));
        let sysctls = self.sysctls.iter().map(|sysctl| Subject::Sysctl(sysctl.name()));
        let timeouts = self.timeouts.iter().map(|_| Subject::Timeouts);
        services.chain(timeouts).chain(sysctls).chain(daemons)
    }

    /// Returns the virtual services and gives up the rest.
    pub fn into_services(self) -> Vec<DesiredService> {
        self.services
    }

    /// Returns the virtual services, in the order in which they were said.
    pub fn services(&self) -> &[DesiredService] {
        &self.services
    }

    /// Returns the timeouts of connections; `None` leaves them alone.
    pub fn timeouts(&self) -> Option<SetTimeouts> {
        self.timeouts
    }

    /// Returns the settings under `net.ipv4.vs`; others are left alone.
    pub fn sysctls(&self) -> &[Sysctl] {
        &self.sysctls
    }

    /// Returns the sync daemons, one of each role at most; `None` leaves them alone.
    pub fn daemons(&self) -> Option<&[SyncDaemon]> {
        self.daemons.as_deref()
    }

    /// Says whether nothing in it was let in by [`Builder::finish_as_found`] only.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unsound.is_empty()
    }

    /// Gives servers another weight: nothing else of them, and so nothing that could make what is
    /// sound unsound.
    pub(crate) fn set_weights(
        &mut self,
        weight: impl Fn(&ServiceKey, &DestinationKey) -> Option<Weight>,
    ) {
        for DesiredService { service, servers, .. } in &mut self.services {
            for DesiredServer { server, .. } in servers {
                if let Some(weight) = weight(&service.key, &server.key) {
                    server.weight = weight;
                }
            }
        }
    }

    /// Returns what was not sound when it was built
    /// ([`Builder::finish_as_found`]).
    pub(crate) fn unsound(&self) -> &[Subject] {
        &self.unsound
    }
}

/// Says that something is wanted that is outside the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is outside the scope")]
pub struct OutsideScope(pub Subject);

/// Says what a virtual service with its real servers should look like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesiredService {
    /// Its settings.
    pub service: Service,
    /// Whether flag bits that this version has no name for stay as they are on a service that
    /// is there, whatever the settings say of them.
    pub leaves_unknown_flags: bool,
    /// Its real servers, in the order of adding: the kernel's, backwards.
    pub servers: Vec<DesiredServer>,
}

/// Says what a real server should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesiredServer {
    /// Its settings.
    pub server: Destination,
    /// Whether the thresholds of a server that is there stay as they are, whatever the settings
    /// say of them.
    pub leaves_thresholds: bool,
}

impl DesiredService {
    /// Returns a service of which everything is said, without servers yet.
    pub fn new(service: Service) -> Self {
        Self { service, leaves_unknown_flags: false, servers: Vec::new() }
    }

    /// Adds servers: as they are ([`Destination`]), or with something left open
    /// ([`DesiredServer`]).
    #[must_use]
    pub fn with_servers<S: Into<DesiredServer>>(
        mut self,
        servers: impl IntoIterator<Item = S>,
    ) -> Self {
        self.servers.extend(servers.into_iter().map(S::into));
        self
    }

    /// Leaves flag bits that this version has no name for as they are.
    #[must_use]
    pub fn leaving_unknown_flags(self) -> Self {
        Self { leaves_unknown_flags: true, ..self }
    }
}

impl DesiredServer {
    /// Returns a server of which everything is said.
    pub fn new(server: Destination) -> Self {
        Self { server, leaves_thresholds: false }
    }

    /// Leaves the thresholds of a server that is there as they are.
    #[must_use]
    pub fn leaving_thresholds(self) -> Self {
        Self { leaves_thresholds: true, ..self }
    }
}

impl From<Destination> for DesiredServer {
    fn from(server: Destination) -> Self {
        Self::new(server)
    }
}
