// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::Ipv4Addr;

use ipvs_netlink::{
    Destination, DestinationKey, ForwardingMethod, Invalid, Netmask, Persistence, Service,
    ServiceKey, SyncDaemon, SyncDaemonEntry, SyncRole, Thresholds, Timeouts, Weight, unchecked,
};

use super::*;
use crate::desired::{Builder, DesiredServer, DesiredService};
use crate::plan::plan;
use crate::scope::Scope;

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
        let told = flaw(&step).map(|why| why.to_string());
        assert_eq!(told, expected, "row {row}: {step:?}");
    }
}

fn refusals(desired: &Desired, observed: &Observed, policy: Policy) -> Vec<Flaw> {
    refused(&plan(desired, observed, policy), desired, observed, policy)
}

/// As a file may hold it that another tool's table was saved in.
fn found(services: impl IntoIterator<Item = DesiredService>) -> Desired {
    let mut builder = Builder::new();
    for service in services {
        builder.service((), service);
    }
    builder.finish_as_found().unwrap().0
}

/// What is not sound is told of where it is new, and where it is edited, by what is there.
#[test]
fn what_is_not_sound_is_told_of_where_it_is_not_there() {
    let odd = server(ForwardingMethod::Other(5));
    let service = |service| DesiredService::new(service).with_servers([odd]);
    let (first, second) = (Invalid::OnePacketNotUdp.into(), Invalid::ForwardingMethod(5).into());
    let first = Flaw { subject: Subject::Service(key()), why: first };
    let second = Flaw { subject: Subject::Server(key(), odd.key), why: second };
    let told = |wanted: DesiredService, there: &[DesiredService]| {
        let observed = Observed::from(&found(there.iter().cloned()));
        refusals(&found([wanted]), &observed, Policy::exact())
    };
    let sound_one = DesiredService::new(sound());
    let (one, other) = (first.clone(), second.clone());
    assert_eq!(told(service(one_packet()), &[]), [one, other]);
    assert_eq!(told(sound_one.clone(), &[]), []);
    assert_eq!(told(service(sound()), &[]), vec![second.clone()]);
    // Its server was there, and its service is edited.
    assert_eq!(told(service(one_packet()), &[service(sound())]), vec![first.clone()]);
    // In the order of the plan: servers come first.
    assert_eq!(told(service(one_packet()), &[sound_one]), [second, first]);
    assert_eq!(told(service(one_packet()), &[service(one_packet())]), []);
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
        let desired = found([entry]);
        // In the way of none, what another service has.
        let mut services = vec![ObservedService::new(other(), servers(0..SLOTS + 1).collect())];
        services.extend(there.map(|(scheduler, range)| {
            ObservedService::new(service(scheduler), servers(range).collect())
        }));
        let observed = Observed { services, ..Observed::default() };
        let policy = if delete { Policy::exact() } else { Policy::add_only() };
        let told = refusals(&desired, &observed, policy);
        let count = expected.map(|count| format!("some of the {count} servers of {}", key()));
        assert_eq!(told.len(), usize::from(count.is_some()), "row {row}: {told:?}");
        for (flaw, count) in told.iter().zip(count) {
            assert!(flaw.why.to_string().contains(&count), "row {row}: {flaw:?}");
            assert_eq!(flaw.subject, Subject::Service(key()), "row {row}");
        }
    }
}

/// The servers of others stay, and count; whoever deletes keeps them all the same.
#[test]
fn the_servers_of_others_are_part_of_a_crowd() {
    let own = |count: u32| servers(0..count);
    let others = |count: u32| servers(1 << 16..(1 << 16) + count);
    let scope = || Scope::everything().only_servers(own(SLOTS).map(|it| it.key.address));
    for (wanted, own_there, others_there, is_crowd) in [
        (2, 0, SLOTS - 2, false),
        (2, 0, SLOTS - 1, true),
        (2, 2, SLOTS - 1, false),
        // What goes makes room.
        (2, SLOTS, 0, false),
    ] {
        let mut builder = Builder::within(scope());
        let service = Service::new(key(), Scheduler::Mh);
        builder.service((), DesiredService::new(service.clone()).with_servers(own(wanted)));
        let desired = builder.finish().unwrap();
        let there = own(own_there).chain(others(others_there)).collect();
        let observed = Observed::new(vec![ObservedService::new(service, there)]);
        let told = refusals(&desired, &observed, Policy::exact());
        assert_eq!(told.len(), usize::from(is_crowd), "{others_there}: {told:?}");
    }
}
