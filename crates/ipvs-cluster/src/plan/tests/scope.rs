// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeSet;

use ipvs_netlink::{DestinationKey, ServiceKey};

use super::*;
use crate::desired::Fault;

fn service(number: u8) -> ServiceKey {
    format!("tcp/192.0.2.{number}:80").parse().unwrap()
}

fn server(number: u8) -> DestinationKey {
    format!("10.0.0.{number}:80").parse().unwrap()
}

/// Scopes of some of what [`tables`] may have.
fn scopes() -> impl Strategy<Value = Scope> {
    let services = (vec(1..5_u8, 0..4), vec(1..5_u8, 0..3), any::<bool>());
    let servers = proptest::option::of(vec(1..8_u8, 0..6));
    let objects = vec((1..5_u8, vec(1..8_u8, 0..6)), 0..4);
    (services, servers, objects, any::<bool>(), any::<bool>()).prop_map(
        |((keys, vips, all), servers, objects, timeouts, daemons)| {
            let mut scope = Scope::of_services(keys.into_iter().map(service));
            scope = scope.and_addresses(vips.into_iter().map(|n| [192, 0, 2, n].into()));
            if all {
                scope = Scope::everything();
            }
            if timeouts {
                scope = scope.and_timeouts();
            }
            if daemons {
                scope = scope.and_daemons();
            }
            let objects = objects.into_iter().map(|(n, own)| (service(n), own));
            let objects = objects.map(|(key, own)| (key, own.into_iter().map(server)));
            scope = scope.and_objects(objects);
            match servers {
                Some(own) => scope.only_servers(own.into_iter().map(|n| server(n).address)),
                None => scope,
            }
        },
    )
}

/// Says all of a table to a builder, and lists what of it is outside its scope.
fn say(wanted: &Desired, scope: &Scope) -> (Builder<()>, BTreeSet<String>) {
    let mut builder = Builder::within(scope.clone());
    let mut outside = BTreeSet::new();
    let mut note = |subject: Subject| {
        if !scope.contains(&subject) {
            outside.insert(subject.to_string());
        }
    };
    for entry in wanted.services() {
        let key = entry.service.key;
        note(Subject::Service(key));
        if scope.contains(&Subject::Service(key)) {
            entry.servers.iter().for_each(|it| note(Subject::Server(key, it.server.key)));
        }
        builder.service((), entry.clone());
    }
    if let Some(timeouts) = wanted.timeouts() {
        note(Subject::Timeouts);
        builder.timeouts((), timeouts);
    }
    if let Some(daemons) = wanted.daemons() {
        builder.only_daemons();
        for daemon in daemons {
            note(Subject::Daemon(daemon.role));
            builder.daemon((), daemon.clone());
        }
    }
    (builder, outside)
}

/// Wants of a table what is in the scope.
fn within(wanted: &Desired, scope: &Scope) -> Desired {
    let mut builder = Builder::within(scope.clone());
    for entry in wanted.services() {
        let key = entry.service.key;
        if scope.contains(&Subject::Service(key)) {
            let mut entry = entry.clone();
            entry.servers.retain(|it| scope.contains(&Subject::Server(key, it.server.key)));
            builder.service((), entry);
        }
    }
    if let Some(timeouts) = wanted.timeouts().filter(|_| scope.contains(&Subject::Timeouts)) {
        builder.timeouts((), timeouts);
    }
    if let Some(daemons) = wanted.daemons() {
        builder.only_daemons();
        let own = daemons.iter().filter(|it| scope.contains(&Subject::Daemon(it.role)));
        own.for_each(|daemon| {
            builder.daemon((), daemon.clone());
        });
    }
    builder.finish().unwrap()
}

