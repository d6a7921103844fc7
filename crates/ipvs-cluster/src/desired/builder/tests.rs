// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    Destination, ForwardingMethod, Invalid, Scheduler, Service, SyncRole, Timeouts, Tunnel,
    unchecked,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn mark(mark: u32) -> ServiceKey {
    format!("fwmark/{mark}").parse().unwrap()
}

fn service(key: ServiceKey) -> DesiredService {
    DesiredService::new(Service::new(key, Scheduler::Rr))
}

fn server(number: u32) -> DesiredServer {
    let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into();
    let key = DestinationKey { address, port: 80 };
    DesiredServer::new(Destination::new(key, ForwardingMethod::Masquerade))
}

/// Few servers are looked through, many looked up: either way the second of its kind is
/// told where the first is, and everything is counted.
#[test]
fn the_second_of_its_kind_is_told_where_the_first_is() {
    const SERVICES: u32 = 2;
    const SERVERS: u32 = 3 * FEW as u32;
    let origin = |service: u32, server: u32| 1000 * (service + 1) + server;
    let again = |first| Why::Again { first };
    let mut builder = Builder::new();
    let mut expected = Vec::new();
    for n in 0..SERVICES {
        builder.service(n, service(mark(n + 1)));
    }
    for n in 0..SERVERS {
        // By turns, so that none has the service of the last one.
        for owner in 0..SERVICES {
            let service = mark(owner + 1);
            builder.server(origin(owner, n), service, server(n));
            for first in 0..=n {
                builder.server(7, service, server(first));
                let subject = Subject::Server(service, server(first).server.key);
                let why = again(origin(owner, first));
                expected.push(Fault { origin: 7, subject, why });
            }
        }
    }
    assert_eq!(builder.objects(), (SERVICES * (1 + SERVERS)) as usize);
    builder.service(8, service(mark(2)));
    expected.push(Fault { origin: 8, subject: Subject::Service(mark(2)), why: again(1) });
    builder.server(9, mark(3), server(1));
    let subject = Subject::Server(mark(3), server(1).server.key);
    expected.push(Fault { origin: 9, subject, why: Why::NoService });
    assert_eq!(builder.faults(), expected.len());
    for entry in &builder.desired.services {
        let expected: Vec<_> = (0..SERVERS).map(server).collect();
        assert_eq!(entry.servers, expected);
    }
    assert_eq!(builder.finish(), Err(Faults(expected)));
}

/// A crowd between services of one server each: none of these gets room for a crowd.
#[test]
fn a_crowd_beside_single_ones_costs_little() {
    const SINGLES: u32 = 1000;
    let mut builder = Builder::new();
    for n in 1..=SINGLES + 1 {
        builder.service((), service(mark(n)));
    }
    for n in 0..10 * SINGLES {
        builder.server((), mark(SINGLES + 1), server(n + 1));
    }
    for n in 1..=SINGLES {
        builder.server((), mark(n), server(1));
        builder.server((), mark(SINGLES + 1), server(10 * SINGLES + n));
    }
    let desired = builder.finish().unwrap();
    let room: usize = desired.services.iter().map(|it| it.servers.capacity()).sum();
    let servers: usize = desired.services.iter().map(|it| it.servers.len()).sum();
    assert!(room < servers * 20, "room for {room} servers, of which there are {servers}");
}

/// There is one of each setting, and where the first one is, is told of the second.
#[test]
fn timeouts_and_daemons_are_said_once() {
    let daemon = |role| SyncDaemon::new(role, "eth0".parse().unwrap(), 1);
    let mut builder = Builder::new();
    builder.timeouts("a", SetTimeouts::new()).daemon("b", daemon(SyncRole::Backup));
    builder.daemon("c", daemon(SyncRole::Master)).only_daemons();
    builder.timeouts("d", SetTimeouts::new()).daemon("e", daemon(SyncRole::Master));
    let fault = |origin, subject, first| Fault { origin, subject, why: Why::Again { first } };
    assert_eq!(
        builder.finish(),
        Err(Faults(vec![
            fault("d", Subject::Timeouts, "a"),
            fault("e", Subject::Daemon(SyncRole::Master), "c"),
        ]))
    );
    let nothing = Builder::<()>::new().finish().unwrap();
    assert_eq!((nothing.timeouts(), nothing.daemons()), (None, None));
    let mut none = Builder::<()>::new();
    none.only_daemons();
    assert_eq!(none.finish().unwrap().daemons(), Some(&[][..]));
}

