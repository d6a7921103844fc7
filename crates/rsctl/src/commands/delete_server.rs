// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, server};
use crate::cli::DeleteServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteServer) -> Result<Vec<Changed>, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    director.apply(Change::RemoveDestination { service, destination: key })?;
    Ok(vec![Changed::server(Action::Delete, service, key)])
}
