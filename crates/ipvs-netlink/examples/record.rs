// SPDX-License-Identifier: MIT OR Apache-2.0

//! Records what a program says to the kernel and hears from it, for a test that needs no
//! kernel (`tests/testing.rs`).
//!
//! `record > tests/recorded/conversation.txt` records anew, in a network namespace that has
//! no services.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::net::Ipv4Addr;

use ipvs_netlink::testing::Recorder;
use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, Error, ErrorKind, ForwardingMethod,
    NetlinkTransport, Scheduler, Service, ServiceKey, TableEntry, Transport, Weight,
};

/// What the program is about: it makes a service, drains one of its servers, and looks.
pub(crate) fn conversation<T: Transport>(client: &mut Client<T>) -> Result<Vec<TableEntry>, Error> {
    let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
    let [first, second] = [11, 12].map(|host| DestinationKey::from(([10, 0, 0, host], 80)));
    let server = |key| Destination::new(key, ForwardingMethod::Masquerade);
    client
        .batch([
            Change::AddService(Service::new(web, Scheduler::Wrr)),
            Change::AddDestination { service: web, destination: server(first) },
            Change::AddDestination { service: web, destination: server(second) },
        ])?
        .into_result()?;
    client.edit_destination(&web, &second, |server| server.weight = Weight::ZERO)?;
    let again = client.apply(Change::AddService(Service::new(web, Scheduler::Wrr)));
    if !matches!(&again, Err(error) if error.kind() == ErrorKind::AlreadyExists) {
        again?;
    }
    client.table()
}

#[allow(dead_code, reason = "a test takes the conversation alone")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut client = Client::with_transport(Recorder::new(NetlinkTransport::open()?))?;
    conversation(&mut client)?;
    print!("{}", client.transport().recording());
    Ok(())
}
