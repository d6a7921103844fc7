// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds what a command is to act on: services, and real servers in them.

use ipvs_netlink::{Client, DestinationEntry, DestinationKey, Errno, ErrorKind, ServiceKey};

use super::{list, server};
use crate::cli::{Endpoint, Target};
use crate::error::Error;

/// Holds the servers that a command is about.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
    /// Those that no service has, where all were looked through.
    pub(super) nowhere: Vec<Endpoint>,
}

/// Names a server in a service, and says what is there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) service: ServiceKey,
    pub(super) key: DestinationKey,
    pub(super) found: Found,
}

#[derive(Debug)]
pub(super) enum Found {
    There(Box<DestinationEntry>),
    /// What the kernel says of it: there is no such service, or it has no such server.
    Missing(Errno),
    /// Why that is not known.
    Unread(ipvs_netlink::Error),
}

impl From<Option<DestinationEntry>> for Found {
    fn from(entry: Option<DestinationEntry>) -> Self {
        entry.map_or(Self::Missing(Errno::ENOENT), |entry| Self::There(entry.into()))
    }
}

/// Returns the services, in the order of a list; the one that is named whether it is there or
/// not.
pub(super) fn services(client: &mut Client, target: Target) -> Result<Vec<ServiceKey>, Error> {
    if let Target::Service(key) = target {
        return Ok(vec![key]);
    }
    let entries = client.services()?.into_iter();
    let is_meant = |key: &ServiceKey| match (target, key) {
        (Target::Vip(vip), ServiceKey::Endpoint { address, .. }) => *address == vip,
        (target, _) => target == Target::Everywhere,
    };
    let mut keys: Vec<_> = entries.map(|entry| entry.service.key).filter(is_meant).collect();
    keys.sort_by_key(list::order);
    Ok(keys)
}

/// Does what [`services`] does. That a VIP has none is an error, as in "cannot `action` of VIP".
pub(super) fn some_services(
    client: &mut Client,
    target: Target,
    action: &str,
) -> Result<Vec<ServiceKey>, Error> {
    let keys = services(client, target)?;
    match target {
        Target::Vip(vip) if keys.is_empty() => {
            let action = format!("{action} of {vip}");
            Err(Error::NotThere { action, why: "no service has that address" })
        }
        _ => Ok(keys),
    }
}

/// Returns the keys of `servers` in a service, each once.
pub(super) fn keys(service: &ServiceKey, servers: &[Endpoint]) -> Vec<DestinationKey> {
    let mut keys = Vec::new();
    for server in servers {
        let key = server::key(service, *server);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Looks for `servers` in those services. With [`Target::Everywhere`] only what is there has a
/// place.
pub(super) fn places(
    client: &mut Client,
    target: Target,
    services: Vec<ServiceKey>,
    servers: &[Endpoint],
) -> Result<Places, Error> {
    let (mut all, mut nowhere) = (Vec::new(), Vec::new());
    if target == Target::Everywhere {
        nowhere.extend_from_slice(servers);
    }
    for service in services {
        let place = |key, found| Place { service, key, found };
        if target == Target::Everywhere {
            for entry in client.destinations_if_any(&service)? {
                let key = entry.destination.key;
                if servers.iter().any(|server| names(server, key)) {
                    nowhere.retain(|server| !names(server, key));
                    all.push(place(key, Found::There(entry.into())));
                }
            }
            continue;
        }
        match keys(&service, servers)[..] {
            [key] => all.push(place(
                key,
                match client.destination(&service, &key) {
                    Ok(entry) => entry.into(),
                    Err(error) if error.kind() == ErrorKind::ServiceMissing => {
                        Found::Missing(Errno::ESRCH)
                    }
                    Err(error) => Found::Unread(error),
                },
            )),
            ref keys => {
                let mut entries = match client.destinations(&service) {
                    Ok(entries) => Ok(entries),
                    Err(error) if error.kind() == ErrorKind::ServiceMissing => Err(Errno::ESRCH),
                    Err(error) => return Err(error.into()),
                };
                all.extend(keys.iter().map(|key| {
                    let found = match &mut entries {
                        Ok(entries) => {
                            let at = entries.iter().position(|it| it.destination.key == *key);
                            at.map(|at| entries.swap_remove(at)).into()
                        }
                        Err(errno) => Found::Missing(*errno),
                    };
                    place(*key, found)
                }));
            }
        }
    }
    Ok(Places { all, nowhere })
}

/// Returns whether that is what is meant: without a port, on any.
pub(super) fn names(server: &Endpoint, key: DestinationKey) -> bool {
    server.address == key.address && server.port.is_none_or(|port| port == key.port)
}
