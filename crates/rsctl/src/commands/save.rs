// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::PathBuf;

use ipvs_cluster::{Observed, ObservedService};
use ipvs_netlink::{Client, ErrorKind, Service};

use super::director::{Director, USUAL_SERVERS};
use super::list;
use super::reading;
use super::shown::Shown;
use crate::cli::{Form, INSTALLED, Save};
use crate::error::Error;

/// Holds a table that is to be written.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) table: Observed,
    pub(crate) form: Form,
    /// Where to; `None` is the standard output.
    pub(crate) to: Option<PathBuf>,
    /// Whether that is the place of the table that is restored at boot.
    pub(crate) is_installed: bool,
}

pub(super) fn run(director: &Director, args: Save) -> Result<Saved, Error> {
    let is_installed = args.install;
    if is_installed && director.is_elsewhere() {
        return Err(Error::InstallsElsewhere(INSTALLED));
    }
    let table = read(director).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::NotSaved(error),
        _ => error.into(),
    })?;
    if is_installed && table.services.is_empty() {
        return Err(Error::NothingToInstall(INSTALLED));
    }
    let to = if is_installed { Some(INSTALLED.into()) } else { args.output };
    Ok(Saved { table, form: args.format, to, is_installed })
}

/// Reads everything: nothing is left out that nobody touched meanwhile.
pub(super) fn read(director: &Director) -> Result<Observed, ipvs_netlink::Error> {
    let mut client = director.connect_to_look(USUAL_SERVERS)?;
    let services = client.services()?;
    let shown = Shown::read(director);
    let mut read = Vec::with_capacity(services.len());
    for service in services.into_iter().map(|entry| entry.service) {
        read.extend(with_servers(&mut client, service, &shown)?);
    }
    read.sort_by_key(|entry| list::order(&entry.service.key));
    let mut table = Observed::new(read);
    table.timeouts = client.timeouts()?;
    table.daemons = client.daemons()?;
    Ok(table)
}

/// Reads the servers of a service in the order in which they were added; `None` if it is gone.
fn with_servers(
    client: &mut Client,
    service: Service,
    shown: &Shown,
) -> Result<Option<ObservedService>, ipvs_netlink::Error> {
    let key = service.key;
    if shown.servers(&key).is_some_and(<[_]>::is_empty) {
        return Ok(Some(ObservedService::new(service, Vec::new())));
    }
    let read = reading::servers(client, &key, || shown, |entry| entry.destination, |it| it.key)?;
    Ok(read.map(|mut servers| {
        // The kernel puts each new server in front.
        servers.reverse();
        ObservedService::new(service, servers)
    }))
}
