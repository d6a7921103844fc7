// SPDX-License-Identifier: MIT OR Apache-2.0

//! What holds of every plan, whatever it leads from and to.

use std::collections::BTreeMap;

use ipvs_netlink::{ServiceKey, SyncDaemonEntry, Weight};

use super::{
    Action, Desired, DesiredService, Observed, ObservedService, Policy, Step, plan, reordered,
};

/// The kernel would make every step of the plan, the last one leaves what is
/// wanted, and no kept service had fewer servers for new connections than it has
/// to.
pub(super) fn leads(found: &Observed, wanted: &Desired, policy: Policy) {
    let mut table = found.clone();
    let before = usable(&table);
    let steps = plan(wanted, &table, policy).steps;
    let mut after = table.clone();
    for step in &steps {
        assert_eq!(make(&mut after, step), Ok(()));
    }
    let after_all = usable(&after);
    for step in &steps {
        assert_eq!(make(&mut table, step), Ok(()));
        let now = usable(&table);
        for (key, before) in &before {
            let Some(after) = after_all.get(key) else { continue };
            // Who is put in another place is away for a moment.
            let away = usize::from(matches!(step, Step::LiftServer { .. }));
            assert!(now[key] + away >= *before.min(after), "{key} after {step:?}");
        }
    }
    assert!(plan(wanted, &table, policy).is_empty());
    assert!(!(policy.delete && policy.reorder) || reordered(wanted, &table).is_empty());
    if policy.delete {
        let count = |it: &DesiredService| (it.service.key, it.servers.len());
        let mut counts: Vec<_> = wanted.services().iter().map(count).collect();
        let count = |it: &ObservedService| (it.service.key, it.servers.len());
        let mut found: Vec<_> = table.services.iter().map(count).collect();
        counts.sort();
        found.sort();
        assert_eq!(counts, found);
    } else {
        let only_restarts = steps.iter().all(|step| match step {
            Step::StopDaemon { restarts, .. } => *restarts,
            step => step.action() != Action::Delete,
        });
        assert!(only_restarts);
    }
}

/// What the kernel has after `step`, or why it would refuse it.
pub(super) fn make(table: &mut Observed, step: &Step) -> Result<(), String> {
    let refused = || format!("{step:?}");
    let place = step.service().map(|key| table.services.iter().position(|s| s.service.key == key));
    match step {
        Step::SetTimeouts { after, .. } => {
            table.timeouts = table.timeouts.after(after);
        }
        Step::StopDaemon { before, .. } => {
            let running = table.daemons.iter().position(|it| it == before).ok_or_else(refused)?;
            table.daemons.remove(running);
        }
        Step::StartDaemon(wanted) => {
            if table.daemons.iter().any(|running| running.role == wanted.role) {
                return Err(refused());
            }
            table.daemons.push(SyncDaemonEntry::from(wanted));
        }
        Step::AddService(service) => {
            if place != Some(None) {
                return Err(refused());
            }
            let service = service.clone();
            table.services.push(ObservedService::new(service, Vec::new()));
        }
        _ => {
            let place = place.flatten().ok_or_else(refused)?;
            let entry = &mut table.services[place];
            let server = step.server().map(|key| entry.servers.iter().position(|it| it.key == key));
            match step {
                Step::EditService { before, after } if entry.service == **before => {
                    entry.service = after.clone();
                }
                Step::DeleteService { before, servers }
                    if entry.service == *before && entry.servers.len() == *servers =>
                {
                    table.services.remove(place);
                }
                Step::AddServer { server: wanted, .. } | Step::PutServer { server: wanted, .. }
                    if server == Some(None) =>
                {
                    entry.servers.push(*wanted);
                }
                Step::EditServer { before, after, .. } => {
                    let server = server.flatten().ok_or_else(refused)?;
                    if entry.servers[server] != *before || before.key != after.key {
                        return Err(refused());
                    }
                    entry.servers[server] = *after;
                }
                Step::DeleteServer { before, .. } | Step::LiftServer { server: before, .. } => {
                    let server = server.flatten().ok_or_else(refused)?;
                    if entry.servers.remove(server) != *before {
                        return Err(refused());
                    }
                }
                _ => return Err(refused()),
            }
        }
    }
    Ok(())
}

pub(super) fn usable(table: &Observed) -> BTreeMap<ServiceKey, usize> {
    let count = |entry: &ObservedService| {
        let usable = entry.servers.iter().filter(|server| server.weight > Weight::ZERO).count();
        (entry.service.key, usable)
    };
    table.services.iter().map(count).collect()
}
