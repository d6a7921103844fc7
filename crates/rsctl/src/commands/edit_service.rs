// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Change, Client, Errno, ErrorKind, KernelError, SchedulerFlags, Service, ServiceKey,
};

use super::several::Now;
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
    let mut made = Made::default();
    let Some(change) = planned(&mut client, key, edits, adds, &mut made)? else {
        made.unchanged.push(is_so(key));
        return Ok(made);
    };
    several::make(director, &mut client, vec![change], made, |client, _, error| {
        match error.map(ipvs_netlink::Error::kind) {
            Some(ErrorKind::AlreadyExists | ErrorKind::ServiceMissing) if adds => {
                let change = planned(client, key, edits, adds, &mut Made::default())?;
                let now = change.map(|change| Now::Make(change.into()));
                Ok(now.unwrap_or_else(|| Now::Nothing(is_so(key))))
            }
            _ => Ok(Now::AsPlanned),
        }
    })
}

/// Returns what makes the service as it is wanted, unless it is so already.
fn planned(
    client: &mut Client,
    key: ServiceKey,
    edits: &ServiceEdits,
    adds: bool,
    made: &mut Made,
) -> Result<Option<(Change, Changed)>, Error> {
    let Some(before) = client.service(&key)?.map(|entry| entry.service) else {
        let mut after = service::default(key);
        if !adds {
            let wanted = Change::SetService(after);
            return Err(ipvs_netlink::Error::from(KernelError::new(wanted, Errno::ESRCH)).into());
        }
        let options = edit(&mut after, edits);
        let change = checked(Change::AddService(after.clone()), options)?;
        made.warn(mask(&after, edits));
        return Ok(Some((change, add_service::added(&after))));
    };
    let mut after = before.clone();
    edit(&mut after, edits)
        .map_err(|refusal| Error::refused(format_args!("edit service {key}"), refusal))?;
    let changed = Changed::service(Action::Edit, key);
    let changed = changed.between(Some(before.clone()), Some(after.clone()));
    made.warn(mask(&after, edits));
    let (before, change) = (Change::SetService(before), Change::SetService(after));
    check_edit(&before, &change)?;
    Ok((change != before).then_some((change, changed)))
}

fn is_so(key: ServiceKey) -> String {
    format!("service {key} has these settings already")
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
