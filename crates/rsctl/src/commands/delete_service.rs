// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, Made, warning};
use crate::cli::DeleteService;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteService) -> Result<Made, Error> {
    let key = args.service.0;
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let warning = warning::orphans(director, &mut client, &key, None);
    director.apply_over(&mut client, Change::RemoveService(key))?;
    let changed = vec![Changed::service(Action::Delete, key)];
    Ok(Made { changed, warnings: warning.into_iter().collect() })
}
