// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Destination, ForwardingMethod, Scheduler, Service, SyncDaemon, SyncRole, Thresholds, Weight,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

/// Shared with the fuzz targets, which see the library from outside.
#[path = "../../tests/support/making.rs"]
mod making;

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
        is_judged: false,
        timeouts: timeouts.map(|s| ipvs_netlink::SetTimeouts::new().tcp(s).unwrap()),
    })
}

/// What a file's reader found and let through, as the kernel may hold it, is refused where
/// it would be new, by its line; and not where it is there.
#[test]
fn what_was_doubted_is_refused_where_it_is_new() {
    let file = r#"{
  "format": "ipvs-table/1",
  "services": [
    {
      "service": "tcp/192.0.2.1:80",
      "scheduler": "rr",
      "servers": [
        {"server": "10.0.0.1:80", "method": "gateway"},
        {"server": "10.0.0.2:8080", "method": "gateway"}
      ]
    }
  ]
}"#;
    let desired = crate::file::read(file.as_bytes()).unwrap();
    assert!(desired.is_judged);
    let refused = |observed: &Observed| {
        let policy = Policy::default();
        let problems = refused(&plan(&desired, observed, policy), &desired, observed, policy);
        problems.into_iter().map(|problem| problem.line).collect::<Vec<_>>()
    };
    assert_eq!(refused(&Observed::default()), [9]);
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
        let desired = Desired { services: vec![service], ..Desired::default() };
        let mut observed = Observed::from(&desired);
        let policy = Policy { delete: true, reorder: true };
        assert!(plan(&desired, &observed, policy).is_empty(), "{scheduler:?}");
        assert!(reordered(&desired, &observed).is_empty(), "{scheduler:?}");
        observed.services[0].servers.reverse();
        assert_eq!(!plan(&desired, &observed, policy).is_empty(), matters, "{scheduler:?}");
        assert_eq!(!reordered(&desired, &observed).is_empty(), matters, "{scheduler:?}");
        let keeping = Policy { delete: false, ..policy };
        assert!(plan(&desired, &observed, keeping).is_empty(), "{scheduler:?}");
    }
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
        let found = Observed::from(&found);
        let policy = Policy { delete, reorder };
        making::leads(&found, &wanted, policy);
        let plan = plan(&wanted, &found, policy);
        let lifts = |step: &&Step| matches!(step, Step::LiftServer { .. });
        for batch in plan.steps.chunk_by(crate::apply::together) {
            prop_assert!(batch.iter().filter(lifts).count() <= 1, "{batch:?}");
        }
        // What is told of is what would be put in order.
        if delete && reorder {
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
        let policy = Policy { reorder, ..Policy::default() };
        let found = Observed::from(&found);
        let mut glance = found.clone();
        for (number, entry) in glance.services.iter_mut().enumerate() {
            if known & (1 << number) != 0 {
                entry.servers.clear();
                entry.is_known = true;
            }
        }
        let known: HashSet<_> =
            glance.services.iter().filter(|it| it.is_known).map(|it| it.service.key).collect();
        let mut expected = plan(&wanted, &found, policy);
        expected.steps.retain(|step| match (step.service(), step.server()) {
            (Some(service), Some(_)) => !known.contains(&service),
            _ => true,
        });
        for step in &mut expected.steps {
            if let Step::DeleteService { before, servers } = step
                && known.contains(&before.key)
            {
                *servers = 0;
            }
        }
        prop_assert_eq!(plan(&wanted, &glance, policy), expected);
        let mut told = reordered(&wanted, &found);
        told.retain(|service| !known.contains(service));
        prop_assert_eq!(reordered(&wanted, &glance), told);
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
            prop_assert_eq!(making::make(&mut made, &step), Ok(()));
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
