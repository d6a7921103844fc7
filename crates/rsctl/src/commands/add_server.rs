// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, ServiceKey};

use super::{Action, Changed, Director, Made, checked, server, warning};
use crate::cli::{AddServer, Endpoint, ServerSettings};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddServer) -> Result<Made, Error> {
    let service = args.service.0;
    let real_server = args.server.real_server;
    director.apply(plan(service, real_server, &args.settings)?)?;
    let key = server::key(&service, real_server);
    let warnings = warning::quiet(director, &service, key, args.settings.weight);
    Ok(Made { changed: vec![Changed::server(Action::Add, service, key)], warnings })
}

pub(super) fn plan(
    service: ServiceKey,
    real_server: Endpoint,
    settings: &ServerSettings,
) -> Result<Change, Error> {
    let mut destination = server::default(server::key(&service, real_server));
    let options = server::set(&mut destination, settings);
    checked(Change::AddDestination { service, destination }, options)
}
