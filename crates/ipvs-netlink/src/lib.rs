// SPDX-License-Identifier: MIT OR Apache-2.0

//! Speak generic netlink to the Linux kernel's IPVS (LVS), the layer-4 load
//! balancer.
//!
//! ```no_run
//! use ipvs_netlink::{
//!     Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service,
//!     ServiceKey,
//! };
//! use std::net::Ipv4Addr;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut client = Client::connect()?;
//!     let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
//!     client.apply(Change::AddService(Service::new(web, Scheduler::Wrr)))?;
//!     for host in [11, 12] {
//!         let server = DestinationKey::new(Ipv4Addr::new(192, 0, 2, host), 80);
//!         client.apply(Change::AddDestination {
//!             service: web,
//!             destination: Destination::new(server, ForwardingMethod::Gateway),
//!         })?;
//!     }
//!     for entry in client.services()? {
//!         println!("{} {}", entry.service.key, entry.service.scheduler);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Layers
//!
//! [`model`] says what an administrator means and cannot say nonsense;
//! [`message`] says what is on the wire; [`Client`] holds the conversation over
//! a [`Transport`]. There is no async runtime: the kernel answers while the
//! request is being sent.
//!
//! # What the kernel demands
//!
//! Every request, reading included, needs `CAP_NET_ADMIN` in the initial user
//! namespace. A client works in the network namespace of the thread that
//! connected it.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod client;
mod convert;
mod error;
mod genl;
pub mod message;
pub mod model;
mod namespace;
mod operation;
pub mod procfs;
mod transport;

pub use client::{BatchError, BatchFailure, BatchReport, Client, ConnectOptions, Pass};
pub use error::{Errno, Error, ErrorKind, KernelError};
pub use genl::ExtAck;
pub use model::{
    AddressFamily, Change, Connections, Destination, DestinationEntry, DestinationKey, EngineName,
    ForwardingMethod, GueChecksum, Info, InterfaceName, Invalid, IpvsVersion, Netmask, Persistence,
    PersistenceTimeout, Protocol, Scheduler, SchedulerFlags, SchedulerName, Service, ServiceEntry,
    ServiceKey, SetTimeouts, Stats, SyncDaemon, SyncDaemonEntry, SyncRole, TableEntry, Thresholds,
    Timeouts, Tunnel, UnknownAttribute, Weight,
};
pub use namespace::Namespace;
pub use operation::Operation;
pub use transport::{NetlinkTransport, Transport};
