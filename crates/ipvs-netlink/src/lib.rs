// SPDX-License-Identifier: MIT OR Apache-2.0

//! Speak generic netlink to the Linux kernel's IPVS (LVS), the layer-4 load
//! balancer.
//!
//! List what is there:
//!
//! ```no_run
//! use ipvs_netlink::Client;
//!
//! # fn main() -> Result<(), ipvs_netlink::Error> {
//! let mut client = Client::connect()?;
//! for entry in client.table()? {
//!     println!("{} {}", entry.service.service.key, entry.service.service.scheduler);
//!     for server in entry.destinations {
//!         println!("  -> {} {} active", server.destination.key, server.connections.active);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Add a direct-routing service with two real servers:
//!
//! ```no_run
//! use ipvs_netlink::{
//!     Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service,
//!     ServiceKey,
//! };
//! use std::net::Ipv4Addr;
//!
//! # fn main() -> Result<(), ipvs_netlink::Error> {
//! let mut client = Client::connect()?;
//! let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
//! client.apply(Change::AddService(Service::new(web, Scheduler::Wrr)))?;
//! for host in [11, 12] {
//!     let server = DestinationKey::new(Ipv4Addr::new(192, 0, 2, host), 80);
//!     let destination = Destination::new(server, ForwardingMethod::Gateway);
//!     client.apply(Change::AddDestination { service: web, destination })?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Load ten thousand real servers:
//!
//! ```no_run
//! use ipvs_netlink::{
//!     Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service,
//!     ServiceKey,
//! };
//! use std::net::Ipv4Addr;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dns = ServiceKey::udp(Ipv4Addr::new(192, 0, 2, 53), 53);
//! let servers = (0..10_000).map(|number| Change::AddDestination {
//!     service: dns,
//!     destination: Destination::new(
//!         DestinationKey::new(Ipv4Addr::from_bits(0x0a00_0001 + number), 53),
//!         ForwardingMethod::Masquerade,
//!     ),
//! });
//! let service = Change::AddService(Service::new(dns, Scheduler::Wlc));
//! let report = Client::connect()?.batch(std::iter::once(service).chain(servers))?;
//! for failure in &report.failures {
//!     eprintln!("change {}: {}", failure.index, failure.error);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! These and others stand in `examples/` as programs.
//!
//! # Layers
//!
//! [`model`] says what an administrator means and cannot say nonsense;
//! [`message`] says what is on the wire; [`Client`] holds the conversation over
//! a [`Transport`]. What the kernel tells only in files is in [`procfs`]. There
//! is no async runtime, because there is nothing to wait for: the kernel answers
//! while the request is being sent (`docs/library.md` has a page on tokio).
//!
//! # What the kernel demands
//!
//! Every request, reading included, needs `CAP_NET_ADMIN` in the initial user
//! namespace; reading [`procfs`] needs nothing. A client works in the network
//! namespace of the thread that connected it, or in the one it was given
//! ([`ConnectOptions::namespace`]).
//!
//! # What can be relied on
//!
//! Nothing is guessed: if an answer gets lost, the table is read back. (What it
//! shows then is what counts: an add of something that was there already, just so,
//! is a success.) Nothing is
//! called missing on the word of a dump that a change may have disturbed. What the
//! kernel would take and then twist is refused before anything is sent
//! ([`Invalid`]). Kernels from 6.1 to 7.2 are what all of it is tested on; what
//! each of them says of services and servers beyond what is known here is kept
//! ([`UnknownAttribute`],
//! the variants called `Other`). Public enums and structs are
//! `#[non_exhaustive]` where the kernel may yet add to them.
//!
//! The crate has no optional features.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod client;
mod convert;
mod error;
#[cfg(feature = "serde")]
mod forms;
mod genl;
#[cfg(feature = "message")]
pub mod message;
#[cfg(not(feature = "message"))]
#[allow(dead_code, unreachable_pub, reason = "the table of attributes is one, whoever sees it")]
mod message;
pub mod model;
mod namespace;
mod operation;
pub mod procfs;
pub mod testing;
pub mod trace;
mod transport;
pub mod unchecked;

pub use client::{BatchError, BatchFailure, BatchReport, Client, ConnectOptions, Pass, Visited};
pub use error::{Error, ErrorKind, KernelError};
pub use genl::{Errno, ExtAck};
pub use model::{
    AddressFamily, Change, Connections, Destination, DestinationEntry, DestinationKey, EngineName,
    ForwardingMethod, GueChecksum, Info, InterfaceName, Invalid, IpvsVersion, Netmask, Persistence,
    PersistenceTimeout, Protocol, Scheduler, SchedulerFlag, SchedulerFlags, SchedulerName, Service,
    ServiceEntry, ServiceKey, SetTimeouts, Stats, SyncDaemon, SyncDaemonEntry, SyncRole,
    TableEntry, Thresholds, Timeouts, Tunnel, UnknownAttribute, Weight,
};
pub use namespace::Namespace;
pub use operation::Operation;
pub use transport::{NetlinkTransport, Transport};
