// SPDX-License-Identifier: MIT OR Apache-2.0

//! Converts what was seen into what is wanted, which is how a change is rolled back, and what is
//! wanted into what would be seen.

use ipvs_netlink::{SyncDaemon, SyncDaemonEntry, Timeouts, procfs, unchecked};

use super::{Builder, Desired, DesiredService, Faults};
use crate::observed::{Observed, ObservedService};
use crate::scope::Scope;
use crate::subject::Subject;
use crate::sysctl::Sysctl;

/// Wants all of a table that was observed: its services with their servers in their order, its
/// timeouts and its daemons. A plan towards it rolls back whatever was changed since.
///
/// What is not sound in it is let in as [`Builder::finish_as_found`] lets it in.
///
/// # Errors
/// What no kernel has, such as two services with one key: the table was built by hand, or read
/// while somebody changed it.
impl TryFrom<&Observed> for Desired {
    type Error = Faults<&'static str>;

    fn try_from(table: &Observed) -> Result<Self, Self::Error> {
        Self::from_observed(table, Scope::everything())
    }
}

impl Desired {
    /// Wants what of an observed table is in `scope`, as `Desired::try_from` wants all of it: to
    /// roll back what the caller changed, and nothing that others changed meanwhile.
    ///
    /// # Errors
    /// What no kernel has, such as two services with one key.
    pub fn from_observed(table: &Observed, scope: Scope) -> Result<Self, Faults<&'static str>> {
        const ORIGIN: &str = "the observed table";
        let mut builder = Builder::within(scope.clone());
        for ObservedService { service, servers, .. } in &table.services {
            if scope.has_service(&service.key) {
                let own = scope.servers_of(&service.key);
                let servers = servers.iter().filter(|server| own.contains(&server.key));
                let service = DesiredService::new(service.clone());
                builder.service(ORIGIN, service.with_servers(servers.copied()));
            }
        }
        if scope.contains(&Subject::Timeouts) {
            builder.timeouts(ORIGIN, unchecked::timeouts(table.timeouts));
        }
        for sysctl in &table.sysctls {
            // Those that were read are known ones, with values of the kernel's.
            let value = sysctl.value.as_deref().zip(sysctl.name.parse().ok());
            let wanted = value.and_then(|(value, name)| Sysctl::new(name, value).ok());
            if let Some(wanted) = wanted.filter(|it| scope.contains(&Subject::Sysctl(it.name()))) {
                builder.sysctl(ORIGIN, wanted);
            }
        }
        builder.only_daemons();
        for daemon in &table.daemons {
            if scope.contains(&Subject::Daemon(daemon.role)) {
                builder.daemon(ORIGIN, SyncDaemon::from(daemon));
            }
        }
        builder.finish_as_found().map(|(desired, _)| desired)
    }
}

/// What a kernel has that had nothing before and was made what is wanted.
impl From<&Desired> for Observed {
    fn from(desired: &Desired) -> Self {
        let services = desired.services().iter().map(|entry| {
            let servers = entry.servers.iter().map(|wanted| wanted.server).collect();
            ObservedService::new(entry.service.clone(), servers)
        });
        let mut services: Vec<_> = services.collect();
        services.sort_by_key(ObservedService::order);
        let timeouts = desired.timeouts().unwrap_or_default();
        let timeouts = Timeouts::KERNEL_DEFAULTS.after(&timeouts);
        let daemons = desired.daemons().into_iter().flatten().map(SyncDaemonEntry::from).collect();
        let sysctls = desired.sysctls().iter().map(|wanted| {
            procfs::Sysctl::new(wanted.name().as_str(), Some(wanted.value().to_owned()))
        });
        let sysctls = sysctls.collect();
        Self { services, timeouts, daemons, sysctls }
    }
}
