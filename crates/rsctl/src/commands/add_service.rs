// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Scheduler, Service};

use super::{Action, Changed, Director, checked, service};
use crate::cli::AddService;
use crate::error::Error;

pub(super) fn run(director: &Director, args: &AddService) -> Result<Vec<Changed>, Error> {
    director.apply(plan(args)?)?;
    Ok(vec![Changed::service(Action::Add, args.service.0)])
}

pub(super) fn plan(args: &AddService) -> Result<Change, Error> {
    let mut service = Service::new(args.service.0, Scheduler::Wlc);
    let options = service::set(&mut service, &args.settings);
    checked(Change::AddService(service), options)
}
