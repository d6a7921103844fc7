// SPDX-License-Identifier: MIT OR Apache-2.0

//! What holds of every plan, whatever it leads from and to.

use std::collections::BTreeMap;

use ipvs_netlink::procfs::Sysctl;
use ipvs_netlink::{
    Destination, Scheduler, Service, ServiceKey, SyncDaemonEntry, Timeouts, Weight,
};

use super::{
    Action, Desired, DesiredService, Observed, ObservedService, Policy, Scope, Step, Subject, plan,
    reordered,
};

/// The kernel would make every step of the plan, the last one leaves what is
/// wanted, no kept service had fewer servers for new connections than it has
/// to, and nothing outside the scope was touched.
pub(super) fn leads(found: &Observed, wanted: &Desired, policy: Policy) {
    let mut table = found.clone();
    let before = usable(&table);
    let steps = plan(wanted, &table, policy).into_steps();
    let scope = wanted.scope();
    assert!(steps.iter().all(|step| scope.contains(&step.subject())), "{steps:#?}");
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
    assert!(!policy.reorders() || reordered(wanted, &table).is_empty());
    assert_eq!(outside(&table, scope), outside(found, scope));
    if policy.deletes() {
        let count = |it: &DesiredService| (it.service.key, it.servers.len());
        let counts: BTreeMap<_, _> = wanted.services().iter().map(count).collect();
        let found = table.services.iter().filter_map(|entry| {
            let key = entry.service.key;
            let own = entry.servers.iter().filter(|it| scope.contains(&server(entry, it)));
            let own = own.count();
            // A service that is not wanted stays for the servers that others have in it.
            let is_held = own < entry.servers.len() && own == 0 && !counts.contains_key(&key);
            (scope.contains(&Subject::Service(key)) && !is_held).then_some((key, own))
        });
        assert_eq!(counts, found.collect());
    } else {
        let only_restarts = steps.iter().all(|step| match step {
            Step::StopDaemon { restarts, .. } => *restarts,
            step => step.action() != Action::Delete,
        });
        assert!(only_restarts);
    }
}

fn server(entry: &ObservedService, server: &Destination) -> Subject {
    Subject::Server(entry.service.key, server.key)
}

/// What of a table is not in the scope: of services in it, the servers that are not.
fn outside(table: &Observed, scope: &Scope) -> Observed {
    let mut table = table.clone();
    for entry in &mut table.services {
        let all = std::mem::take(&mut entry.servers);
        let others = all.into_iter().filter(|it| !scope.contains(&server(entry, it)));
        entry.servers = others.collect();
        if scope.contains(&Subject::Service(entry.service.key)) {
            entry.service = Service::new(entry.service.key, Scheduler::Rr);
        }
    }
    let is_outside = |it: &ObservedService| {
        !scope.contains(&Subject::Service(it.service.key)) || !it.servers.is_empty()
    };
    table.services.retain(is_outside);
    table.services.sort_by_key(|entry| entry.service.key);
    let is_setting_outside =
        |it: &Sysctl| it.name.parse().map_or(true, |name| !scope.contains(&Subject::Sysctl(name)));
    table.sysctls.retain(is_setting_outside);
    table.daemons.retain(|daemon| !scope.contains(&Subject::Daemon(daemon.role)));
    if scope.contains(&Subject::Timeouts) {
        table.timeouts = Timeouts::default();
    }
    table
}

/// What the kernel has after `step`, or why it would refuse it.
pub(super) fn make(table: &mut Observed, step: &Step) -> Result<(), String> {
    let refused = || format!("{step:?}");
    let place = step.service().map(|key| table.services.iter().position(|s| s.service.key == key));
    match step {
        Step::SetTimeouts { after, .. } => {
            table.timeouts = table.timeouts.after(after);
        }
        Step::SetSysctl { before, after, .. } => {
            let name = after.name().as_str();
            let there = table.sysctls.iter().position(|it| it.name == name);
            let found = there.map(|place| table.sysctls.remove(place));
            if found.and_then(|it| it.value) != *before {
                return Err(refused());
            }
            table.sysctls.push(Sysctl::new(name, Some(after.value().to_owned())));
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
                Step::EditService { before, after, .. } if entry.service == **before => {
                    entry.service = after.clone();
                }
                Step::DeleteService { before, servers, .. }
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
