// SPDX-License-Identifier: MIT OR Apache-2.0

use std::borrow::Cow;

use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::{Destination, Service, SyncDaemonEntry, Timeouts};

use crate::observed::Observed;
use crate::scope::{Scope, ServersOf};

/// What a plan compares with what is wanted: of what is there, the part that is in scope.
pub(crate) struct View<'a> {
    pub(crate) services: Vec<Found<'a>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) daemons: &'a [SyncDaemonEntry],
    pub(crate) sysctls: &'a [Sysctl],
}

/// A service that is there.
pub(crate) struct Found<'a> {
    pub(crate) service: &'a Service,
    /// Those in scope, in the order of adding; `None` if they are taken for what is wanted.
    pub(crate) servers: Option<Cow<'a, [Destination]>>,
    /// Whether it has others as well.
    pub(crate) is_shared: bool,
}

impl<'a> View<'a> {
    pub(crate) fn of(observed: &'a Observed, scope: &Scope) -> Self {
        let services = observed.services.iter();
        let found = services.map(|it| (&it.service, Some(it.servers.as_slice())));
        Self {
            services: Found::within(scope, found),
            timeouts: observed.timeouts,
            daemons: &observed.daemons,
            sysctls: &observed.sysctls,
        }
    }
}

impl<'a> Found<'a> {
    /// Keeps what is in scope.
    pub(crate) fn within(
        scope: &Scope,
        services: impl Iterator<Item = (&'a Service, Option<&'a [Destination]>)>,
    ) -> Vec<Self> {
        let services = services.filter(|(service, _)| scope.has_service(&service.key));
        let found = services.map(|(service, servers)| {
            let owned = servers.map(|servers| own(scope.servers_of(&service.key), servers));
            let count = |servers: Option<&[Destination]>| servers.map_or(0, <[_]>::len);
            let is_shared = count(servers) != count(owned.as_deref());
            Self { service, servers: owned, is_shared }
        });
        found.collect()
    }
}

fn own<'a>(scope: ServersOf<'_>, servers: &'a [Destination]) -> Cow<'a, [Destination]> {
    // Mostly nobody else has a server in it.
    if scope.has_all() || servers.iter().all(|server| scope.contains(&server.key)) {
        return Cow::Borrowed(servers);
    }
    servers.iter().filter(|server| scope.contains(&server.key)).copied().collect()
}
