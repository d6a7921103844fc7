// SPDX-License-Identifier: MIT OR Apache-2.0

//! Speak generic netlink to the Linux kernel's IPVS (LVS), the layer-4 load
//! balancer.
//!
//! List what is there, and add a direct-routing service with two real servers:
//!
//! ```no_run
//! use std::net::Ipv4Addr;
//!
//! use ipvs_netlink::{
//!     Change, Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service,
//!     ServiceKey,
//! };
//!
//! # fn main() -> Result<(), ipvs_netlink::Error> {
//! let mut client = Client::connect()?;
//! for entry in client.table()? {
//!     println!("{} {}", entry.service.service.key, entry.service.service.scheduler);
//!     for server in entry.destinations {
//!         println!("  -> {} {} active", server.destination.key, server.connections.active);
//!     }
//! }
//!
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
//! From here: [list](guide::list), [change](guide::change), [sync own structs](guide::sync),
//! [drain](guide::drain), [watch](guide::watch), [errors by `match`](guide::errors),
//! [namespaces](guide::namespaces), [tokio](guide::tokio), and
//! [what needs which right](guide::rights).
//!
//! # Layers
//!
//! [`model`] says what an administrator means and cannot say nonsense; `message` says what
//! is on the wire; [`Client`] holds the conversation over a [`Transport`]. What the kernel
//! tells only in files is in [`procfs`]; [`trace`] puts into words what passes, and
//! [`testing`] plays it back. There is no async runtime, because there is nothing to wait
//! for: the kernel answers while the request is being sent.
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
//! the variants called `Other`).
//!
//! # Features and versions
//!
//! | feature | adds |
//! |---|---|
//! | `serde` | `Serialize` and `Deserialize` for the model, in the form that `rsctl --json` prints |
//! | `message` | the module `message`: commands and attributes as types, over the crates of netlink-packet |
//! | `tracing` | spans and events of that crate for requests, answers, and what is done about a lost one ([the table](guide::errors#for-the-subscriber-of-a-program)) |
//!
//! None is on by default. The crate follows semantic versioning. Public enums and
//! structs are `#[non_exhaustive]` where the kernel may yet add to them; errors are to be
//! matched by [`ErrorKind`], their texts may improve at any time. It contains no `unsafe`
//! code.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod client;
mod convert;
mod error;
#[cfg(feature = "serde")]
mod forms;
mod genl;
pub mod guide;
#[cfg(feature = "message")]
pub mod message;
#[cfg(not(feature = "message"))]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the table of attributes is one, whoever sees it"
)]
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
