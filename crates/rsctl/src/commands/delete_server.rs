// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Destination, DestinationKey, ErrorKind, KernelError, ServiceKey};

use super::several::Now;
use super::targets::{self, Found, Place, Places};
use super::{Action, Changed, Director, Made, several, warning};
use crate::cli::DeleteServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteServer) -> Result<Made, Error> {
    let (target, if_exists) = (args.services.0, args.if_exists);
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let mut made = Made::default();
    let action = "delete servers of services";
    let services = targets::services_to_delete(&mut client, target, action, if_exists, &mut made)?;
    let servers = &args.servers.real_server;
    let Places { all, nowhere } = targets::places(&mut client, target, services, servers)?;
    match nowhere.first() {
        Some(server) if !if_exists => return Err(Error::nowhere("delete", server)),
        _ => {}
    }
    made.unchanged.extend(nowhere.iter().map(|server| format!("no service has server {server}")));
    let is_alone = all.len() == 1;
    let mut changes = Vec::new();
    for Place { service, key, found } in all {
        let change = Change::RemoveDestination { service, destination: key };
        let changed = Changed::server(Action::Delete, service, key);
        let changed = match found {
            Found::There(entry) => {
                let connections = [entry.connections];
                let whose = if is_alone { key.to_string() } else { format!("{key} of {service}") };
                made.warn(warning::orphans(director, &service, whose, connections));
                changed.between(Some(entry.destination), None::<Destination>)
            }
            Found::Missing(_) if if_exists => {
                made.unchanged.push(has_none(&service, &key));
                continue;
            }
            Found::Missing(errno) => {
                return Err(ipvs_netlink::Error::from(KernelError::new(change, errno)).into());
            }
            // A dry run is of use only if it knows; else the kernel has the last word.
            Found::Unread(error) if director.dry_run => return Err(error.into()),
            Found::Unread(_) => changed,
        };
        changes.push((change, changed));
    }
    several::make(director, &mut client, changes, made, |_, change, error| {
        use ErrorKind::{DestinationMissing, ServiceMissing};
        let is_gone =
            error.is_some_and(|it| matches!(it.kind(), DestinationMissing | ServiceMissing));
        Ok(match change {
            Change::RemoveDestination { service, destination } if is_gone && if_exists => {
                Now::Nothing(has_none(service, destination))
            }
            _ => Now::AsPlanned,
        })
    })
}

fn has_none(service: &ServiceKey, key: &DestinationKey) -> String {
    format!("{service} has no server {key}")
}
