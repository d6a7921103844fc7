// SPDX-License-Identifier: MIT OR Apache-2.0

//! `ipvs_cluster::Converge` on the kernel: what one service's failure does to others, and the
//! way back.

use ipvs_cluster::{
    Because, Builder, Converge, Desired, DesiredService, Fate, OnFailure, Policy, Subject, Verdict,
    file,
};
use ipvs_netlink::{
    Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey, unchecked,
};
use lab::Host;

use crate::rsctl_restore::{WANTED, director};
use crate::rsctl_save::observe;

const EXACT: Policy = Policy { delete: true, reorder: false };
const SERVICES: u8 = 20;

fn key(number: u8) -> ServiceKey {
    format!("tcp/192.0.2.{number}:80").parse().unwrap()
}

/// So many services with servers 1 and 2, or 2 and 3; one of them with another scheduler.
fn wanted(servers: [u8; 2], odd: Option<(u8, Scheduler)>) -> Desired {
    let mut builder = Builder::new();
    for number in 1..=SERVICES {
        let odd = odd.clone().filter(|(odd, _)| *odd == number);
        let service = Service::new(key(number), odd.map_or(Scheduler::Rr, |(_, it)| it));
        let servers = servers.map(|server| {
            let key = format!("10.0.0.{server}:80").parse().unwrap();
            Destination::new(key, ForwardingMethod::Masquerade)
        });
        builder.service(number, DesiredService::new(service).with_servers(servers));
    }
    builder.finish().unwrap()
}

fn connect(host: &Host) -> Client {
    host.enter(|| Client::connect().unwrap())
}

/// A service that asks for what the kernel lacks stays as it was; all others get the new
/// server and lose the old one, if that is the caller's choice.
#[test]
fn a_failure_reaches_as_far_as_the_caller_says() {
    let failing = key(7);
    let desired = wanted([2, 3], Some((7, unchecked::scheduler("none_such"))));
    for on_failure in [OnFailure::StopService, OnFailure::StopAll] {
        let host = Host::new("director");
        let mut client = connect(&host);
        let made = Converge::new(&wanted([1, 2], None), EXACT).run(&mut client).unwrap();
        assert!(made.is_converged());
        let report = Converge::new(&desired, EXACT).on_failure(on_failure).run(&mut client);
        let report = report.unwrap();
        assert!(!report.is_converged());
        let steps = || report.plan.steps.iter().zip(&report.applied.fates);
        let failed = steps().position(|(_, fate)| matches!(fate, Fate::Failed(_))).unwrap();
        assert_eq!(report.plan.steps[failed].subject(), Subject::Service(failing));
        let mut not_tried = Vec::new();
        for (step, fate) in steps() {
            match fate {
                Fate::Done => {}
                Fate::Failed(_) => assert_eq!(step.service(), Some(failing)),
                Fate::NotTried(Because::Failed(because)) => {
                    assert_eq!(*because, failed);
                    not_tried.push(step.service());
                }
                other => panic!("{other:?}"),
            }
        }
        let Verdict::Read { left, .. } = &report.verdict else { panic!("{report:?}") };
        let left: Vec<_> = left.steps.iter().map(|step| step.service()).collect();
        match on_failure {
            OnFailure::StopService => {
                assert_eq!(not_tried, [Some(failing)]);
                assert_eq!(left, [Some(failing); 2]);
            }
            OnFailure::StopAll => assert_eq!(not_tried.len(), usize::from(SERVICES)),
        }
        for entry in observe(&host).services {
            let is_behind = on_failure == OnFailure::StopAll || entry.service.key == failing;
            assert_eq!(entry.servers.len(), if is_behind { 3 } else { 2 }, "{entry:?}");
        }
    }
}

/// From one table to another and back to the one that was seen before, each in one call; and
/// once more, with nothing to do.
#[test]
fn what_was_observed_is_rolled_back_to() {
    let host = director();
    host.must("ipvsadm --start-daemon backup --mcast-interface lo --syncid 4; ipvsadm --set 9 8 7");
    let mut client = connect(&host);
    let before = observe(&host);
    let desired = file::read(WANTED.as_bytes()).unwrap().desired;
    for policy in [EXACT, Policy { reorder: true, ..EXACT }] {
        let there = Converge::new(&desired, policy).run(&mut client).unwrap();
        assert!(there.is_converged() && !there.plan.is_empty());
        host.must("ipvsadm --stop-daemon backup; ipvsadm --set 900 120 300");
        let saved = Desired::try_from(&before).unwrap();
        let back = Converge::new(&saved, policy).run(&mut client).unwrap();
        assert!(back.is_converged() && !back.plan.is_empty());
        let again = Converge::new(&saved, policy).run(&mut client).unwrap();
        assert!(again.is_converged() && again.plan.is_empty());
        let mut after = observe(&host);
        // Of these schedulers none hashes by the order.
        let mut expected = before.clone();
        for entry in after.services.iter_mut().chain(&mut expected.services) {
            entry.servers.sort_by_key(|server| server.key);
        }
        assert_eq!(after, expected);
    }
}
