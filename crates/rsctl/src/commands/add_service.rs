// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, checked, service};
use crate::cli::AddService;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddService) -> Result<Vec<Changed>, Error> {
    director.apply(plan(args)?)?;
    Ok(vec![Changed::service(Action::Add, args.service.0)])
}

pub(super) fn plan(args: &AddService) -> Result<Change, Error> {
    let mut service = service::default(args.service.0);
    let options = service::set(&mut service, &args.settings);
    checked(Change::AddService(service), options)
}
