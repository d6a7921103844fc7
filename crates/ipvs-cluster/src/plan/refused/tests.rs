// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::Ipv4Addr;

use ipvs_netlink::{
    DestinationKey, ForwardingMethod, Invalid, Netmask, SyncDaemon, SyncDaemonEntry, SyncRole,
    Timeouts, Weight, unchecked,
};

use super::*;
use crate::desired::{DesiredServer, DesiredService, Doubt};
use crate::plan::plan;

/// 31 days.
const MOST: u32 = 2_678_400;

fn key() -> ServiceKey {
    "tcp/192.0.2.1:80".parse().unwrap()
}

fn sound() -> Service {
    Service::new(key(), Scheduler::Rr)
}

/// A value with something about it changed.
fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

/// The kernel takes it and ignores it.
fn one_packet() -> Service {
    with(sound(), |it| it.one_packet = true)
}

fn remembering(seconds: u32) -> Service {
    let timeout = unchecked::persistence_timeout(seconds);
    let netmask = Netmask::host(key().family());
    with(sound(), |it| it.persistence = Some(Persistence { timeout, netmask }))
}

fn server(forwarding: ForwardingMethod) -> Destination {
    Destination::new("10.0.0.1:80".parse().unwrap(), forwarding)
}

fn limited(upper: u32, lower: u32) -> Destination {
    let thresholds = unchecked::thresholds(upper, lower);
    with(server(ForwardingMethod::Masquerade), |it| it.thresholds = thresholds)
}

fn edit(before: Service, after: Service) -> Step {
    Step::EditService { before: before.into(), after }
}

fn add_server(server: Destination) -> Step {
    Step::AddServer { service: key(), server, of_new_service: false }
}

fn edit_server(before: Destination, after: Destination) -> Step {
    Step::EditServer { service: key(), before, after }
}

fn set(before: [Option<u32>; 3], after: [Option<u32>; 3]) -> Step {
    let timeouts = |[tcp, tcp_fin, udp]: [Option<u32>; 3]| {
        let mut timeouts = Timeouts::default();
        (timeouts.tcp, timeouts.tcp_fin, timeouts.udp) = (tcp, tcp_fin, udp);
        timeouts
    };
    Step::SetTimeouts { before: timeouts(before), after: unchecked::timeouts(timeouts(after)) }
}

/// A daemon with a sync id that matches no message, as another tool may start it.
fn odd_daemon() -> SyncDaemonEntry {
    let daemon = SyncDaemon::new(SyncRole::Backup, "eth0".parse().unwrap(), 0);
    SyncDaemonEntry::from(&unchecked::sync_id(daemon, 256))
}

fn start(id: u32) -> Step {
    let daemon = SyncDaemon::new(SyncRole::Master, "eth0".parse().unwrap(), 0);
    Step::StartDaemon(unchecked::sync_id(daemon, id))
}

