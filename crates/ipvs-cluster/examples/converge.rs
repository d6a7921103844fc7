// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps a director as a controller's own structs say it should be, one round after another:
//! what others have on it stays, and a server is drained before it goes.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::error::Error;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

use ipvs_cluster::{Builder, Converge, Desired, DesiredService, Fate, OnFailure, Policy, Scope};
use ipvs_netlink::{
    Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service, ServiceKey, Weight,
};

/// A site as this controller knows it, wherever from.
#[derive(Clone)]
struct Site {
    owner: &'static str,
    vip: IpAddr,
    backends: Vec<Backend>,
}

#[derive(Clone)]
struct Backend {
    address: IpAddr,
    is_drained: bool,
}

const PORT: u16 = 80;
/// What is this controller's on any director, whether there is a site for it or not.
const VIPS: [&str; 2] = ["192.0.2.10", "192.0.2.11"];

/// Says what the director should look like for these sites.
fn desired(sites: &[Site]) -> Result<Desired, Box<dyn Error>> {
    let vips: Result<Vec<IpAddr>, _> = VIPS.iter().map(|vip| vip.parse()).collect();
    let mut builder = Builder::within(Scope::of_addresses(vips?));
    for site in sites {
        let service = Service::new(ServiceKey::tcp(site.vip, PORT), Scheduler::Wlc);
        let servers = site.backends.iter().map(|backend| {
            let key = DestinationKey::new(backend.address, PORT);
            let mut server = Destination::new(key, ForwardingMethod::Gateway);
            if backend.is_drained {
                server.weight = Weight::ZERO;
            }
            server
        });
        builder.service(site.owner, DesiredService::new(service).with_servers(servers));
    }
    // All that is wrong, each with its owner: another's VIP, or two sites with one.
    Ok(builder.finish()?)
}

/// Makes it so, and says what was done.
fn sync(client: &mut Client, sites: &[Site]) -> Result<(), Box<dyn Error>> {
    let desired = desired(sites)?;
    let converge = Converge::new(&desired, Policy::exact()).on_failure(OnFailure::StopService);
    let report = converge.run(client)?;
    if report.plan.is_empty() {
        println!(" nothing to change");
        return Ok(());
    }
    println!();
    for (step, fate) in report.steps() {
        match fate {
            Fate::Done => println!("  {step}: done"),
            Fate::Failed(error) => println!("  {step}: {error}"),
            Fate::Unknown => println!("  {step}: perhaps done"),
            Fate::NotTried(_) => println!("  {step}: not tried"),
        }
    }
    if !report.is_converged() {
        println!("  the next round does the rest");
    }
    Ok(())
}

/// Waits until a drained server has no connections any more.
fn wait_for(client: &mut Client, site: &Site, backend: &Backend) -> Result<(), Box<dyn Error>> {
    let service = ServiceKey::tcp(site.vip, PORT);
    let server = DestinationKey::new(backend.address, PORT);
    while let Some(entry) = client.destination(&service, &server)? {
        if entry.connections.active + entry.connections.inactive == 0 {
            break;
        }
        sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect()?;
    let backend = |address: [u8; 4]| Backend { address: address.into(), is_drained: false };
    let backends = vec![backend([10, 0, 0, 1]), backend([10, 0, 0, 2])];
    let mut site = Site { owner: "shop", vip: [192, 0, 2, 10].into(), backends };

    print!("2 servers:");
    sync(&mut client, &[site.clone()])?;
    print!("2 servers:");
    sync(&mut client, &[site.clone()])?;

    site.backends[1].is_drained = true;
    print!("one drained:");
    sync(&mut client, &[site.clone()])?;

    wait_for(&mut client, &site, &site.backends[1])?;
    site.backends.pop();
    print!("one server:");
    sync(&mut client, &[site])
}
