// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, Made, checked, server, warning};
use crate::cli::AddServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddServer) -> Result<Made, Error> {
    let service = args.service.0;
    director.apply(plan(args)?)?;
    let key = server::key(&service, args.server.real_server);
    let warnings = warning::quiet(director, &service, key, args.settings.weight);
    Ok(Made { changed: vec![Changed::server(Action::Add, service, key)], warnings })
}

pub(super) fn plan(args: &AddServer) -> Result<Change, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    let mut destination = server::default(key);
    let options = server::set(&mut destination, &args.settings);
    checked(Change::AddDestination { service, destination }, options)
}
