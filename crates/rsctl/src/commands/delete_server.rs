// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, apply, server};
use crate::cli::DeleteServer;
use crate::error::Error;

pub(super) fn run(args: &DeleteServer) -> Result<Vec<Changed>, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    apply(Change::RemoveDestination { service, destination: key })?;
    Ok(vec![Changed::server(Action::Delete, service, key)])
}
