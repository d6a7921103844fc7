// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Destination, DestinationKey, ServiceKey};

use super::director::foresee;
use super::{Action, Changed, Director, Made, checked, server, several, targets, warning};
use crate::cli::{AddServer, Endpoint, ServerSettings, Target};
use crate::error::Error;
use crate::refusal::Refusal;

pub(super) fn run(director: &Director, args: &AddServer) -> Result<Made, Error> {
    let plans = |services: Vec<ServiceKey>| -> Result<Vec<_>, Error> {
        let mut changes = Vec::new();
        for service in services {
            for key in targets::keys(&service, &args.servers.real_server) {
                changes.push(planned(service, key, &args.settings)?);
            }
        }
        Ok(changes)
    };
    // Checked before connecting, where that can be.
    let target = args.services.0;
    let changes = match target {
        Target::Service(service) => Some(plans(vec![service])?),
        _ => None,
    };
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let changes = match changes {
        Some(changes) => changes,
        None => plans(targets::some_services(&mut client, target, "add servers to services")?)?,
    };
    if director.dry_run || changes.len() > 1 {
        changes.iter().try_for_each(|(change, _)| foresee(&mut client, change))?;
    }
    let mut made = several::make(director, &mut client, changes, Made::default(), |_, _, _| {
        Ok(several::Now::AsPlanned)
    })?;
    let places: Vec<_> = made.changed.iter().filter_map(|it| it.service.zip(it.server)).collect();
    for (service, server) in places {
        let weight = args.settings.weight;
        made.warn(warning::quiet(director, &mut client, &service, server, weight));
    }
    Ok(made)
}

fn planned(
    service: ServiceKey,
    key: DestinationKey,
    settings: &ServerSettings,
) -> Result<(Change, Changed), Error> {
    let (destination, options) = destination(key, settings);
    let change = checked(Change::AddDestination { service, destination }, options)?;
    Ok((change, added(service, destination)))
}

pub(super) fn plan(
    service: ServiceKey,
    real_server: Endpoint,
    settings: &ServerSettings,
) -> Result<Change, Error> {
    let (destination, options) = destination(server::key(&service, real_server), settings);
    checked(Change::AddDestination { service, destination }, options)
}

fn destination(
    key: DestinationKey,
    settings: &ServerSettings,
) -> (Destination, Result<(), Refusal>) {
    let mut wanted = server::default(key);
    let options = server::set(&mut wanted, settings);
    (wanted, options)
}

/// Tells of a server that was added.
pub(super) fn added(service: ServiceKey, server: Destination) -> Changed {
    let changed = Changed::server(Action::Add, service, server.key);
    changed.between(None::<Destination>, Some(server))
}
