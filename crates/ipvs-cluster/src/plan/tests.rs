// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use foldhash::HashSet;
use ipvs_netlink::{
    Destination, Error, ForwardingMethod, Scheduler, Service, SyncDaemon, SyncRole, Thresholds,
    Weight,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::apply::{self, Because, Fate, OnFailure};
use crate::desired::{Builder, Desired, DesiredServer, DesiredService, Why};
use crate::drain::{Drain, Drains, Then};
use crate::observed::{Observed, ObservedService};
use crate::scope::Scope;
use crate::subject::Subject;
use crate::sysctl::Sysctl;

/// Shared with the fuzz targets, which see the library from outside.
#[path = "../../tests/support/making.rs"]
mod making;

/// What holds within a scope, and of what is built by hand.
mod scope;

fn policies() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>()).prop_map(|(deletes, reorder)| {
        let policy = if deletes { Policy::exact() } else { Policy::add_only() };
        policy.reorder(reorder)
    })
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
    // The last is brought by a scheduler's module.
    let names = ["expire_nodest_conn", "conn_reuse_mode", "lblc_expiration"];
    let sysctls = prop::sample::subsequence(names.to_vec(), 0..=names.len());
    let sysctls = (sysctls, 0..3_u8).prop_map(|(names, value)| {
        let sysctl = |name: &str| Sysctl::new(name.parse().unwrap(), &value.to_string()).unwrap();
        names.into_iter().map(sysctl).collect::<Vec<_>>()
    });
    let tables = (services.prop_shuffle(), daemons, timeouts, sysctls);
    tables.prop_map(|(services, daemons, timeouts, sysctls)| {
        let mut builder = Builder::new();
        for service in services {
            builder.service((), service);
        }
        if let Some(seconds) = timeouts {
            builder.timeouts((), ipvs_netlink::SetTimeouts::new().tcp(seconds).unwrap());
        }
        for sysctl in sysctls {
            builder.sysctl((), sysctl);
        }
        if let Some(daemons) = daemons {
            builder.only_daemons();
            for daemon in daemons {
                builder.daemon((), daemon);
            }
        }
        builder.finish().unwrap()
    })
}

/// What a file's reader found and let through, as the kernel may hold it, is refused where
/// it would be new; and not where it is there.
#[cfg(feature = "file")]
#[test]
fn what_was_doubted_is_refused_where_it_is_new() {
    let file = r#"{
  "format": "ipvs-table/2",
  "services": [
    {
      "service": "tcp/192.0.2.1:80",
      "scheduler": "rr",
      "servers": [
        {"server": "10.0.0.1:80", "method": "dr"},
        {"server": "10.0.0.2:8080", "method": "dr"}
      ]
    }
  ]
}"#;
    let table = crate::file::read(file.as_bytes()).unwrap();
    let desired = table.desired;
    let [doubt] = &table.doubts[..] else { panic!("{:?}", table.doubts) };
    assert_eq!(doubt.origin.number(), 9);
    let refused = |observed: &Observed| {
        let policy = Policy::exact();
        let flaws = refused(&plan(&desired, observed, policy), &desired, observed, policy);
        flaws.into_iter().map(|flaw| flaw.subject).collect::<Vec<_>>()
    };
    assert_eq!(refused(&Observed::default()), [doubt.subject]);
    assert!(refused(&Observed::from(&desired)).is_empty());
}

/// Only of those that hash by it, the order of the servers is told of and changed.
#[test]
fn an_order_matters_to_who_hashes_by_it() {
    use Scheduler::{Dh, Lc, Mh, Rr, Sh};
    for (scheduler, matters) in [(Sh, true), (Dh, true), (Mh, true), (Rr, false), (Lc, false)] {
        let servers = ["10.0.0.1:80", "10.0.0.2:80"].map(|server| {
            let server = Destination::new(server.parse().unwrap(), ForwardingMethod::Gateway);
            DesiredServer::new(server)
        });
        let service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), scheduler.clone());
        let service = DesiredService { servers: servers.to_vec(), ..DesiredService::new(service) };
        let mut builder = Builder::new();
        builder.service((), service);
        let desired = builder.finish().unwrap();
        let mut observed = Observed::from(&desired);
        let policy = Policy::exact().reorder(true);
        assert!(plan(&desired, &observed, policy).is_empty(), "{scheduler:?}");
        assert!(reordered(&desired, &observed).is_empty(), "{scheduler:?}");
        observed.services[0].servers.reverse();
        assert_eq!(!plan(&desired, &observed, policy).is_empty(), matters, "{scheduler:?}");
        assert_eq!(!reordered(&desired, &observed).is_empty(), matters, "{scheduler:?}");
        let keeping = Policy::add_only().reorder(true);
        assert!(plan(&desired, &observed, keeping).is_empty(), "{scheduler:?}");
    }
}

/// The same table, with what has no order in order.
fn in_order(mut table: Observed) -> Observed {
    table.services.sort_by_key(ObservedService::order);
    for entry in &mut table.services {
        if !order::matters(&entry.service.scheduler) {
            entry.servers.sort_by_key(|server| server.key);
        }
    }
    table.daemons.sort_by_key(|daemon| daemon.role);
    table.sysctls.sort();
    table
}

