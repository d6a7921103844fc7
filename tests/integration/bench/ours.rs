// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done with `ipvs-netlink`.

use std::hint::black_box;
use std::io::{self, BufReader, Read, Write};
use std::time::Instant;

use ipvs_netlink::procfs::ConnectionTable;
use ipvs_netlink::{
    Change, Client, Destination, DestinationEntry, DestinationKey, ForwardingMethod, Scheduler,
    Service, ServiceEntry, ServiceKey,
};

use crate::load::{Item, Key, Load, PORTS};
use crate::program::Report;

/// `ours add|restore|dump|table|hold SERVICES DESTINATIONS`, `ours singly SERVICES`,
/// `ours mh load|batch DESTINATIONS`, `ours connections LINES` or `ours one`
pub(crate) fn main(job: &[&str]) {
    let mut client = Client::connect().expect("connect");
    let clock = Instant::now();
    match job {
        ["add", services, destinations] => add(&mut client, Load::parse(services, destinations)),
        ["restore", services, destinations] => {
            restore(&mut client, Load::parse(services, destinations));
        }
        ["singly", services] => singly(&mut client, Load::parse(services, "0")),
        ["dump", services, destinations] => dump(&mut client, Load::parse(services, destinations)),
        ["table", services, destinations] => {
            table(&mut client, Load::parse(services, destinations))
        }
        ["hold", services, destinations] => hold(&mut client, Load::parse(services, destinations)),
        ["mh", way, destinations] => mh(&mut client, way, Load::parse("1", destinations)),
        ["connections", lines] => connections(lines.parse().expect("a number")),
        ["one"] => one(&mut client),
        _ => panic!("no such job: {job:?}"),
    }
    Report::since(clock).print();
}

/// Adds all of `load` in a batch.
fn add(client: &mut Client, load: Load) {
    let report = client.batch(load.items().map(change)).expect("batch");
    assert_eq!(report.applied, report.submitted);
}

/// Adds all of `load` as something new, and looks once at what is there then:
/// what a restore into an empty table cannot do without.
fn restore(client: &mut Client, load: Load) {
    let report = client.load(load.items().map(change)).expect("load");
    assert_eq!(report.applied, report.submitted);
    dump(client, load);
}

/// Adds all of `load`, waiting for the answer to each change.
fn singly(client: &mut Client, load: Load) {
    for item in load.items() {
        client.apply(change(item)).expect("apply");
    }
}

/// Reads everything into typed values, which are looked at and let go.
fn dump(client: &mut Client, load: Load) {
    let mut destinations = 0;
    read(client, |_, entry| {
        black_box(entry);
        destinations += 1;
    });
    assert_eq!(destinations, load.total_destinations());
}

/// Reads everything into typed values and keeps them all.
fn hold(client: &mut Client, load: Load) {
    let mut held = Vec::new();
    read(client, |_, entry| held.push(entry));
    assert_eq!(black_box(held).len(), load.total_destinations() as usize);
}

/// Reads every service, and every destination of each, once.
///
/// The one place that says which calls of the library are measured for a dump.
fn read(client: &mut Client, mut on_entry: impl FnMut(&ServiceEntry, DestinationEntry)) {
    let mut services = Vec::new();
    client.for_each_service(|entry| services.push(entry)).expect("services");
    for service in services {
        let key = service.service.key;
        client.for_each_destination(&key, |entry| on_entry(&service, entry)).expect("destinations");
    }
}

/// Reads everything as one does who wants the truth: what takes more than one
/// datagram is read until two reads agree.
fn table(client: &mut Client, load: Load) {
    let table = client.table().expect("table");
    let destinations: usize = table.iter().map(|entry| entry.destinations.len()).sum();
    assert_eq!(destinations, load.total_destinations() as usize);
}

/// Adds a service with Maglev hashing and its destinations.
fn mh(client: &mut Client, way: &str, load: Load) {
    let changes = load.items().map(change).map(|change| match change {
        Change::AddService(service) => Change::AddService(Service::new(service.key, Scheduler::Mh)),
        other => other,
    });
    let report = match way {
        "load" => client.load(changes),
        _ => client.batch(changes),
    };
    let report = report.expect("a batch");
    assert_eq!(report.applied, report.submitted);
}

/// Streams a connection table of that many lines, in the kernel's form.
fn connections(lines: u32) {
    let table = ConnectionTable::from_reader(BufReader::with_capacity(4096, Lines::new(lines)));
    let read = table.expect("a table").map(|connection| black_box(connection.expect("a line")));
    assert_eq!(read.count(), lines as usize);
}

/// What `/proc/net/ip_vs_conn` would hold, made as it is read.
struct Lines {
    left: u32,
    text: Vec<u8>,
    taken: usize,
}

impl Lines {
    fn new(left: u32) -> Self {
        let head =
            "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
        Self { left, text: head.into(), taken: 0 }
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.text.len() && self.left > 0 {
            let client = self.left;
            self.left -= 1;
            self.taken = 0;
            self.text.clear();
            writeln!(
                self.text,
                "TCP {client:08X} D431 C000020A 0050 0A00000B 1F90 ESTABLISHED {:7}",
                client % 900
            )?;
        }
        let length = (&self.text[self.taken..]).read(buffer)?;
        self.taken += length;
        Ok(length)
    }
}

/// Adds one service.
fn one(client: &mut Client) {
    let first = Load::new(1, 0).items().map(change).next().expect("a service");
    client.apply(first).expect("apply");
}

fn change(item: Item) -> Change {
    match item {
        Item::Service(service) => Change::AddService(Service::new(key(service), Scheduler::Rr)),
        Item::Destination { service, address } => Change::AddDestination {
            service: key(service),
            destination: Destination::new(
                DestinationKey::new(address, PORTS.1),
                ForwardingMethod::Masquerade,
            ),
        },
    }
}

fn key(of: Key) -> ServiceKey {
    match of {
        Key::Address(vip) => ServiceKey::tcp(vip, PORTS.0),
        Key::Mark(mark) => panic!("no job of the library is measured with mark {mark}"),
    }
}
