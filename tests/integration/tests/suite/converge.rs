// SPDX-License-Identifier: MIT OR Apache-2.0

//! `ipvs_cluster::Converge` on the kernel: what one service's failure does to others, what
//! belongs to others, and the way back.

use ipvs_cluster::{
    Because, Builder, Converge, Desired, DesiredService, Fate, Observed, OnFailure, OnUnsound,
    Policy, Scope, Subject, Verdict, file, plan,
};
use ipvs_netlink::{
    Client, ConnectOptions, Destination, ErrorKind, ForwardingMethod, Scheduler, Service,
    ServiceKey, Weight, unchecked,
};
use lab::Host;

use crate::rsctl_restore::{WANTED, director};
use crate::rsctl_save::observe;
use crate::tables::{Random, damage, fill, widen};

const EXACT: Policy = Policy::exact();
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
        let steps = || report.steps();
        let failed = steps().position(|(_, fate)| matches!(fate, Fate::Failed(_))).unwrap();
        assert_eq!(report.plan.steps()[failed].subject(), Subject::Service(failing));
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
        let left: Vec<_> = left.steps().iter().map(|step| step.service()).collect();
        if on_failure == OnFailure::StopService {
            assert_eq!(not_tried, [Some(failing)]);
            assert_eq!(left, [Some(failing); 2]);
        } else {
            assert_eq!(not_tried.len(), usize::from(SERVICES));
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
    for policy in [EXACT, EXACT.reorder(true)] {
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

/// A hundred services, of which one names a scheduler that the kernel lacks: 188 other changes
/// are made, drains among them, or not tried because of that one.
#[test]
fn one_bad_service_among_a_hundred_stops_no_other() {
    const CHANGED: u8 = 94;
    let server = |number: u8| {
        let key = format!("10.0.0.{number}:80").parse().unwrap();
        Destination::new(key, ForwardingMethod::Masquerade)
    };
    let table = |is_wanted: bool| {
        let mut builder = Builder::new();
        for number in 1..100 {
            let is_changed = is_wanted && number <= CHANGED;
            let mut servers = vec![server(1)];
            if is_changed {
                servers[0].weight = Weight::ZERO;
                servers.push(server(2));
            }
            let service = DesiredService::new(Service::new(key(number), Scheduler::Rr));
            builder.service(number, service.with_servers(servers));
        }
        if is_wanted {
            let bad = Service::new(key(100), unchecked::scheduler("none_such"));
            builder.service(100, DesiredService::new(bad));
        }
        builder.finish().unwrap()
    };
    for (on_failure, made) in [(OnFailure::StopService, 188), (OnFailure::StopAll, 0)] {
        let host = Host::new("director");
        let mut client = connect(&host);
        let before = Converge::new(&table(false), EXACT).run(&mut client).unwrap();
        assert!(before.is_converged());
        let desired = table(true);
        for round in ["first", "second"] {
            let report = Converge::new(&desired, EXACT).on_failure(on_failure).run(&mut client);
            let report = report.unwrap();
            assert!(!report.is_converged());
            let made_now = if round == "first" { made } else { 0 };
            let done = report.steps().filter(|(_, fate)| matches!(fate, Fate::Done)).count();
            assert_eq!(done, made_now, "{round} {on_failure:?}");
            let failed: Vec<_> = report
                .steps()
                .filter_map(|(step, fate)| match fate {
                    Fate::Failed(error) => Some((step.subject(), error.kind())),
                    Fate::NotTried(because) => {
                        assert_eq!(*because, Because::Failed(0));
                        None
                    }
                    _ => None,
                })
                .collect();
            let bad = Subject::Service(key(100));
            assert_eq!(failed, [(bad, ErrorKind::SchedulerMissing)]);
            let Verdict::Read { left, .. } = &report.verdict else { panic!("{report:?}") };
            assert_eq!(left.steps().len(), 189 - made, "{round} {on_failure:?}");
        }
    }
}

/// What others have on the director stays, whatever is wanted: services beside ours, and their
/// servers in ours if the scope says so.
#[test]
fn what_is_outside_the_scope_survives() {
    let others = "-A -t 192.0.2.77:80 -s wrr\n\
                  -a -t 192.0.2.77:80 -r 10.0.0.77:80 -m -w 3\n\
                  -A -f 9 -s rr\n";
    let ours = "-A -t 192.0.2.1:80 -s rr\n\
                -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1\n\
                -a -t 192.0.2.1:80 -r 10.0.0.99:80 -m -w 1\n\
                -A -t 192.0.2.2:80 -s rr\n\
                -a -t 192.0.2.2:80 -r 10.0.0.99:80 -m -w 1\n";
    let services = Scope::of_addresses([[192, 0, 2, 1].into(), [192, 0, 2, 2].into()]);
    let servers = services.clone().only_servers([[10, 0, 0, 1].into(), [10, 0, 0, 2].into()]);
    let now = |host: &Host| {
        let saved = host.must("ipvsadm -Sn").stdout;
        let mut lines: Vec<_> = saved.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.sort();
        lines
    };
    let lines = |text: &[&str]| {
        let mut lines: Vec<_> = text.concat().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let stay = "-a -t 192.0.2.1:80 -r 10.0.0.99:80 -m -w 1\n\
                -A -t 192.0.2.2:80 -s rr\n\
                -a -t 192.0.2.2:80 -r 10.0.0.99:80 -m -w 1\n";
    let made = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 1\n";
    for (scope, stay, left) in [(&services, "", ""), (&servers, stay, "-A -t 192.0.2.1:80 -s rr\n")]
    {
        let host = Host::new("director");
        host.feed("ipvsadm -R", &[others, ours].concat());
        host.must("ipvsadm --set 901 121 301; ipvsadm --start-daemon backup --mcast-interface lo");
        let before = observe(&host);
        let mut client = connect(&host);
        let mut builder = Builder::within(scope.clone());
        let server = Destination::new("10.0.0.2:80".parse().unwrap(), ForwardingMethod::Masquerade);
        let service = DesiredService::new(Service::new(key(1), Scheduler::Rr));
        builder.service("ours", service.with_servers([server])).only_daemons();
        let desired = builder.finish().unwrap();

        let report = Converge::new(&desired, EXACT).run(&mut client).unwrap();
        assert!(report.is_converged() && !report.plan.is_empty(), "{report:?}");
        assert_eq!(now(&host), lines(&[others, made, stay]));
        let look = || Converge::new(&desired, EXACT).look(&mut connect(&host)).unwrap();
        assert!(look().plan().is_empty());
        // What others do is no difference; what is ours is.
        host.must("ipvsadm -D -f 9; ipvsadm -E -t 192.0.2.77:80 -s rr");
        assert!(look().plan().is_empty());
        let again = Converge::new(&desired, EXACT).run(&mut client).unwrap();
        assert!(again.is_converged() && again.plan.is_empty());
        host.must("ipvsadm -e -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 9");
        assert_eq!(look().plan().steps().len(), 1);
        host.must("ipvsadm -A -f 9 -s rr; ipvsadm -E -t 192.0.2.77:80 -s wrr");

        // The way back, and out.
        let saved = Desired::from_observed(&before, scope.clone()).unwrap();
        assert!(Converge::new(&saved, EXACT).run(&mut client).unwrap().is_converged());
        assert_eq!(now(&host), lines(&[others, ours]));
        let nothing = Builder::<&str>::within(scope.clone()).finish().unwrap();
        assert!(Converge::new(&nothing, EXACT).run(&mut client).unwrap().is_converged());
        assert_eq!(now(&host), lines(&[others, left, stay]));
        let after = observe(&host);
        assert_eq!((after.timeouts, after.daemons), (before.timeouts, before.daemons));
    }
}

/// A look reads once what is as wanted, and what it then plans is what a full look plans:
/// whatever differs, in whichever field, of whichever object, in lists of one datagram and of
/// several. What it says was there is all that was there.
#[test]
fn a_look_plans_what_a_full_look_plans() {
    const ROUNDS: u64 = 12;
    for round in 1..=ROUNDS {
        let host = Host::new("director");
        let mut random = Random::new(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        fill(&host, &mut random, round % 2 == 0);
        widen(&host, &mut random);
        let wanted = Desired::try_from(&observe(&host)).unwrap();
        let small = || ConnectOptions::new().servers_per_service(0).connect().unwrap();
        let mut client = host.enter(small);
        for number in 0..20 {
            let full = Observed::read(&mut client).unwrap();
            for policy in [EXACT, EXACT.reorder(true), Policy::add_only()] {
                let look = Converge::new(&wanted, policy).on_unsound(OnUnsound::SetAsIs);
                let outlook = look.look(&mut client).unwrap();
                let expected = plan(&wanted, &full, policy);
                assert_eq!(outlook.plan(), &expected, "round {round}, {number}: {policy:?}");
                assert_eq!(outlook.observed(), &full, "round {round}, {number}: {policy:?}");
                assert!(number > 0 || expected.is_empty());
            }
            // One thing after the other, and then many at once.
            for _ in 0..if number < 15 { 1 } else { 20 } {
                damage(&host, &mut random);
            }
        }
        let report = Converge::new(&wanted, EXACT.reorder(true)).run(&mut client).unwrap();
        assert!(report.is_converged() && !report.plan.is_empty(), "round {round}: {report:?}");
        assert!(plan(&wanted, &observe(&host), EXACT.reorder(true)).is_empty());
    }
}