/// What is wrong with a step, and was not before: with what is there already, nothing.
#[test]
fn each_step_has_the_flaws_that_it_brings() {
    let nothing = None::<String>;
    let told = |invalid: Invalid| Some(invalid.to_string());
    let heavier = |server| with(server, |it: &mut Destination| it.weight = Weight::new(7).unwrap());
    let other = |service| with(service, |it: &mut Service| it.scheduler = Scheduler::Wrr);
    let method = || server(ForwardingMethod::Other(5));
    let plain = || server(ForwardingMethod::Masquerade);
    let one_packet_flaw = told(Invalid::OnePacketNotUdp);
    let method_flaw = told(Invalid::ForwardingMethod(5));
    let high = Thresholds::new(u32::MAX, 0).unwrap_err();
    let crossed = told(Invalid::ThresholdsCrossed { lower: 2, upper: 1 });
    let remembers = |seconds: u32| told(Invalid::PersistenceTimeout(seconds.into()));
    let sync_id = Some("sync id 256 is out of range: use 0 to 255".to_owned());
    let rows = [
        (Step::AddService(sound()), nothing.clone()),
        (Step::AddService(one_packet()), one_packet_flaw.clone()),
        (Step::AddService(remembering(MOST)), nothing.clone()),
        (Step::AddService(remembering(MOST + 1)), remembers(MOST + 1)),
        (Step::AddService(remembering(0)), remembers(0)),
        (edit(sound(), remembering(1)), nothing.clone()),
        (edit(sound(), one_packet()), one_packet_flaw.clone()),
        (edit(one_packet(), sound()), nothing.clone()),
        (edit(one_packet(), other(one_packet())), nothing.clone()),
        (edit(sound(), remembering(0)), remembers(0)),
        (edit(remembering(360), remembering(0)), remembers(0)),
        (edit(remembering(0), remembering(MOST + 1)), remembers(MOST + 1)),
        (edit(remembering(0), remembering(360)), nothing.clone()),
        (edit(remembering(0), other(remembering(0))), nothing.clone()),
        // The other's flaw is no excuse.
        (edit(remembering(0), with(remembering(0), |it| it.one_packet = true)), one_packet_flaw),
        (add_server(plain()), nothing.clone()),
        (add_server(method()), method_flaw.clone()),
        (add_server(limited(10, 5)), nothing.clone()),
        (add_server(limited(u32::MAX, 0)), told(high.clone())),
        (add_server(limited(1, 2)), crossed.clone()),
        (edit_server(plain(), heavier(plain())), nothing.clone()),
        (edit_server(plain(), method()), method_flaw.clone()),
        // A weight must be settable.
        (edit_server(method(), heavier(method())), nothing.clone()),
        (edit_server(limited(1, 2), heavier(limited(1, 2))), nothing.clone()),
        (edit_server(limited(1, 2), limited(u32::MAX, 0)), told(high)),
        (edit_server(limited(2, 1), limited(1, 2)), crossed),
        (edit_server(limited(1, 2), limited(2, 1)), nothing.clone()),
        (edit_server(plain(), method()), method_flaw),
        (set([None; 3], [Some(MOST), Some(1), None]), nothing.clone()),
        (set([Some(900); 3], [Some(MOST + 1), None, None]), told(Invalid::Timeout(MOST + 1))),
        (set([Some(900); 3], [None, None, Some(MOST + 2)]), told(Invalid::Timeout(MOST + 2))),
        (set([None; 3], [None, Some(MOST + 1), None]), told(Invalid::Timeout(MOST + 1))),
        // What is there is left, whatever else is set.
        (set([Some(MOST + 1), None, None], [Some(MOST + 1), Some(7), None]), nothing.clone()),
        (start(255), nothing.clone()),
        (start(256), sync_id),
        // What goes may be anything, and what comes again was there.
        (Step::DeleteServer { service: key(), before: method() }, nothing.clone()),
        (Step::LiftServer { service: key(), server: method() }, nothing.clone()),
        (Step::PutServer { service: key(), server: limited(1, 2) }, nothing.clone()),
        (Step::DeleteService { before: one_packet(), servers: 0 }, nothing.clone()),
        (Step::StopDaemon { before: odd_daemon(), restarts: false }, nothing),
    ];
    for (row, (step, expected)) in rows.into_iter().enumerate() {
        assert_eq!(flaw(&step), expected, "row {row}: {step:?}");
    }
}

fn refusals(desired: &Desired, observed: &Observed, policy: Policy) -> Vec<Problem> {
    refused(&plan(desired, observed, policy), desired, observed, policy)
}

/// What was judged when it was read is not judged again where it is new; what is edited is, by
/// what is there.
#[test]
fn what_was_judged_is_told_by_its_line() {
    let service = DesiredService {
        servers: vec![DesiredServer::new(server(ForwardingMethod::Other(5)))],
        ..DesiredService::new(one_packet())
    };
    let doubt = |line, subject, message: &str| Doubt { line, subject, message: message.into() };
    let a_server = Subject::Server(key(), "10.0.0.1:80".parse().unwrap());
    let there = Observed::from(&Desired {
        services: vec![DesiredService::new(sound())],
        ..Desired::default()
    });
    let one_packet = Invalid::OnePacketNotUdp.to_string();
    let method = Invalid::ForwardingMethod(5).to_string();
    let none = Observed::default();
    let told = |is_judged, doubts: &[Doubt], observed: &Observed| -> Vec<(usize, String)> {
        let (services, doubts) = (vec![service.clone()], doubts.to_vec());
        let desired = Desired { services, doubts, is_judged, ..Desired::default() };
        let told = refusals(&desired, observed, Policy::default());
        told.into_iter().map(|problem| (problem.line, problem.message)).collect()
    };
    let (first, second) = (one_packet.clone(), method.clone());
    assert_eq!(told(false, &[], &none), [(1, first.clone()), (1, second.clone())]);
    assert_eq!(told(true, &[], &none), []);
    // By line, whatever the order of the steps.
    let doubts = [doubt(9, Subject::Service(key()), "x"), doubt(4, a_server, "y")];
    assert_eq!(told(true, &doubts, &none), [(4, second.clone()), (9, first.clone())]);
    assert_eq!(told(true, &doubts[1..], &none), [(4, second.clone())]);
    assert_eq!(told(true, &[doubt(3, Subject::Timeouts, "z")], &none), []);
    // The service is edited, its server added.
    assert_eq!(told(true, &[], &there), [(1, first.clone())]);
    assert_eq!(told(false, &doubts, &there), [(4, second), (9, first)]);
}