/// Each kind of object that is not sound is refused, and let in as it may be found, in which
/// case the plan knows of it.
#[test]
fn what_is_not_sound_is_told_of() {
    let mut builder = Builder::new();
    let mut one_packet = Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Mh);
    one_packet.one_packet = true;
    let web = one_packet.key;
    let method = ForwardingMethod::Other(5);
    let odd = Destination::new("10.0.0.1:80".parse().unwrap(), method);
    builder.service("a", DesiredService::new(one_packet));
    builder.server("b", web, DesiredServer::new(odd));
    let mut long = Timeouts::default();
    long.tcp_fin = Some(SetTimeouts::MAX + 1);
    builder.timeouts("c", unchecked::timeouts(long));
    let daemon = SyncDaemon::new(SyncRole::Master, "eth0".parse().unwrap(), 0);
    builder.daemon("d", unchecked::sync_id(daemon, 256));
    for n in 0..sound::MH_SLOTS as u32 {
        builder.server("e", web, server(n + 7));
    }
    let fault = |origin, subject, why: Unsound| {
        let why = Why::Unsound(why);
        Fault { origin, subject, why }
    };
    let servers = sound::MH_SLOTS + 1;
    let expected = vec![
        fault("a", Subject::Service(web), Invalid::OnePacketNotUdp.into()),
        fault("b", Subject::Server(web, odd.key), Invalid::ForwardingMethod(5).into()),
        fault("c", Subject::Timeouts, Invalid::Timeout(SetTimeouts::MAX + 1).into()),
        fault("d", Subject::Daemon(SyncRole::Master), Unsound::SyncId(256)),
        fault(
            "a",
            Subject::Service(web),
            Unsound::Crowd { service: web, servers, slots: sound::MH_SLOTS },
        ),
    ];
    let (desired, told) = builder.finish_as_found().unwrap();
    let subjects: Vec<_> = expected.iter().map(|fault| fault.subject).collect();
    assert_eq!((desired.unsound(), told), (&subjects[..], Faults(expected)));
}

/// Such servers there are, and such servers and daemons there are not.
#[test]
fn a_daemon_excludes_servers_of_another_family() {
    let key = "[2001:db8::1]:80".parse().unwrap();
    let remote = Destination::new(key, ForwardingMethod::Tunnel(Tunnel::Ipip));
    let build = |with_daemon: bool| {
        let mut builder = Builder::new();
        builder.service("a", service(mark(1)));
        builder.server("b", mark(1), DesiredServer::new(remote)).only_daemons();
        if with_daemon {
            let role = SyncRole::Backup;
            builder.daemon("c", SyncDaemon::new(role, "eth0".parse().unwrap(), 1));
        }
        builder.finish()
    };
    assert!(build(false).is_ok());
    let faults = build(true).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "b: [2001:db8::1]:80 and fwmark/1 are of different address families, and the kernel \
         has no such server while a sync daemon runs"
    );
}

proptest! {
    /// Whatever several owners say, either no two objects have one key, or each that is
    /// there again is told with its own origin and with that of the first.
    #[test]
    fn every_conflict_is_told_with_both_origins(
        said in vec((1..5_u32, vec(0..6_u32, 0..5)), 0..8),
    ) {
        let mut builder = Builder::new();
        let mut first = std::collections::HashMap::new();
        let mut expected = Vec::new();
        for (owner, (number, servers)) in said.iter().enumerate() {
            let key = mark(*number);
            let servers: Vec<_> = servers.iter().map(|n| server(*n)).collect();
            let subjects = servers.iter().map(|it| Subject::Server(key, it.server.key));
            for subject in std::iter::once(Subject::Service(key)).chain(subjects) {
                let first = *first.entry(subject).or_insert(owner);
                expected.push(Fault { origin: owner, subject, why: Why::Again { first } });
            }
            builder.service(owner, DesiredService { servers, ..service(key) });
        }
        // One of each is the first.
        for (subject, owner) in &first {
            let is_it = |fault: &Fault<usize>| fault.subject == *subject
                && fault.origin == *owner;
            let place = expected.iter().position(is_it).unwrap();
            expected.remove(place);
        }
        match builder.finish() {
            Ok(desired) => {
                prop_assert_eq!(expected, []);
                let objects = desired.services().iter().map(|it| 1 + it.servers.len());
                prop_assert_eq!(objects.sum::<usize>(), first.len());
            }
            Err(Faults(faults)) => prop_assert_eq!(faults, expected),
        }
    }
}
