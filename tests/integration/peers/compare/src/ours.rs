// SPDX-License-Identifier: MIT OR Apache-2.0

use std::num::NonZeroU16;

use ipvs_netlink::{
    Change, Client, Destination, ForwardingMethod, GueChecksum, Scheduler, Service, ServiceKey,
    Tunnel,
};

use crate::{SERVERS, SERVICES, rip, vip};

fn service(place: u32) -> Service {
    Service::new(ServiceKey::tcp(vip(place).ip(), vip(place).port()), Scheduler::Rr)
}

pub(crate) fn main(job: &str) {
    let mut client = Client::connect().expect("IPVS");
    match job {
        "bulk" => {
            let changes = (1..=SERVICES).flat_map(|place| {
                let service = service(place);
                let key = service.key;
                let servers = (1..=SERVERS).map(move |number| Change::AddDestination {
                    service: key,
                    destination: Destination::new(rip(number).into(), ForwardingMethod::Masquerade),
                });
                [Change::AddService(service)].into_iter().chain(servers)
            });
            let report = client.batch(changes).expect("a conversation");
            assert_eq!(report.applied, 10_000);
        }
        "list" | "once" => {
            let table = if job == "list" { client.table() } else { client.table_once() };
            let table = table.expect("a table");
            let servers: usize = table.iter().map(|entry| entry.destinations.len()).sum();
            let connections: u64 = table.iter().map(|entry| entry.service.stats.connections).sum();
            println!("{} services, {servers} servers, {connections} connections", table.len());
        }
        "tunnel" => {
            let tunnel = Tunnel::Gue {
                port: NonZeroU16::new(6080).expect("not 0"),
                checksum: GueChecksum::None,
            };
            let service = service(1);
            let key = service.key;
            client.apply(Change::AddService(service)).expect("a service");
            let destination = Destination::new(rip(1).into(), ForwardingMethod::Tunnel(tunnel));
            client.apply(Change::AddDestination { service: key, destination }).expect("a server");
        }
        "error" => {
            let error = client.apply(Change::AddService(service(1))).expect_err("it is there");
            println!("{error}; {:?}; errno: {:?}", error.kind(), error.errno());
        }
        _ => panic!("no such job: {job}"),
    }
}
