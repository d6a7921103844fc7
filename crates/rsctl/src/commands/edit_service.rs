// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Errno, KernelError, SchedulerFlags, Service, ServiceKey};

use super::{
    Action, Changed, Director, Made, add_service, check_edit, checked, service, several, warning,
};
use crate::cli::{EditService, ServiceEdits, SetService};
use crate::error::Error;
use crate::refusal::Refusal;

pub(super) fn run(director: &Director, args: &EditService) -> Result<Made, Error> {
    make(director, args.service.0, &args.edits, false)
}

/// Adds the service if it is not there, and else edits it.
pub(super) fn set(director: &Director, args: &SetService) -> Result<Made, Error> {
    make(director, args.service.0, &args.edits, true)
}

fn make(
    director: &Director,
    key: ServiceKey,
    edits: &ServiceEdits,
    adds: bool,
) -> Result<Made, Error> {
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let (change, changed, after) = match client.service(&key)?.map(|entry| entry.service) {
        None if adds => {
            let mut after = service::default(key);
            let options = edit(&mut after, edits);
            let change = checked(Change::AddService(after.clone()), options)?;
            (change, add_service::added(&after), after)
        }
        None => {
            let wanted = Change::SetService(service::default(key));
            return Err(ipvs_netlink::Error::from(KernelError::new(wanted, Errno::ESRCH)).into());
        }
        Some(before) => {
            let mut after = before.clone();
            edit(&mut after, edits)
                .map_err(|refusal| Error::refused(format_args!("edit service {key}"), refusal))?;
            let changed = Changed::service(Action::Edit, key);
            let changed = changed.between(Some(before.clone()), Some(after.clone()));
            let (before, change) = (Change::SetService(before), Change::SetService(after.clone()));
            check_edit(&before, &change)?;
            if change == before {
                let mut made = Made::default();
                made.warn(mask(&after, edits));
                made.unchanged.push(format!("service {key} has these settings already"));
                return Ok(made);
            }
            (change, changed, after)
        }
    };
    let mut made = Made::default();
    made.warn(mask(&after, edits));
    several::make(director, &mut client, vec![(change, changed)], made)
}

/// Warns of the mask, if one was asked for.
fn mask(service: &Service, edits: &ServiceEdits) -> Option<warning::Warning> {
    warning::mask(service).filter(|_| edits.settings.netmask.is_some())
}

pub(super) fn edit(service: &mut Service, edits: &ServiceEdits) -> Result<(), Refusal> {
    if edits.replace {
        *service = service::default(service.key);
    }
    if edits.no_persistent {
        service.persistence = None;
        service.engine = None;
    }
    if edits.no_engine {
        service.engine = None;
    }
    if edits.no_flags {
        service.scheduler_flags = SchedulerFlags::empty();
    }
    if edits.no_one_packet {
        service.one_packet = false;
    }
    service::set(service, &edits.settings)
}
