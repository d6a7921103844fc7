// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Service, ServiceKey};

use super::{Action, Changed, Director, Made, checked, service, warning};
use crate::cli::{AddService, ServiceSettings};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddService) -> Result<Made, Error> {
    let change = plan(args.service.0, &args.settings)?;
    let (mut warnings, mut changed) = (Vec::new(), Vec::new());
    if let Change::AddService(service) = &change {
        warnings.extend(warning::mask(service));
        changed.push(added(service));
    }
    let _lock = director.lock()?;
    director.apply_over(&mut director.connect()?, change)?;
    director.record(&changed);
    Ok(Made { changed, warnings, ..Made::default() })
}

pub(super) fn plan(key: ServiceKey, settings: &ServiceSettings) -> Result<Change, Error> {
    let mut service = service::default(key);
    let options = service::set(&mut service, settings);
    checked(Change::AddService(service), options)
}

/// Tells of a service that was added.
pub(super) fn added(service: &Service) -> Changed {
    Changed::service(Action::Add, service.key).between(None::<Service>, Some(service.clone()))
}
