// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what others did between a plan and its steps.

use ipvs_netlink::{Change, Client, Error, ErrorKind, Transport, unchecked};

use super::fate::Fate;
use crate::plan::Step;

/// Returns what a refusal means if somebody else was there before.
pub(super) fn reconcile<T: Transport>(client: &mut Client<T>, step: &Step, error: Error) -> Fate {
    let outcome = match (step, error.kind()) {
        (
            Step::DeleteServer { .. }
            | Step::LiftServer { .. }
            | Step::DeleteService { .. }
            | Step::StopDaemon { .. },
            ErrorKind::ServiceMissing | ErrorKind::DestinationMissing | ErrorKind::DaemonMissing,
        ) => Ok(()),
        (_, ErrorKind::AlreadyExists) => compare_and_set(client, step, error),
        _ => Err(error),
    };
    outcome.map_or_else(|error| Fate::Failed(error.into()), |()| Fate::Done)
}

/// The step was let through before: the kernel answered it.
fn compare_and_set<T: Transport>(
    client: &mut Client<T>,
    step: &Step,
    error: Error,
) -> Result<(), Error> {
    match step {
        Step::AddService(wanted) => match client.service(&wanted.key)? {
            Some(found) if found.service == *wanted => Ok(()),
            Some(_) => unchecked::apply(client, Change::SetService(wanted.clone())),
            None => step.change().map_or(Ok(()), |change| unchecked::apply(client, change)),
        },
        Step::AddServer { service, server, .. } | Step::PutServer { service, server } => {
            match client.destination(service, &server.key)? {
                Some(found) if found.destination == *server => Ok(()),
                Some(_) => {
                    let (service, destination) = (*service, *server);
                    unchecked::apply(client, Change::SetDestination { service, destination })
                }
                None => step.change().map_or(Ok(()), |change| unchecked::apply(client, change)),
            }
        }
        Step::StartDaemon(wanted) => {
            let same = client.daemons()?.iter().any(|daemon| daemon.is(wanted));
            if same { Ok(()) } else { Err(error) }
        }
        _ => Err(error),
    }
}
