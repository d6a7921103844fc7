// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, checked, server};
use crate::cli::AddServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddServer) -> Result<Vec<Changed>, Error> {
    let service = args.service.0;
    director.apply(plan(args)?)?;
    let key = server::key(&service, args.server.real_server);
    Ok(vec![Changed::server(Action::Add, service, key)])
}

pub(super) fn plan(args: &AddServer) -> Result<Change, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    let mut destination = server::default(key);
    let options = server::set(&mut destination, &args.settings);
    checked(Change::AddDestination { service, destination }, options)
}
