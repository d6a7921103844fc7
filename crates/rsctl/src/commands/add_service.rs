// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::Change;

use super::{Action, Changed, Director, Made, checked, service, warning};
use crate::cli::AddService;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddService) -> Result<Made, Error> {
    let change = plan(args)?;
    let warnings = match &change {
        Change::AddService(service) => warning::mask(service).into_iter().collect(),
        _ => Vec::new(),
    };
    director.apply(change)?;
    Ok(Made { changed: vec![Changed::service(Action::Add, args.service.0)], warnings })
}

pub(super) fn plan(args: &AddService) -> Result<Change, Error> {
    let mut service = service::default(args.service.0);
    let options = service::set(&mut service, &args.settings);
    checked(Change::AddService(service), options)
}
