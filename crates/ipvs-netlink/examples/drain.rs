// SPDX-License-Identifier: MIT OR Apache-2.0

//! Takes a real server out of a service without breaking connections:
//! `drain tcp/192.0.2.10:80 10.0.0.11:8080`.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::thread::sleep;
use std::time::{Duration, Instant};

use ipvs_netlink::{Change, Client, DestinationKey, Error, ServiceKey, Weight};

/// Whether it is out: not if it has connections still when time is over.
fn drain(
    client: &mut Client,
    service: ServiceKey,
    server: DestinationKey,
    patience: Duration,
) -> Result<bool, Error> {
    client.edit_destination(&service, &server, |server| server.weight = Weight::ZERO)?;
    let end = Instant::now() + patience;
    while let Some(entry) = client.destination(&service, &server)? {
        let left = entry.connections.active + entry.connections.inactive;
        if left == 0 {
            client.apply(Change::RemoveDestination { service, destination: server })?;
            break;
        }
        println!("{server} has {left} connections");
        if Instant::now() >= end {
            return Ok(false);
        }
        sleep(Duration::from_millis(200));
    }
    Ok(true)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let service = words.next().ok_or("which service?")?.parse()?;
    let server = words.next().ok_or("which server?")?.parse()?;
    let patience = Duration::from_secs(words.next().map_or(Ok(60), |seconds| seconds.parse())?);
    match drain(&mut Client::connect()?, service, server, patience)? {
        true => println!("{server} is out of {service}"),
        false => println!("{server} gets nothing new, and is not out yet"),
    }
    Ok(())
}
