// SPDX-License-Identifier: MIT OR Apache-2.0

//! Takes out of a table what a file cannot say, with the reason.

use std::fmt;

use ipvs_netlink::{
    Destination, InterfaceName, Service, SetTimeouts, SyncDaemon, SyncDaemonEntry, Timeouts,
};

use crate::cluster::models;
use crate::observed::{Observed, ObservedService};
use crate::sound::{self, Unsound};
use crate::subject::Subject;

/// Says what of a table the file does not have, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The object that is not in the file, or not as it is.
    pub subject: Subject,
    /// Why a file cannot say it.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.why)
    }
}

/// Returns the part of a table that a file can say, and what is not in it.
pub(super) fn sift(table: &Observed) -> (Observed, Vec<LeftOut>) {
    let mut left = Vec::new();
    let mut kept = Observed::default();
    let mixes = table.daemons.is_empty();
    for entry in &table.services {
        kept.services.extend(service(entry, mixes, &mut left));
    }
    for daemon in &table.daemons {
        match flaw_of_daemon(daemon) {
            None => kept.daemons.push(daemon.clone()),
            Some(why) => left.push(LeftOut { subject: Subject::Daemon(daemon.role), why }),
        }
    }
    kept.timeouts = timeouts(&table.timeouts, &mut left);
    (kept, left)
}

/// Returns the part of a service that a file can say. `mixes` is whether its servers may have
/// another family: beside a sync daemon, the kernel has none.
fn service(
    entry: &ObservedService,
    mixes: bool,
    left: &mut Vec<LeftOut>,
) -> Option<ObservedService> {
    let subject = Subject::Service(entry.service.key);
    let flaw = sound::service(None, &entry.service);
    if let Some(flaw) = flaw {
        left.push(LeftOut { subject, why: flaw.to_string() });
        return None;
    }
    let bits = entry.service.unknown_flags();
    if bits != 0 {
        let why = format!("its flags {bits:#x}, which have no name");
        left.push(LeftOut { subject, why });
    }
    let service = entry.service.clone().with_unknown_flags(0);
    let servers = entry.servers.iter().filter(|server| {
        let why = flaw_of_server(&service, server).or_else(|| {
            let is_mixed = server.key.family() != service.key.family() && !mixes;
            is_mixed.then(|| "it has another family, and a sync daemon runs".to_owned())
        });
        let is_kept = why.is_none();
        left.extend(
            why.map(|why| LeftOut { subject: Subject::Server(service.key, server.key), why }),
        );
        is_kept
    });
    let servers = servers.copied().collect();
    Some(ObservedService::new(service, servers))
}

fn flaw_of_server(service: &Service, server: &Destination) -> Option<String> {
    let unsound = sound::server(&service.key, None, server).map(|flaw| flaw.to_string());
    unsound.or_else(|| models::unfit(&service.key, server).map(|(why, _)| why))
}

fn flaw_of_daemon(daemon: &SyncDaemonEntry) -> Option<String> {
    if daemon.interface.as_str().contains(char::REPLACEMENT_CHARACTER) {
        return Some("the name of its interface is not UTF-8".to_owned());
    }
    let name = daemon.interface.as_str().parse::<InterfaceName>().err();
    let unsound = || sound::daemon(&SyncDaemon::from(daemon));
    name.map(Unsound::from).or_else(unsound).map(|flaw| flaw.to_string())
}

/// Returns the timeouts that may be set.
fn timeouts(found: &Timeouts, left: &mut Vec<LeftOut>) -> Timeouts {
    let is_fit = |seconds: &u32| (1..=SetTimeouts::MAX).contains(seconds);
    let mut fit = *found;
    for seconds in [&mut fit.tcp, &mut fit.tcp_fin, &mut fit.udp] {
        if let Some(odd) = seconds.filter(|seconds| !is_fit(seconds)) {
            *seconds = None;
            let why = format!("{odd} seconds, which cannot be set");
            left.push(LeftOut { subject: Subject::Timeouts, why });
        }
    }
    fit
}
