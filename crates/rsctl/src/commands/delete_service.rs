// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director};
use crate::cli::DeleteService;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteService) -> Result<Vec<Changed>, Error> {
    let key = args.service.0;
    director.apply(Change::RemoveService(key))?;
    Ok(vec![Changed::service(Action::Delete, key)])
}
