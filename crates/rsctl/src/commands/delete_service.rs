// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Change, Errno, ErrorKind, KernelError, Service, ServiceKey};

use super::several::Now;
use super::{Action, Changed, Director, Made, several, targets, warning};
use crate::cli::{DeleteService, Target};
use crate::error::Error;

pub(super) fn run(director: &Director, args: &DeleteService) -> Result<Made, Error> {
    let (target, if_exists) = (args.services.0, args.if_exists);
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let services = match if_exists {
        true => targets::services(&mut client, target)?,
        false => targets::some_services(&mut client, target, "delete the services")?,
    };
    let mut made = Made::default();
    if let (Target::Vip(vip), true) = (target, services.is_empty()) {
        made.unchanged.push(format!("no service has the address {vip}"));
    }
    let is_alone = services.len() == 1;
    let mut changes = Vec::new();
    for key in services {
        let change = Change::RemoveService(key);
        let changed = Changed::service(Action::Delete, key);
        let mut changed = match client.service(&key) {
            Ok(Some(entry)) => changed.between(Some(entry.service), None::<Service>),
            Ok(None) if if_exists => {
                made.unchanged.push(is_none(&key));
                continue;
            }
            Ok(None) => {
                let missing = KernelError::new(change, Errno::ESRCH);
                return Err(ipvs_netlink::Error::from(missing).into());
            }
            // A dry run is of use only if it knows; else the kernel has the last word.
            Err(error) if director.dry_run => return Err(error.into()),
            Err(_) => changed,
        };
        let whose = if is_alone { "it".to_owned() } else { key.to_string() };
        let (mut connections, mut servers) = (Vec::new(), Vec::new());
        let read = client.for_each_destination(&key, |entry| {
            connections.push(entry.connections);
            servers.push(entry.destination);
        });
        if read.is_ok() {
            changed = changed.with(servers);
            made.warn(warning::orphans(director, &key, whose, connections));
        }
        changes.push((change, changed));
    }
    several::make(director, &mut client, changes, made, |_, change, error| {
        let is_gone = error.is_some_and(|error| error.kind() == ErrorKind::ServiceMissing);
        Ok(match change {
            Change::RemoveService(key) if is_gone && if_exists => Now::Nothing(is_none(key)),
            _ => Now::AsPlanned,
        })
    })
}

fn is_none(key: &ServiceKey) -> String {
    format!("there is no service {key}")
}
