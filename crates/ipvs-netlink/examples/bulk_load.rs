// SPDX-License-Identifier: MIT OR Apache-2.0

//! Adds ten thousand real servers to a hundred services in one batch.

#![allow(clippy::print_stdout, clippy::print_stderr)] // an example talks to its reader

use std::net::Ipv4Addr;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service, ServiceKey,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let changes = (0..100).flat_map(|s| {
        let service = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, s), 80);
        let servers = (0..100).map(move |d| Change::AddDestination {
            service,
            destination: Destination::new(
                DestinationKey::new(Ipv4Addr::new(10, 0, s, d), 8080),
                ForwardingMethod::Masquerade,
            ),
        });
        std::iter::once(Change::AddService(Service::new(service, Scheduler::Wlc))).chain(servers)
    });
    let report = Client::connect()?.batch(changes)?;
    println!("{} of {} made in {} sends", report.applied, report.submitted, report.sends);
    for failure in report.failures {
        eprintln!("change {}: {}", failure.index, failure.error);
    }
    Ok(())
}
