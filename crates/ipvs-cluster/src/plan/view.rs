// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Destination, Service, SyncDaemonEntry, Timeouts};

use crate::observed::Observed;

/// What a plan compares with what is wanted.
pub(crate) struct View<'a> {
    pub(crate) services: Vec<Found<'a>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) daemons: &'a [SyncDaemonEntry],
}

/// A service that is there.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) service: &'a Service,
    /// In the order of adding; `None` if they are taken for what is wanted.
    pub(crate) servers: Option<&'a [Destination]>,
}

impl<'a> From<&'a Observed> for View<'a> {
    fn from(observed: &'a Observed) -> Self {
        let found = observed
            .services
            .iter()
            .map(|it| Found { service: &it.service, servers: Some(&it.servers) });
        Self { services: found.collect(), timeouts: observed.timeouts, daemons: &observed.daemons }
    }
}
