// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;

use ipvs_netlink::{
    Destination, ForwardingMethod, Scheduler, Service, ServiceKey, SyncDaemon, SyncRole,
    Thresholds, Weight,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::observed::RunningDaemon;

/// What the kernel has after `step`, or why it would refuse it.
fn make(table: &mut Observed, step: &Step) -> Result<(), String> {
    let refused = || format!("{step:?}");
    let place = step.service().map(|key| table.services.iter().position(|s| s.service.key == key));
    match step {
        Step::SetTimeouts { after, .. } => {
            for (now, wanted) in table.timeouts.iter_mut().zip(after.values()) {
                *now = wanted.or(*now);
            }
        }
        Step::StopDaemon { before, .. } => {
            let running = table.daemons.iter().position(|it| it == before).ok_or_else(refused)?;
            table.daemons.remove(running);
        }
        Step::StartDaemon(wanted) => {
            if table.daemons.iter().any(|running| running.role == wanted.role) {
                return Err(refused());
            }
            table.daemons.push(RunningDaemon::from(wanted));
        }
        Step::AddService(service) => {
            if place != Some(None) {
                return Err(refused());
            }
            let service = service.clone();
            table.services.push(ObservedService { service, servers: Vec::new() });
        }
        _ => {
            let place = place.flatten().ok_or_else(refused)?;
            let entry = &mut table.services[place];
            let server = step.server().map(|key| entry.servers.iter().position(|it| it.key == key));
            match step {
                Step::EditService { before, after } if entry.service == *before => {
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

fn usable(table: &Observed) -> BTreeMap<ServiceKey, usize> {
    let count = |entry: &ObservedService| {
        let usable = entry.servers.iter().filter(|server| server.weight > Weight::ZERO).count();
        (entry.service.key, usable)
    };
    table.services.iter().map(count).collect()
}

fn servers() -> impl Strategy<Value = Vec<DesiredServer>> {
    let server = (0..3_u32, 0..3_u32, any::<bool>(), any::<bool>());
    let servers = btree_map(1..8_u8, server, 0..7).prop_map(|servers| {
        let mut built = Vec::new();
        for (number, (weight, upper, tunnelled, leaves_thresholds)) in servers {
            let forwarding = if tunnelled {
                ForwardingMethod::Tunnel(ipvs_netlink::Tunnel::Ipip)
            } else {
                ForwardingMethod::Gateway
            };
            let key = format!("10.0.0.{number}:80").parse().unwrap();
            let mut server = Destination::new(key, forwarding);
            server.weight = Weight::new(weight).unwrap();
            server.thresholds = Thresholds::new(upper, 0).unwrap();
            built.push(DesiredServer { server, leaves_thresholds });
        }
        built
    });
    servers.prop_shuffle()
}

fn tables() -> impl Strategy<Value = Desired> {
    let scheduler = prop_oneof![Just(Scheduler::Rr), Just(Scheduler::Mh), Just(Scheduler::Sh)];
    let service = (scheduler, 0..3_u32, any::<bool>(), servers());
    let services = btree_map(1..5_u8, service, 0..5).prop_map(|services| {
        let built = services.into_iter().map(|(number, (scheduler, bits, leaves, servers))| {
            let key = format!("tcp/192.0.2.{number}:80").parse().unwrap();
            let service = Service::new(key, scheduler).with_unknown_flags(bits << 8);
            DesiredService { service, leaves_unknown_flags: leaves, servers }
        });
        built.collect::<Vec<_>>()
    });
    let roles = prop_oneof![Just(SyncRole::Master), Just(SyncRole::Backup)];
    let daemons = proptest::option::of(vec((roles, 0..3_u8), 0..3)).prop_map(|daemons| {
        daemons.map(|daemons| {
            let mut built = Vec::<SyncDaemon>::new();
            for (role, id) in daemons {
                if built.iter().all(|daemon| daemon.role != role) {
                    built.push(SyncDaemon::new(role, "eth0".parse().unwrap(), id));
                }
            }
            built
        })
    });
    let timeouts = proptest::option::of(1..3_u32);
    (services.prop_shuffle(), daemons, timeouts).prop_map(|(services, daemons, timeouts)| Desired {
        services,
        daemons,
        doubts: Vec::new(),
        timeouts: timeouts.map(|s| ipvs_netlink::SetTimeouts::new().tcp(s).unwrap()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The kernel would make every step, the last one leaves what is wanted, and
    /// no kept service had fewer servers for new connections than it has to.
    #[test]
    fn a_plan_leads_from_anything_to_what_is_wanted(
        found in tables(),
        wanted in tables(),
        delete in any::<bool>(),
        reorder in any::<bool>(),
    ) {
        let policy = Policy { delete, reorder };
        let mut table = Observed::from(&found);
        let before = usable(&table);
        let steps = plan(&wanted, &table, policy).steps;
        let mut after = table.clone();
        for step in &steps {
            prop_assert_eq!(make(&mut after, step), Ok(()));
        }
        let after_all = usable(&after);
        for step in &steps {
            prop_assert_eq!(make(&mut table, step), Ok(()));
            let now = usable(&table);
            for (key, before) in &before {
                let Some(after) = after_all.get(key) else { continue };
                // Who is put in another place is away for a moment.
                let away = usize::from(matches!(step, Step::LiftServer { .. }));
                prop_assert!(now[key] + away >= *before.min(after), "{} after {:?}", key, step);
            }
        }
        prop_assert!(plan(&wanted, &table, policy).is_empty());
        prop_assert!(!(delete && reorder) || reordered(&wanted, &table).is_empty());
        if delete {
            let count = |it: &DesiredService| (it.service.key, it.servers.len());
            let mut counts: Vec<_> = wanted.services.iter().map(count).collect();
            let count = |it: &ObservedService| (it.service.key, it.servers.len());
            let mut found: Vec<_> = table.services.iter().map(count).collect();
            counts.sort();
            found.sort();
            prop_assert_eq!(counts, found);
        } else {
            let only_restarts = steps.iter().all(|step| match step {
                Step::StopDaemon { restarts, .. } => *restarts,
                step => step.action() != Action::Delete,
            });
            prop_assert!(only_restarts);
        }
    }

    /// Into an empty table, servers go in the order of the file; and what is
    /// written down is what was there.
    #[test]
    fn what_is_written_is_read_again(found in tables()) {
        let table = Observed::from(&found);
        let mut written = Vec::new();
        crate::file::write(&table, &mut written).unwrap();
        let read = crate::file::read(&written).unwrap();
        prop_assert!(plan(&read, &table, Policy::default()).is_empty());
        let mut made = Observed { timeouts: table.timeouts, ..Observed::default() };
        for step in plan(&read, &made.clone(), Policy::default()).steps {
            prop_assert_eq!(make(&mut made, &step), Ok(()));
        }
        prop_assert_eq!(made, table);
    }

    /// Whatever stands in a file, reading it ends, and each problem has a line of it.
    #[test]
    fn reading_takes_any_bytes(
        found in tables(),
        place in any::<prop::sample::Index>(),
        bytes in vec(any::<u8>(), 0..8),
    ) {
        let mut written = Vec::new();
        crate::file::write(&Observed::from(&found), &mut written).unwrap();
        let place = place.index(written.len());
        let end = (place + bytes.len()).min(written.len());
        written.splice(place..end, bytes);
        if let Err(problems) = crate::file::read(&written) {
            let lines = written.iter().filter(|byte| **byte == b'\n').count() + 1;
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
        }
    }
}
