// SPDX-License-Identifier: MIT OR Apache-2.0

//! A convergence that ends as by `kill -9`, behind every single change of a plan of two hundred:
//! a plain one goes on from there, and another one goes back.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipvs_cluster::{
    Builder, Converge, Desired, DesiredService, Observed, Policy, Scope, Subject, Sysctl,
};
use ipvs_netlink::{
    Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey, SetTimeouts, SyncDaemon,
    SyncRole, Thresholds, Weight,
};
use lab::Host;

use crate::converge_damage::all;
use crate::transports::mortal;

pub(crate) const POLICY: Policy = Policy::exact().reorder(true);
const SERVICES: u8 = 30;

/// What others have: a service, a server in one of ours that stays, and one in one that goes.
const OTHERS: &str = "ipvsadm -A -t 192.0.2.200:80 -s wrr
    ipvsadm -a -t 192.0.2.200:80 -r 10.0.0.1:80 -m -w 3
    ipvsadm -A -f 9 -s rr
    ipvsadm -a -t 192.0.2.2:80 -r 10.99.0.1:80 -m -w 7
    ipvsadm -a -t 192.0.2.6:80 -r 10.99.0.1:80 -m -w 7";

fn vip(number: u8) -> IpAddr {
    [192, 0, 2, number].into()
}

/// Says whether a service is only in the second table.
pub(crate) fn is_new(key: &ServiceKey) -> bool {
    (1..=SERVICES).any(|number| number % 6 == 1 && *key == ServiceKey::tcp(vip(number), 80))
}

/// The first table or the second. From one to the other leads something of each phase of a plan:
/// services that go, come, get another scheduler, another order of servers, other weights, and
/// lose a server by its weight.
pub(crate) fn table(is_second: bool) -> Desired {
    let scope = Scope::of_addresses((1..=SERVICES).map(vip))
        .only_servers_in([([10, 0, 0, 0].into(), 16)])
        .and_timeouts()
        .and_sysctls()
        .and_daemons();
    let mut builder = Builder::within(scope);
    for number in 1..=SERVICES {
        let kind = number % 6;
        if kind == u8::from(!is_second) {
            continue;
        }
        let scheduler = match kind {
            1 if number == 7 => Scheduler::Mh,
            2 if is_second => Scheduler::Wlc,
            3 => Scheduler::Mh,
            _ => Scheduler::Wrr,
        };
        let mut servers: Vec<u8> = match kind {
            3 => (1..=6).collect(),
            4 | 5 => (1..=8).collect(),
            _ if is_second => (5..=12).collect(),
            _ => (1..=8).collect(),
        };
        if kind == 3 && is_second {
            servers.reverse();
        }
        let servers = servers.into_iter().map(|server| {
            let key = format!("10.0.0.{server}:80").parse().unwrap();
            let mut it = Destination::new(key, ForwardingMethod::Masquerade);
            let weight = match kind {
                2 => u32::from(if is_second { 20 - server } else { 1 }),
                4 if is_second => 1 + u32::from(server),
                5 if is_second => u32::from(server > 2),
                _ => 1,
            };
            it.weight = Weight::new(weight).unwrap();
            if kind == 4 && is_second {
                it.thresholds = Thresholds::new(100, 50).unwrap();
            }
            it
        });
        let service =
            DesiredService::new(Service::new(ServiceKey::tcp(vip(number), 80), scheduler));
        builder.service(number, service.with_servers(servers));
    }
    let of = u32::from(is_second);
    builder.timeouts(0, SetTimeouts::new().tcp(900 + of).unwrap());
    let name = "expire_nodest_conn".parse().unwrap();
    builder.sysctl(0, Sysctl::new(name, &of.to_string()).unwrap());
    builder
        .daemon(0, SyncDaemon::new(SyncRole::Backup, "lo".parse().unwrap(), u8::from(is_second)));
    builder.finish().unwrap()
}

/// A director with the first table, and with what others have.
pub(crate) fn director() -> Host {
    let host = Host::new("director");
    host.enter(|| converge(&table(false)));
    host.must(OTHERS);
    host
}

/// Makes it so, and says what is there then.
#[track_caller]
pub(crate) fn converge(wanted: &Desired) -> Observed {
    let mut client = Client::connect().unwrap();
    let report = Converge::new(wanted, POLICY).run(&mut client).unwrap();
    assert!(report.is_converged(), "{report:#?}");
    all(&mut client)
}

fn now() -> Observed {
    all(&mut Client::connect().unwrap())
}

/// Servers that take new clients, by service.
fn usable(table: &Observed) -> BTreeMap<ServiceKey, usize> {
    let count =
        |servers: &[Destination]| servers.iter().filter(|it| it.weight > Weight::ZERO).count();
    table.services.iter().map(|it| (it.service.key, count(&it.servers))).collect()
}

/// What others have.
fn foreign(table: &Observed, scope: &Scope) -> Vec<(ServiceKey, Vec<Destination>)> {
    let others = table.services.iter().map(|entry| {
        let key = entry.service.key;
        let is_foreign = |it: &&Destination| !scope.contains(&Subject::Server(key, it.key));
        (key, entry.servers.iter().filter(is_foreign).copied().collect::<Vec<_>>())
    });
    let is_foreign = |key: &ServiceKey| !scope.contains(&Subject::Service(*key));
    others.filter(|(key, servers)| is_foreign(key) || !servers.is_empty()).collect()
}

#[test]
fn killed_behind_any_change_a_convergence_goes_on_or_goes_back() {
    const BOTH_WAYS: [bool; 2] = [true, false];
    let host = director();
    host.enter(|| {
        let (first, second) = (table(false), table(true));
        let (before, after) = (converge(&first), converge(&second));
        assert_eq!(converge(&first), before);
        let others = foreign(&before, first.scope());
        assert_eq!(others.len(), 4);
        let (least, usable_after) = (usable(&before), usable(&after));
        let mut changes = 0;
        loop {
            let mut lived = false;
            for goes_on in BOTH_WAYS {
                lived = mortal(changes, |client| {
                    let report = Converge::new(&second, POLICY).run(client).unwrap();
                    assert!(report.is_converged());
                })
                .is_some();
                // Nobody has fewer servers than before and after, but for one that is on its
                // way to another place.
                let found = now();
                let usable = usable(&found);
                for (key, least) in &least {
                    let Some(after) = usable_after.get(key) else { continue };
                    let service = found.services.iter().find(|it| it.service.key == *key).unwrap();
                    let away = usize::from(service.service.scheduler == Scheduler::Mh);
                    assert!(usable[key] + away >= *least.min(after), "{key} behind {changes}");
                }
                assert_eq!(foreign(&found, first.scope()), others, "behind {changes}");
                if goes_on {
                    assert_eq!(converge(&second), after, "behind {changes}");
                }
                assert_eq!(converge(&first), before, "behind {changes}");
            }
            if lived {
                break;
            }
            changes += 1;
        }
        assert!(changes >= 200, "{changes}");
    });
}
