// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, Errno, ErrorKind, KernelError, ServiceKey,
};

use super::several::Now;
use super::targets::{self, Found, Place, Places};
use super::{Action, Changed, Director, Made, add_server, check_edit, checked, server, several};
use crate::cli::{EditServer, Endpoint, ServerEdits, SetServer, Target};
use crate::error::Error;
use crate::refusal::Refusal;

pub(super) fn run(director: &Director, args: &EditServer) -> Result<Made, Error> {
    make(director, args.services.0, &args.servers.real_server, &args.edits, false)
}

/// Adds each server that is not there, and edits the others.
pub(super) fn set(director: &Director, args: &SetServer) -> Result<Made, Error> {
    make(director, args.services.0, &args.servers.real_server, &args.edits, true)
}

fn make(
    director: &Director,
    target: Target,
    servers: &[Endpoint],
    edits: &ServerEdits,
    adds: bool,
) -> Result<Made, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let services = targets::some_services(
        &mut client,
        target,
        if adds { "set servers of services" } else { "edit servers of services" },
    )?;
    let Places { all, nowhere } = targets::places(&mut client, target, services, servers)?;
    if let Some(server) = nowhere.first() {
        return Err(Error::nowhere("edit", server));
    }
    let weight = edits.settings.weight;
    let mut made = Made::default();
    let mut changes = Vec::new();
    for Place { service, key, found } in all {
        made.warn(super::warning::quiet(director, &mut client, &service, key, weight));
        match found {
            Found::There(entry) => match edited(service, entry.destination, edits)? {
                Some(change) => changes.push(change),
                None => made.unchanged.push(is_so(service, key)),
            },
            Found::Missing(Errno::ENOENT) if adds => changes.push(added(service, key, edits)?),
            Found::Missing(errno) => {
                let destination = server::default(key);
                let wanted = match adds {
                    true => Change::AddDestination { service, destination },
                    false => Change::SetDestination { service, destination },
                };
                return Err(ipvs_netlink::Error::from(KernelError::new(wanted, errno)).into());
            }
            Found::Unread(error) => return Err(error.into()),
        }
    }
    several::make(director, &mut client, changes, made, |client, change, error| {
        let again = match error.map(ipvs_netlink::Error::kind) {
            None => true,
            Some(ErrorKind::AlreadyExists | ErrorKind::DestinationMissing) => adds,
            Some(_) => false,
        };
        match change {
            Change::AddDestination { service, destination }
            | Change::SetDestination { service, destination }
                if again =>
            {
                now(client, *service, destination.key, edits, adds)
            }
            _ => Ok(Now::AsPlanned),
        }
    })
}

/// Looks at a server once more.
fn now(
    client: &mut Client,
    service: ServiceKey,
    key: DestinationKey,
    edits: &ServerEdits,
    adds: bool,
) -> Result<Now, Error> {
    let change = match client.destination(&service, &key)? {
        Some(entry) => edited(service, entry.destination, edits)?,
        None if adds => Some(added(service, key, edits)?),
        // The kernel says best that it is gone.
        None => return Ok(Now::AsPlanned),
    };
    Ok(match change {
        Some(change) => Now::Make(change.into()),
        None => Now::Nothing(is_so(service, key)),
    })
}

fn is_so(service: ServiceKey, key: DestinationKey) -> String {
    format!("server {key} of {service} has these settings already")
}

/// Returns the edit of a server that is there, unless nothing differs.
fn edited(
    service: ServiceKey,
    before: Destination,
    edits: &ServerEdits,
) -> Result<Option<(Change, Changed)>, Error> {
    let (key, mut after) = (before.key, before);
    edit(&mut after, edits).map_err(|refusal| {
        Error::refused(format_args!("edit server {key} of {service}"), refusal)
    })?;
    let set = |destination| Change::SetDestination { service, destination };
    check_edit(&set(before), &set(after))?;
    let changed = Changed::server(Action::Edit, service, key).between(Some(before), Some(after));
    Ok((after != before).then(|| (set(after), changed)))
}

fn added(
    service: ServiceKey,
    key: DestinationKey,
    edits: &ServerEdits,
) -> Result<(Change, Changed), Error> {
    let mut destination = server::default(key);
    let options = edit(&mut destination, edits);
    let change = checked(Change::AddDestination { service, destination }, options)?;
    Ok((change, add_server::added(service, destination)))
}

pub(super) fn edit(destination: &mut Destination, edits: &ServerEdits) -> Result<(), Refusal> {
    if edits.replace {
        *destination = server::default(destination.key);
    }
    server::set(destination, &edits.settings)
}
