// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use ipvs_netlink::{Destination, ServiceKey};

use crate::observed::{Observed, ObservedService};
use crate::scope::Scope;

/// Says what a director has that is others': it is in no step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Foreign<'a> {
    services: Vec<&'a ObservedService>,
    servers: Vec<(ServiceKey, &'a Destination)>,
}

impl<'a> Foreign<'a> {
    /// Finds what of a table is outside of `scope`.
    pub fn of(observed: &'a Observed, scope: &Scope) -> Self {
        let mut foreign = Self::default();
        for entry in &observed.services {
            let key = entry.service.key;
            if !scope.has_service(&key) {
                foreign.services.push(entry);
                continue;
            }
            let own = scope.servers_of(&key);
            if !own.has_all() {
                let others = entry.servers.iter().filter(|server| !own.contains(&server.key));
                foreign.servers.extend(others.map(|server| (key, server)));
            }
        }
        foreign
    }

    /// Returns the services of others, with whatever servers they have.
    pub fn services(&self) -> &[&'a ObservedService] {
        &self.services
    }

    /// Returns the servers that others have in services of the scope.
    pub fn servers(&self) -> &[(ServiceKey, &'a Destination)] {
        &self.servers
    }

    /// Says whether there is nothing of others.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.servers.is_empty()
    }
}

/// Says how much it is.
impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number| if number == 1 { "" } else { "s" };
        let (services, servers) = (self.services.len(), self.servers.len());
        let within: usize = self.services.iter().map(|it| it.servers.len()).sum();
        write!(
            f,
            "{services} service{} with {within} server{} of others, and {servers} server{} of \
             others in services of the scope",
            plural(services),
            plural(within),
            plural(servers)
        )
    }
}
