// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the kernel's table what a program's own structs say, and nothing else of it.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::collections::BTreeMap;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service, ServiceKey,
    TableEntry, Weight,
};

/// What the program knows, in its own words.
struct Pool {
    name: &'static str,
    vip: &'static str,
    backends: Vec<(&'static str, u32)>,
}

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

impl Pool {
    /// The same in the words of IPVS.
    fn wanted(&self) -> Anyhow<TableEntry> {
        let service = Service::new(self.vip.parse()?, Scheduler::Wlc);
        let server = |(backend, weight): &(&str, u32)| -> Anyhow<Destination> {
            let server = Destination::new(backend.parse()?, ForwardingMethod::Masquerade);
            Ok(server.with_weight(Weight::new(*weight)?))
        };
        let servers: Anyhow<Vec<_>> = self.backends.iter().map(server).collect();
        Ok(TableEntry::new(service, servers?))
    }
}

/// What has to change: additions first, so that there are never fewer servers than needed.
fn changes(now: Option<&TableEntry>, wanted: &TableEntry) -> Vec<Change> {
    let mut changes = Vec::new();
    let service = &wanted.service.service;
    match now {
        None => changes.push(Change::AddService(service.clone())),
        Some(now) if now.service.service != *service => {
            changes.push(Change::SetService(service.clone()));
        }
        Some(_) => {}
    }
    let servers = now.iter().flat_map(|now| &now.destinations).map(|entry| entry.destination);
    let mut there: BTreeMap<DestinationKey, Destination> =
        servers.map(|server| (server.key, server)).collect();
    let service = service.key;
    for destination in wanted.destinations.iter().map(|entry| entry.destination) {
        match there.remove(&destination.key) {
            None => changes.push(Change::AddDestination { service, destination }),
            Some(now) if now != destination => {
                changes.push(Change::SetDestination { service, destination });
            }
            Some(_) => {}
        }
    }
    let gone = there.into_keys();
    changes.extend(gone.map(|destination| Change::RemoveDestination { service, destination }));
    changes
}

fn sync(client: &mut Client, pools: &[Pool]) -> Anyhow<()> {
    let table: BTreeMap<ServiceKey, TableEntry> =
        client.table()?.into_iter().map(|entry| (entry.service.service.key, entry)).collect();
    for pool in pools {
        let wanted = pool.wanted()?;
        let changes = changes(table.get(&wanted.service.service.key), &wanted);
        let report = client.batch(changes)?;
        println!("{}: {} changes", pool.name, report.applied);
        report.into_result()?;
    }
    Ok(())
}

fn main() -> Anyhow<()> {
    let mut client = Client::connect()?;
    let mut pools = [
        Pool {
            name: "web",
            vip: "tcp/192.0.2.10:80",
            backends: vec![("10.0.0.11:8080", 1), ("10.0.0.12:8080", 1)],
        },
        Pool { name: "dns", vip: "udp/192.0.2.10:53", backends: vec![("10.0.0.21:53", 3)] },
    ];
    sync(&mut client, &pools)?;
    // One backend goes, one comes, one gets less to do.
    pools[0].backends = vec![("10.0.0.12:8080", 1), ("10.0.0.13:8080", 1)];
    pools[1].backends[0].1 = 1;
    sync(&mut client, &pools)?;
    sync(&mut client, &pools)
}
