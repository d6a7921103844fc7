// SPDX-License-Identifier: MIT OR Apache-2.0

//! Does what can go wrong, and acts by the kind of error.

#![allow(clippy::print_stdout)] // an example talks to its reader

use ipvs_netlink::{Change, Client, Error, ErrorKind, Scheduler, Service, ServiceKey};

/// Sees to it that the service is there, whoever made it.
fn ensure(client: &mut Client, service: Service) -> Result<&'static str, Error> {
    match client.apply(Change::AddService(service.clone())) {
        Ok(()) => Ok("added"),
        Err(error) => match error.kind() {
            ErrorKind::AlreadyExists => {
                client.apply(Change::SetService(service)).map(|()| "was there")
            }
            // Where its module is not built: another that does.
            ErrorKind::SchedulerMissing => {
                println!("{error}");
                error.hints().iter().for_each(|hint| println!("hint: {hint}"));
                let usual = Service::new(service.key, Scheduler::Wlc);
                ensure(client, usual)
            }
            _ => Err(error),
        },
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut client = Client::connect()?;
    let web = ServiceKey::tcp([192, 0, 2, 10], 80);
    println!("{}", ensure(&mut client, Service::new(web, "none_such".parse()?))?);
    println!("{}", ensure(&mut client, Service::new(web, Scheduler::Rr))?);

    let changes = [Change::RemoveService(web), Change::RemoveService(web)];
    for failure in client.batch(changes)?.failures {
        let (errno, key) = (failure.error.errno(), failure.error.key());
        println!("change {}: {:?}, {errno:?}, {key:?}", failure.index, failure.error.kind());
    }
    Ok(())
}