const SLOTS: u32 = 4093;

fn servers(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Destination> {
    numbers.map(|n| {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + n).into();
        Destination::new(DestinationKey { address, port: 80 }, ForwardingMethod::Masquerade)
    })
}

/// Scheduler and servers that are wanted, those that are there, whether what is not wanted goes,
/// and how many are too many.
#[test]
fn a_crowd_is_refused_where_it_grows() {
    use Scheduler::{Mh, Rr};
    type Side = (Scheduler, std::ops::Range<u32>);
    let rows: Vec<(Side, Option<Side>, bool, Option<u32>)> = vec![
        ((Mh, 0..SLOTS), None, true, None),
        ((Mh, 0..SLOTS + 1), None, true, Some(SLOTS + 1)),
        ((Rr, 0..SLOTS + 1), None, true, None),
        // It is so already, or was worse.
        ((Mh, 0..SLOTS + 1), Some((Mh, 0..SLOTS + 1)), true, None),
        ((Mh, 0..SLOTS + 1), Some((Mh, 0..SLOTS + 9)), true, None),
        ((Mh, 0..SLOTS + 1), Some((Rr, 0..SLOTS + 1)), true, Some(SLOTS + 1)),
        ((Mh, 1..SLOTS + 2), Some((Mh, 0..SLOTS + 1)), true, Some(SLOTS + 1)),
        ((Mh, 0..SLOTS), Some((Rr, 0..SLOTS + 9)), true, None),
        // Beside what stays.
        ((Mh, 0..2), None, false, None),
        ((Mh, 0..2), Some((Mh, 0..SLOTS)), false, None),
        ((Mh, 0..2), Some((Rr, 0..SLOTS + 1)), false, Some(SLOTS + 1)),
        ((Mh, 0..2), Some((Mh, 0..SLOTS + 1)), false, None),
        ((Mh, SLOTS..SLOTS + 2), Some((Mh, 0..SLOTS)), false, Some(SLOTS + 2)),
        ((Mh, SLOTS..SLOTS + 2), Some((Mh, 0..SLOTS - 2)), false, None),
        ((Mh, SLOTS..SLOTS + 2), Some((Mh, 0..SLOTS)), true, None),
        ((Mh, 0..SLOTS + 1), None, false, Some(SLOTS + 1)),
    ];
    let other = || Service::new("fwmark/7".parse().unwrap(), Mh);
    for (row, (wanted, there, delete, expected)) in rows.into_iter().enumerate() {
        let service = |scheduler| Service::new(key(), scheduler);
        let entry = DesiredService {
            servers: servers(wanted.1).map(DesiredServer::new).collect(),
            ..DesiredService::new(service(wanted.0))
        };
        let doubts = vec![Doubt { line: 3, subject: Subject::Service(key()), message: "m".into() }];
        let desired =
            Desired { services: vec![entry], doubts, is_judged: true, ..Desired::default() };
        // In the way of none, what another service has.
        let mut services = vec![ObservedService::new(other(), servers(0..SLOTS + 1).collect())];
        services.extend(there.map(|(scheduler, range)| {
            ObservedService::new(service(scheduler), servers(range).collect())
        }));
        let observed = Observed { services, ..Observed::default() };
        let policy = Policy { delete, ..Policy::default() };
        let told = refusals(&desired, &observed, policy);
        let count = expected.map(|count| format!("some of the {count} servers of {}", key()));
        assert_eq!(told.len(), usize::from(count.is_some()), "row {row}: {told:?}");
        for (problem, count) in told.iter().zip(count) {
            assert!(problem.message.contains(&count), "row {row}: {problem:?}");
            assert_eq!(problem.line, 3, "row {row}");
        }
    }
}
