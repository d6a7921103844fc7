// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director};
use crate::cli::Zero;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &Zero) -> Result<Vec<Changed>, Error> {
    let service = args.service.map(|selector| selector.0);
    let _lock = director.lock()?;
    director.apply_over(&mut director.connect()?, Change::Zero(service))?;
    let changed = vec![Changed { service, ..Changed::new(Action::Zero) }];
    director.record(&changed);
    Ok(changed)
}
