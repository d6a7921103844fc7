// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Client, Destination, Error, Service, ServiceKey, SyncDaemonEntry, Timeouts, Transport,
};

use crate::desired::Desired;
use crate::plan::{self, Found, Plan, Policy, View};
use crate::scope::Scope;

/// Says what the kernel shows at a quick look, which can tell that all is as wanted, and not
/// what is missing: it is read once, and what others delete meanwhile may hide something else.
///
/// The services are in the order of the kernel's table, which is none.
#[derive(Clone, Debug)]
#[must_use]
pub struct Glance {
    services: Vec<GlancedService>,
    timeouts: Timeouts,
    daemons: Vec<SyncDaemonEntry>,
}

#[derive(Clone, Debug)]
struct GlancedService {
    service: Service,
    /// In the order of adding; `None` if they were not asked for.
    servers: Option<Vec<Destination>>,
}

impl Glance {
    /// Takes a look at all of it.
    ///
    /// The servers of a service that is `known` are not asked for, and taken for what is
    /// wanted: the kernel wants a question for each service, which for services with few
    /// servers takes longer than adding them did.
    ///
    /// # Errors
    /// As [`Client::for_each_service`].
    pub fn take<T: Transport>(
        client: &mut Client<T>,
        known: impl Fn(&ServiceKey) -> bool,
    ) -> Result<Self, Error> {
        let mut services = Vec::new();
        client.for_each_service(|entry| {
            services.push(GlancedService { service: entry.service, servers: None });
        })?;
        for entry in services.iter_mut().filter(|entry| !known(&entry.service.key)) {
            let servers = entry.servers.insert(Vec::new());
            let key = &entry.service.key;
            client.for_each_destination(key, |entry| servers.push(entry.destination))?;
            // The kernel puts each new server in front.
            servers.reverse();
        }
        let timeouts = client.timeouts()?;
        let daemons = client.daemons()?;
        Ok(Self { services, timeouts, daemons })
    }

    /// Says whether nothing in scope differs from what is wanted. If something does, only
    /// [`Observed::read`](crate::Observed::read) can tell what.
    #[must_use]
    pub fn shows(&self, desired: &Desired, policy: Policy) -> bool {
        self.plan(desired, policy).is_empty()
    }

    /// Returns the services whose servers hash by another order than wanted, as
    /// [`reordered`](crate::reordered) does. Those that were `known` are in order.
    pub(crate) fn reordered(&self, desired: &Desired) -> Vec<ServiceKey> {
        plan::reordered_in(desired, &self.view(desired.scope()))
    }

    fn plan(&self, desired: &Desired, policy: Policy) -> Plan {
        plan::compare(desired, &self.view(desired.scope()), policy)
    }

    fn view(&self, scope: &Scope) -> View<'_> {
        let services = self.services.iter();
        let found = services.map(|entry| (&entry.service, entry.servers.as_deref()));
        View {
            services: Found::within(scope, found),
            timeouts: self.timeouts,
            daemons: &self.daemons,
        }
    }
}
