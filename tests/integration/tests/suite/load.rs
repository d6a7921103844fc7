// SPDX-License-Identifier: MIT OR Apache-2.0

//! Loading new services, and where Maglev hashing then sends the clients.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use ipvs_netlink::procfs::Procfs;
use ipvs_netlink::{
    BatchReport, Change, Client, Destination, DestinationKey, ErrorKind, ForwardingMethod,
    Scheduler, SchedulerFlags, Service, ServiceKey, Weight,
};
use lab::Host;

const VIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn key() -> ServiceKey {
    ServiceKey::udp(VIP, 53)
}

fn service() -> Service {
    let mut service = Service::new(key(), Scheduler::Mh);
    service.scheduler_flags = SchedulerFlags::PORT;
    service
}

/// Real servers of different weights.
fn servers() -> Vec<Destination> {
    (1..=40)
        .map(|number| {
            let key = DestinationKey::new(Ipv4Addr::new(10, 0, 0, number), 53);
            let mut server = Destination::new(key, ForwardingMethod::Masquerade);
            server.weight = Weight::new(u32::from(number % 3) + 1).unwrap();
            server
        })
        .collect()
}

fn changes(servers: Vec<Destination>) -> impl Iterator<Item = Change> {
    let add = |destination| Change::AddDestination { service: key(), destination };
    std::iter::once(Change::AddService(service())).chain(servers.into_iter().map(add))
}

/// A director that holds the VIP and has a route to the servers.
fn director() -> Host {
    let host = Host::new("director");
    host.must(
        "ip addr add 192.0.2.1/32 dev lo && ip link add d0 type dummy && \
         ip addr add 10.0.255.1/16 dev d0 && ip link set d0 up",
    );
    host
}

/// Which server each of 600 clients was sent to, by the client's port.
fn mapping(host: &Host) -> BTreeMap<u16, DestinationKey> {
    host.enter(|| {
        for port in 2001..=2600 {
            let socket = UdpSocket::bind((VIP, port)).unwrap();
            socket.send_to(b"?", (VIP, 53)).unwrap();
        }
        // Since 7.1 the table grows in the background, and a read that meets that
        // shows a part only.
        let end = Instant::now() + Duration::from_secs(10);
        let mut mapping = BTreeMap::new();
        while mapping.len() < 600 && Instant::now() < end {
            let connections = Procfs::new().connections().unwrap().map(Result::unwrap);
            mapping.extend(connections.map(|entry| (entry.client.port(), entry.server)));
        }
        mapping
    })
}

fn loaded(servers: Vec<Destination>) -> (Host, BTreeMap<u16, DestinationKey>) {
    let host = director();
    let report: BatchReport =
        host.enter(|| Client::connect().unwrap().load(changes(servers)).unwrap());
    assert_eq!((report.submitted, report.applied), (41, 41), "{:?}", report.failures);
    let mapping = mapping(&host);
    assert_eq!(mapping.len(), 600);
    (host, mapping)
}

#[test]
fn the_cheap_path_ends_where_the_dear_one_does() {
    let dear = director();
    let report = dear.enter(|| Client::connect().unwrap().batch(changes(servers())).unwrap());
    assert!(report.is_complete(), "{:?}", report.failures);
    let by_batch = mapping(&dear);
    assert_eq!(by_batch.len(), 600);
    let (cheap, by_load) = loaded(servers());
    assert_eq!(by_load, by_batch);
    let table = |host: &Host| {
        host.enter(|| {
            let table = Client::connect().unwrap().table().unwrap();
            let servers = table[0].destinations.iter().map(|entry| entry.destination);
            (table[0].service.service.clone(), servers.collect::<Vec<_>>())
        })
    };
    assert_eq!(table(&cheap), table(&dear));
    assert_eq!(table(&cheap).0, service());
}

#[test]
fn directors_that_load_in_canonical_order_agree() {
    let (_, first) = loaded(servers());
    let mut backwards = servers();
    backwards.reverse();
    let (_, other) = loaded(backwards.clone());
    let differing = first.iter().filter(|(port, server)| other[*port] != **server).count();
    assert!(differing > 0, "the order does not matter to this kernel");
    Destination::sort_canonically(&mut backwards);
    let (_, sorted) = loaded(backwards);
    assert_eq!(sorted, first);
}

#[test]
fn a_service_that_is_there_keeps_its_scheduler() {
    let host = director();
    host.enter(|| {
        let mut client = Client::connect().unwrap();
        client.apply(Change::AddService(Service::new(key(), Scheduler::Rr))).unwrap();
        let report = client.load(changes(servers())).unwrap();
        let failures: Vec<_> = report.failures.iter().map(|f| (f.index, f.error.kind())).collect();
        assert_eq!(failures, [(0, ErrorKind::AlreadyExists)]);
        assert_eq!(report.applied, 40);
        let now = client.service(&key()).unwrap().unwrap().service;
        assert_eq!(now.scheduler, Scheduler::Rr);
    });
}

#[test]
fn many_services_of_many_schedulers() {
    let host = Host::new("director");
    host.enter(|| {
        let schedulers = [Scheduler::Mh, Scheduler::Rr, Scheduler::Mh, Scheduler::Sh];
        let services: Vec<_> = (0..200_u8)
            .map(|number| {
                let key = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, number), 80);
                Service::new(key, schedulers[usize::from(number) % 4].clone())
            })
            .collect();
        let changes = services.iter().flat_map(|service| {
            let key = service.key;
            let servers = servers().into_iter().take(5);
            std::iter::once(Change::AddService(service.clone())).chain(
                servers
                    .map(move |destination| Change::AddDestination { service: key, destination }),
            )
        });
        let mut client = Client::connect().unwrap();
        let report = client.load(changes).unwrap();
        assert_eq!((report.submitted, report.applied, report.failures.len()), (1200, 1200, 0));
        let mut there: Vec<_> =
            client.table().unwrap().into_iter().map(|entry| entry.service.service).collect();
        there.sort_by_key(|service| service.key);
        assert_eq!(there, services);
    });
}
