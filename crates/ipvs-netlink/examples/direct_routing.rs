// SPDX-License-Identifier: MIT OR Apache-2.0

//! Adds a DR service with two real servers, and takes one of them out of
//! rotation without touching anything else of it.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::net::Ipv4Addr;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service, ServiceKey,
    Weight,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
    let servers = [11, 12].map(|host| DestinationKey::new(Ipv4Addr::new(192, 0, 2, host), 80));

    let mut client = Client::connect()?;
    client.apply(Change::AddService(Service::new(web, Scheduler::Wrr)))?;
    for key in servers {
        let mut destination = Destination::new(key, ForwardingMethod::Gateway);
        destination.weight = Weight::new(3)?;
        client.apply(Change::AddDestination { service: web, destination })?;
    }
    client.edit_destination(&web, &servers[1], |server| server.weight = Weight::ZERO)?;

    for entry in client.destinations(&web)? {
        let server = entry.destination;
        println!("{web} -> {} {} weight {}", server.key, server.forwarding, server.weight);
    }
    Ok(())
}
