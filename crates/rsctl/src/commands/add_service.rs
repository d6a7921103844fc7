// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, ServiceKey};

use super::{Action, Changed, Director, Made, checked, service, warning};
use crate::cli::{AddService, ServiceSettings};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddService) -> Result<Made, Error> {
    let change = plan(args.service.0, &args.settings)?;
    let warnings = match &change {
        Change::AddService(service) => warning::mask(service).into_iter().collect(),
        _ => Vec::new(),
    };
    director.apply(change)?;
    Ok(Made { changed: vec![Changed::service(Action::Add, args.service.0)], warnings })
}

pub(super) fn plan(key: ServiceKey, settings: &ServiceSettings) -> Result<Change, Error> {
    let mut service = service::default(key);
    let options = service::set(&mut service, settings);
    checked(Change::AddService(service), options)
}