/// What is not wanted goes, but for what others have in it, and what they have beside it.
#[test]
fn a_service_stays_for_the_servers_of_others() {
    let mut builder = Builder::new();
    let servers = [1, 2].map(|n| Destination::new(server(n), ForwardingMethod::Gateway));
    for number in [1, 2, 3] {
        let entry = DesiredService::new(Service::new(service(number), Scheduler::Rr));
        let count = if number == 2 { 1 } else { 2 };
        builder.service((), entry.with_servers(servers.into_iter().take(count)));
    }
    let found = Observed::from(&builder.finish().unwrap());
    let scope = Scope::of_services([service(1), service(2)]);
    let told = |scope: Scope, policy| {
        let nothing = Builder::<()>::within(scope).finish().unwrap();
        let plan = plan(&nothing, &found, policy);
        let loss = Loss::of(&plan, &nothing, &found);
        let steps: Vec<_> = plan.steps.iter().map(Step::to_string).collect();
        (steps.join(", "), loss.to_string())
    };
    let both = "delete service tcp/192.0.2.1:80, delete service tcp/192.0.2.2:80";
    assert_eq!(
        told(scope.clone(), Policy::exact()),
        (both.to_owned(), "2 of 2 services and 3 of 3 servers".to_owned())
    );
    let own = scope.clone().only_servers([server(1).address]);
    let shared = "delete server 10.0.0.1:80 of tcp/192.0.2.1:80, delete service tcp/192.0.2.2:80";
    assert_eq!(
        told(own.clone(), Policy::exact()),
        (shared.to_owned(), "1 of 2 services and 2 of 2 servers".to_owned())
    );
    assert_eq!(told(own, Policy::add_only()).0, "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is there and wanted, the plan stays inside the scope, and all that holds of
    /// plans holds of it.
    #[test]
    fn a_plan_stays_within_its_scope(
        found in tables(),
        wanted in tables(),
        scope in scopes(),
        policy in policies(),
    ) {
        making::leads(&Observed::from(&found), &within(&wanted, &scope), policy);
    }

    /// What is outside the scope is told of, all of it and nothing else, and no table has it.
    #[test]
    fn what_is_outside_a_scope_cannot_be_wanted(wanted in tables(), scope in scopes()) {
        let (builder, outside) = say(&wanted, &scope);
        match builder.finish() {
            Ok(desired) => {
                prop_assert_eq!(outside, BTreeSet::new());
                prop_assert_eq!(desired, within(&wanted, &scope));
            }
            Err(faults) => {
                let told = |fault: &Fault<()>| {
                    assert_eq!(fault.why, Why::OutsideScope);
                    fault.subject.to_string()
                };
                prop_assert_eq!(faults.0.len(), outside.len());
                prop_assert_eq!(faults.0.iter().map(told).collect::<BTreeSet<_>>(), outside);
            }
        }
    }

    /// Of what was observed, only what is the caller's is changed back.
    #[test]
    fn a_scoped_rollback_leaves_what_others_did(
        before in tables(),
        after in tables(),
        scope in scopes(),
    ) {
        let saved = Observed::from(&before);
        let desired = Desired::from_observed(&saved, scope).unwrap();
        let policy = Policy::exact().reorder(true);
        prop_assert!(plan(&desired, &saved, policy).is_empty());
        making::leads(&Observed::from(&after), &desired, policy);
    }

    /// Two owners who say what they like, each object by itself: either each that is said again
    /// is told of, or what was built is a table like any other.
    #[test]
    fn what_can_be_built_by_hand_is_as_safe_as_a_file(
        found in tables(),
        said in vec((0..2_u8, 1..6_u8, proptest::option::of((1..9_u8, 0..3_u32))), 0..9),
        policy in policies(),
    ) {
        let mut builder = Builder::new();
        let (mut subjects, mut conflicts) = (BTreeSet::new(), 0);
        for (owner, number, of) in said {
            let key = service(number);
            let is_new = match of {
                None => {
                    let wanted = DesiredService::new(Service::new(key, Scheduler::Sh));
                    builder.service(owner, wanted);
                    subjects.insert((number, None))
                }
                Some((of, weight)) => {
                    let mut wanted = Destination::new(server(of), ForwardingMethod::Gateway);
                    wanted.weight = Weight::new(weight).unwrap();
                    builder.server(owner, key, DesiredServer::new(wanted));
                    subjects.contains(&(number, None)) && subjects.insert((number, Some(of)))
                }
            };
            conflicts += usize::from(!is_new);
        }
        match builder.finish() {
            Ok(desired) => {
                prop_assert_eq!(conflicts, 0);
                making::leads(&Observed::from(&found), &desired, policy);
            }
            Err(faults) => prop_assert_eq!(faults.0.len(), conflicts),
        }
    }
}
