// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done with `ipvs-netlink`.

use std::hint::black_box;
use std::time::Instant;

use ipvs_netlink::{
    Change, Client, Destination, DestinationEntry, DestinationKey, ForwardingMethod, Scheduler,
    Service, ServiceEntry, ServiceKey,
};

use crate::load::{Item, Load, PORTS};
use crate::measure::Report;

/// `ours add|dump|hold SERVICES DESTINATIONS` or `ours one`
pub(crate) fn main(job: &[&str]) {
    let mut client = Client::connect().expect("connect");
    let clock = Instant::now();
    match job {
        ["add", services, destinations] => add(&mut client, Load::parse(services, destinations)),
        ["dump", services, destinations] => dump(&mut client, Load::parse(services, destinations)),
        ["hold", services, destinations] => hold(&mut client, Load::parse(services, destinations)),
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
    for service in client.services().expect("services") {
        for entry in client.destinations(&service.service.key).expect("destinations") {
            on_entry(&service, entry);
        }
    }
}

/// Adds one service.
fn one(client: &mut Client) {
    let first = Load::new(1, 0).items().map(change).next().expect("a service");
    client.apply(first).expect("apply");
}

fn change(item: Item) -> Change {
    match item {
        Item::Service(vip) => {
            Change::AddService(Service::new(ServiceKey::tcp(vip, PORTS.0), Scheduler::Rr))
        }
        Item::Destination { service, address } => Change::AddDestination {
            service: ServiceKey::tcp(service, PORTS.0),
            destination: Destination::new(
                DestinationKey::new(address, PORTS.1),
                ForwardingMethod::Masquerade,
            ),
        },
    }
}
