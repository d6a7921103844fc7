// SPDX-License-Identifier: MIT OR Apache-2.0

//! Warns of what the kernel does as it is told, and what is hardly ever meant.

use std::fmt;

use ipvs_netlink::{
    Client, Connections, DestinationKey, Netmask, Protocol, Scheduler, SchedulerFlags, Service,
    ServiceKey, Weight,
};
use lvs_term::count;

use super::Director;

/// Names one thing that was made so, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Warning {
    /// A server that takes no new connections stands in a table that clients are hashed
    /// to all the same (`ip_vs_sh.c`, `ip_vs_dh.c`, `ip_vs_mh.c`).
    Hashed { server: DestinationKey, scheduler: Scheduler },
    /// Clients that persistence has sent to a server go on coming (ipvs-sysctl.rst:
    /// `expire_quiescent_template`).
    Kept { server: DestinationKey },
    /// Connections lost their server, or would (ipvs-sysctl.rst: `expire_nodest_conn`).
    Orphaned(Orphans),
    /// A mask with holes makes one client of addresses that are far apart.
    Holes { netmask: Netmask },
}

/// Counts connections whose server is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Orphans {
    /// Whose they are: the server's, or those of all servers of a service.
    whose: String,
    connections: u64,
    /// Whether all of them are known to be open.
    is_open: bool,
    is_dry_run: bool,
}

impl fmt::Display for Orphans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = &self.whose;
        let their = if self.connections == 1 { "its" } else { "their" };
        let what = if self.is_open { "open connection" } else { "connection" };
        let what = count(self.connections, what);
        match self.is_dry_run {
            true => write!(f, "{whose} has {what}, whose packets would be dropped")?,
            false => write!(f, "{whose} had {what}, and {their} packets are dropped now")?,
        }
        f.write_str("; weight 0 first lets connections end")
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashed { server, scheduler } => {
                write!(
                    f,
                    "{scheduler} sends clients to {server} all the same, and weight 0 refuses them; "
                )?;
                match scheduler {
                    Scheduler::Sh | Scheduler::Mh => write!(
                        f,
                        "`rsctl edit-service … -b {scheduler}-fallback` sends them to another server"
                    ),
                    _ => f.write_str("delete the server once its connections have ended"),
                }
            }
            Self::Kept { server } => write!(
                f,
                "clients that persistence has sent to {server} go on coming; \
                 net.ipv4.vs.expire_quiescent_template=1 ends that"
            ),
            Self::Orphaned(orphans) => orphans.fmt(f),
            Self::Holes { netmask } => {
                write!(f, "netmask {netmask} has holes: addresses far apart are one client to it")
            }
        }
    }
}

/// Warns of the mask that was asked for.
pub(super) fn mask(service: &Service) -> Option<Warning> {
    let netmask = service.persistence?.netmask;
    netmask.has_holes().then_some(Warning::Holes { netmask })
}

/// Warns of a server that is to have weight 0. What cannot be read warns of nothing.
pub(super) fn quiet(
    director: &Director,
    client: &mut Client,
    service: &ServiceKey,
    server: DestinationKey,
    weight: Option<Weight>,
) -> Vec<Warning> {
    if weight.is_none_or(|weight| weight.get() != 0) {
        return Vec::new();
    }
    let Ok(Some(service)) = client.service(service) else { return Vec::new() };
    let service = service.service;
    let hashed = match service.scheduler {
        Scheduler::Sh | Scheduler::Mh => {
            !service.scheduler_flags.contains(SchedulerFlags::FALLBACK)
        }
        Scheduler::Dh => true,
        _ => false,
    };
    let kept = service.persistence.is_some() && !is_set(director, "expire_quiescent_template");
    let scheduler = service.scheduler;
    let hashed = hashed.then_some(Warning::Hashed { server, scheduler });
    hashed.into_iter().chain(kept.then_some(Warning::Kept { server })).collect()
}

/// Warns of connections that are there, before their server or all servers are deleted.
pub(super) fn orphans(
    director: &Director,
    service: &ServiceKey,
    whose: String,
    connections: impl IntoIterator<Item = Connections>,
) -> Option<Warning> {
    // Those of TCP and SCTP that have ended stay for a minute or two as inactive ones, and
    // lose nothing. Of UDP the kernel counts all as inactive, and a mark may stand for any.
    let is_open =
        matches!(service, ServiceKey::Endpoint { protocol: Protocol::Tcp | Protocol::Sctp, .. });
    let count =
        |of: Connections| u64::from(of.active) + if is_open { 0 } else { u64::from(of.inactive) };
    let connections = connections.into_iter().map(count).sum();
    let is_meant = connections == 0 || is_set(director, "expire_nodest_conn");
    let is_dry_run = director.dry_run;
    (!is_meant).then_some(Warning::Orphaned(Orphans { whose, connections, is_open, is_dry_run }))
}

/// Returns whether a sysctl of `net.ipv4.vs` is on.
pub(super) fn is_set(director: &Director, name: &str) -> bool {
    let sysctls = director.procfs().sysctls().unwrap_or_default();
    let value = sysctls.into_iter().find(|sysctl| sysctl.name == name).and_then(|it| it.value);
    value.is_some_and(|value| value.trim() != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_told_as_what_is_known_of_them() {
        let all =
            || Orphans { whose: "it".to_owned(), connections: 2, is_open: true, is_dry_run: true };
        for (orphans, expected) in [
            (all(), "it has 2 open connections, whose packets would be dropped"),
            (
                Orphans { is_open: false, connections: 1, ..all() },
                "it has 1 connection, whose packets would be dropped",
            ),
            (
                Orphans { is_dry_run: false, ..all() },
                "it had 2 open connections, and their packets are dropped now",
            ),
            (
                Orphans { is_dry_run: false, is_open: false, connections: 1, ..all() },
                "it had 1 connection, and its packets are dropped now",
            ),
        ] {
            let expected = format!("{expected}; weight 0 first lets connections end");
            assert_eq!(Warning::Orphaned(orphans).to_string(), expected);
        }
    }
}
