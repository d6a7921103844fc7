// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists virtual services and their real servers.

#![allow(clippy::print_stdout, clippy::print_stderr)] // an example talks to its reader

use ipvs_netlink::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut client = Client::connect()?;
    println!("IPVS {}", client.info()?.version);
    for service in client.services()? {
        let key = service.service.key;
        println!("{key} {}", service.service.scheduler);
        for server in client.destinations(&key)? {
            let destination = server.destination;
            println!("  -> {} {} {}", destination.key, destination.forwarding, destination.weight);
        }
    }
    Ok(())
}
