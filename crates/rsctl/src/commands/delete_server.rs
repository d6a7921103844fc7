// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, Made, server, warning};
use crate::cli::DeleteServer;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteServer) -> Result<Made, Error> {
    let service = args.service.0;
    let key = server::key(&service, args.server.real_server);
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let warning = warning::orphans(director, &mut client, &service, Some(key));
    let change = Change::RemoveDestination { service, destination: key };
    director.apply_over(&mut client, change)?;
    let changed = vec![Changed::server(Action::Delete, service, key)];
    Ok(Made { changed, warnings: warning.into_iter().collect() })
}