/// What is not sound was there before, and is rolled back to as it was.
#[test]
fn what_another_tool_made_is_rolled_back_to() {
    let mut service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Rr);
    service.one_packet = true;
    let server = "10.0.0.1:80".parse().unwrap();
    let server = Destination::new(server, ForwardingMethod::Other(5));
    let services = vec![ObservedService::new(service, vec![server])];
    let saved = Observed { services, ..Observed::default() };
    let desired = Desired::try_from(&saved).unwrap();
    assert!(plan(&desired, &saved, Policy::exact()).is_empty());
    let gone = Observed::default();
    let plan = plan(&desired, &gone, Policy::exact());
    assert_eq!(plan.steps.len(), 2);
    // Nothing else would say so any more.
    assert_eq!(refused(&plan, &desired, &gone, Policy::exact()).len(), 2);
    let twice = [saved.services.clone(), saved.services].concat();
    let faults = Desired::try_from(&Observed { services: twice, ..Observed::default() });
    let again = faults.unwrap_err().0.into_iter().filter(|it| matches!(it.why, Why::Again { .. }));
    assert_eq!(again.count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The kernel would make every step, the last one leaves what is wanted, and
    /// no kept service had fewer servers for new connections than it has to.
    #[test]
    fn a_plan_leads_from_anything_to_what_is_wanted(
        found in tables(),
        wanted in tables(),
        policy in policies(),
    ) {
        let found = Observed::from(&found);
        making::leads(&found, &wanted, policy);
        let plan = plan(&wanted, &found, policy);
        let lifts = |step: &&Step| matches!(step, Step::LiftServer { .. });
        for batch in plan.steps.chunk_by(apply::together) {
            prop_assert!(batch.iter().filter(lifts).count() <= 1, "{batch:?}");
        }
        // What is told of is what would be put in order.
        if policy.reorders() {
            let told: HashSet<_> = reordered(&wanted, &found).into_iter().collect();
            let lifted: HashSet<_> =
                plan.steps.iter().filter(lifts).filter_map(Step::service).collect();
            prop_assert_eq!(told, lifted);
        }
    }

    /// Servers that are known to be what is wanted get no step, and all else gets the same.
    #[test]
    fn what_is_known_is_right(
        found in tables(),
        wanted in tables(),
        known in any::<u8>(),
        reorder in any::<bool>(),
    ) {
        let policy = Policy::exact().reorder(reorder);
        let found = Observed::from(&found);
        let mut glance = View::of(&found, wanted.scope());
        let mut right = HashSet::default();
        for (number, entry) in glance.services.iter_mut().enumerate() {
            if known & (1 << number) != 0 {
                entry.servers = None;
                right.insert(entry.service.key);
            }
        }
        let mut expected = plan(&wanted, &found, policy);
        expected.steps.retain(|step| match (step.service(), step.server()) {
            (Some(service), Some(_)) => !right.contains(&service),
            _ => true,
        });
        for step in &mut expected.steps {
            if let Step::DeleteService { before, servers } = step
                && right.contains(&before.key)
            {
                *servers = 0;
            }
        }
        prop_assert_eq!(compare(&wanted, &glance, policy), expected);
        let mut told = reordered(&wanted, &found);
        told.retain(|service| !right.contains(service));
        prop_assert_eq!(reordered_in(&wanted, &glance), told);
    }

    /// Whichever steps fail: each that is not tried says because of what, nothing but the
    /// failed step's own service is left behind, or else everything is that comes later; and
    /// no kept service has fewer servers for new connections than it has to.
    #[test]
    fn a_failure_reaches_as_far_as_it_should(
        found in tables(),
        wanted in tables(),
        failing in any::<u32>(),
        reorder in any::<bool>(),
        only_its_own in any::<bool>(),
    ) {
        let policy = Policy::exact().reorder(reorder);
        let mut table = Observed::from(&found);
        let steps = plan(&wanted, &table, policy).steps;
        let before = making::usable(&table);
        let after = making::usable(&Observed::from(&wanted));
        let on_failure =
            if only_its_own { OnFailure::StopService } else { OnFailure::StopAll };
        let fates = apply::walk(&steps, on_failure, |start, run| {
            let made = (start..).zip(run).map(|(place, step)| {
                let fails = failing.rotate_right(place as u32) & 5 == 5;
                let made = !fails && making::make(&mut table, step).is_ok();
                for (key, now) in making::usable(&table) {
                    let (Some(before), Some(after)) = (before.get(&key), after.get(&key)) else {
                        continue;
                    };
                    // Who cannot be put in its place is the only one that is away.
                    assert!(now + usize::from(reorder) >= *before.min(after), "{key}: {step:?}");
                }
                let error = || Error::Namespace {
                    name: String::new(),
                    error: std::io::ErrorKind::Other.into(),
                };
                if made { Fate::Done } else { Fate::Failed(error().into()) }
            });
            apply::Sent { fates: made.collect(), broke: false }
        });
        prop_assert_eq!(fates.len(), steps.len());
        let owner = |step: &Step| match step.subject() {
            Subject::Server(service, _) => Subject::Service(service),
            subject => subject,
        };
        let failed: HashSet<_> = steps.iter().zip(&fates)
            .filter(|(_, fate)| matches!(fate, Fate::Failed(_)))
            .map(|(step, _)| owner(step))
            .collect();
        let first = fates.iter().position(|fate| matches!(fate, Fate::Failed(_)));
        for (place, (step, fate)) in steps.iter().zip(&fates).enumerate() {
            match fate {
                Fate::Done => {}
                Fate::Failed(_) => prop_assert!(failed.contains(&owner(step))),
                Fate::NotTried(Because::Failed(because)) => {
                    prop_assert!(*because < place && matches!(fates[*because], Fate::Failed(_)));
                    if only_its_own {
                        prop_assert_eq!(owner(&steps[*because]), owner(step));
                    } else {
                        prop_assert_eq!(Some(*because), first);
                    }
                }
                other => prop_assert!(false, "{other:?}"),
            }
            // Behind the phase of the first failure, nothing is tried.
            if let Some(first) = first
                && (!only_its_own || owner(step) == owner(&steps[first]))
                && step.phase() > steps[first].phase()
            {
                prop_assert!(matches!(fate, Fate::NotTried(_)), "{step:?}: {fate:?}");
            }
        }
        let left = plan(&wanted, &table, policy).steps;
        if only_its_own || failed.is_empty() {
            prop_assert!(left.iter().all(|step| failed.contains(&owner(step))), "{left:?}");
        }
        // Doing it again is always right.
        for step in &left {
            prop_assert_eq!(making::make(&mut table, step), Ok(()));
        }
        prop_assert!(plan(&wanted, &table, policy).is_empty());
    }

    /// A plan towards what is wanted under the drains of a director gives no drained server a
    /// weight, and leads as any other plan does.
    #[test]
    fn a_drain_under_way_is_not_undone(
        found in tables(),
        wanted in tables(),
        drained in any::<u32>(),
        reorder in any::<bool>(),
    ) {
        let policy = Policy::exact().reorder(reorder);
        let mut found = Observed::from(&found);
        let mut drains = Drains::default();
        for (place, entry) in found.services.iter_mut().enumerate() {
            for (number, server) in entry.servers.iter_mut().enumerate() {
                if drained.rotate_right((7 * place + number) as u32) & 1 == 1 {
                    drains.begin(Drain {
                        service: entry.service.key,
                        server: server.key,
                        weight: server.weight,
                        deadline: Duration::ZERO,
                        then: Then::Remove,
                    });
                    server.weight = Weight::ZERO;
                }
            }
        }
        let wanted = drains.applied_to(wanted);
        for step in plan(&wanted, &found, policy).steps {
            let (service, after) = match &step {
                Step::EditServer { service, after, .. } => (service, after),
                Step::PutServer { service, server } => (service, server),
                Step::AddServer { service, server, .. } => (service, server),
                _ => continue,
            };
            let is_drained = drains.drain(service, &after.key).is_some();
            prop_assert!(!is_drained || after.weight == Weight::ZERO, "{step:?}");
        }
        making::leads(&found, &wanted, policy);
    }

    /// Whatever was changed since a table was observed, a plan towards it changes it back.
    #[test]
    fn a_plan_towards_what_was_observed_rolls_back(before in tables(), after in tables()) {
        let policy = Policy::exact().reorder(true);
        let (saved, mut table) = (Observed::from(&before), Observed::from(&after));
        let desired = Desired::try_from(&saved).unwrap();
        prop_assert!(plan(&desired, &saved, policy).is_empty());
        for step in plan(&desired, &table, policy).steps {
            prop_assert_eq!(making::make(&mut table, &step), Ok(()));
        }
        // A setting that was not looked at is left alone.
        table.sysctls.retain(|it| saved.sysctls.iter().any(|saved| saved.name == it.name));
        prop_assert_eq!(in_order(table), in_order(saved));
    }

    /// Into an empty table, servers go in the order of the file; and what is
    /// written down is what was there.
    #[cfg(feature = "file")]
    #[test]
    fn what_is_written_is_read_again(found in tables()) {
        // Of settings such a file says nothing.
        let table = Observed { sysctls: Vec::new(), ..Observed::from(&found) };
        let mut written = Vec::new();
        crate::file::write(&table, &mut written).unwrap();
        let read = crate::file::read(&written).unwrap().desired;
        prop_assert!(plan(&read, &table, Policy::exact()).is_empty());
        let mut made = Observed { timeouts: table.timeouts, ..Observed::default() };
        for step in plan(&read, &made.clone(), Policy::exact()).steps {
            prop_assert_eq!(making::make(&mut made, &step), Ok(()));
        }
        prop_assert_eq!(made, table);
    }

    /// Whatever stands in a file, reading it ends, and each problem has a line of it.
    #[cfg(feature = "file")]
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
