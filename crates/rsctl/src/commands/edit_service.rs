// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{SchedulerFlags, Service};

use super::{Action, Changed, Director, Made, service, warning};
use crate::cli::EditService;
use crate::error::Error;
use crate::refusal::Refusal;

pub(super) fn run(director: &Director, args: &EditService) -> Result<Made, Error> {
    let key = args.service.0;
    let (mut outcome, mut warning) = (Ok(()), None);
    let changed = director.edit_service(&key, |service| {
        let mut edited = service.clone();
        outcome = edit(&mut edited, args);
        if outcome.is_ok() {
            warning = warning::mask(&edited).filter(|_| args.settings.netmask.is_some());
            *service = edited;
        }
    })?;
    outcome.map_err(|refusal| Error::refused(format_args!("edit service {key}"), refusal))?;
    let changed = changed.then(|| Changed::service(Action::Edit, key)).into_iter().collect();
    Ok(Made { changed, warnings: warning.into_iter().collect() })
}

pub(super) fn edit(service: &mut Service, args: &EditService) -> Result<(), Refusal> {
    if args.replace {
        *service = service::default(service.key);
    }
    if args.no_persistent {
        service.persistence = None;
        service.engine = None;
    }
    if args.no_engine {
        service.engine = None;
    }
    if args.no_flags {
        service.scheduler_flags = SchedulerFlags::empty();
    }
    if args.no_one_packet {
        service.one_packet = false;
    }
    service::set(service, &args.settings)
}
