// SPDX-License-Identifier: MIT OR Apache-2.0

//! IPVS in a program that runs on tokio: one task owns the client on a thread
//! where blocking is allowed, others send it work.

#![allow(clippy::print_stdout)] // an example talks to its reader

use std::net::Ipv4Addr;

use ipvs_netlink::{Change, Client, Error, Scheduler, Service, ServiceKey};
use tokio::sync::{mpsc, oneshot};
use tokio::task;

/// Work for the client.
type Job = Box<dyn FnOnce(&mut Client) + Send>;

/// Hands work to the one client and waits for what comes of it.
#[derive(Clone)]
struct Ipvs {
    jobs: mpsc::Sender<Job>,
}

impl Ipvs {
    /// Connects on the calling thread, so in its network namespace.
    fn connect() -> Result<Self, Error> {
        let mut client = Client::connect()?;
        let (jobs, mut queue) = mpsc::channel::<Job>(64);
        task::spawn_blocking(move || {
            while let Some(job) = queue.blocking_recv() {
                job(&mut client);
            }
        });
        Ok(Self { jobs })
    }

    async fn with<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> R + Send + 'static,
    ) -> Option<R> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |client| {
            // Nobody waits any more if this fails.
            let _ = done.send(work(client));
        });
        self.jobs.send(job).await.ok()?;
        result.await.ok()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ipvs = Ipvs::connect()?;
    let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 20), 80);
    let change = Change::AddService(Service::new(web, Scheduler::Wlc));
    ipvs.with(move |client| client.apply(change)).await.ok_or("the client is gone")??;

    let services = ipvs.with(|client| client.services()).await.ok_or("the client is gone")??;
    println!("{} services", services.len());
    Ok(())
}
