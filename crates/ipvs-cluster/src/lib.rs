// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes a Linux IPVS (LVS) director what a program wants of it: compares, plans, makes the steps
//! between, and says what became of each.
//!
//! [`Builder`] takes services and real servers from as many owners as there are, and makes a
//! [`Desired`] of them; [`Converge`] has the kernel make it so. In one round it looks at what is
//! there, plans, applies, and reads the table again; whatever ended one early, or whatever others
//! changed meanwhile, is a matter of the next round. There is no daemon in it, no async runtime,
//! and nothing is printed.
//!
//! # Sync structs of your own
//!
//! ```no_run
//! use ipvs_cluster::{Builder, Converge, DesiredService, OnFailure, Policy};
//! use ipvs_netlink::{
//!     Client, Destination, DestinationKey, ForwardingMethod, Scheduler, Service, ServiceKey,
//! };
//! use std::net::IpAddr;
//!
//! struct Site {
//!     name: String,
//!     vip: IpAddr,
//!     backends: Vec<IpAddr>,
//! }
//!
//! fn sync(sites: &[Site], client: &mut Client) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut builder = Builder::new();
//!     for site in sites {
//!         let service = Service::new(ServiceKey::tcp(site.vip, 80), Scheduler::Wlc);
//!         let servers = site.backends.iter().map(|backend| {
//!             Destination::new(DestinationKey::new(*backend, 80), ForwardingMethod::Gateway)
//!         });
//!         builder.service(&site.name, DesiredService::new(service).with_servers(servers));
//!     }
//!     // Two sites with one VIP: every conflict, with the names of both.
//!     let desired = builder.finish().map_err(|faults| faults.to_string())?;
//!
//!     // Deletes what is not wanted; `Policy::add_only` does not.
//!     let report = Converge::new(&desired, Policy::exact())
//!         .on_failure(OnFailure::StopService)
//!         .run(client)?;
//!     for (step, fate) in report.steps() {
//!         println!("{step}: {fate:?}");
//!     }
//!     println!("converged: {}", report.is_converged());
//!     Ok(())
//! }
//! ```
//!
//! `examples/converge.rs` is this as a program, in a loop.
//!
//! # Leave to others what is theirs
//!
//! The kernel keeps no owner of an object, so [`Policy::exact`] deletes whatever is not wanted,
//! also what keepalived or a person made. With a [`Scope`], what is outside is neither changed
//! nor deleted nor missed, and cannot be wanted by mistake:
//!
//! ```
//! use ipvs_cluster::{Builder, Scope};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scope = Scope::of_addresses(["192.0.2.10".parse()?, "2001:db8::10".parse()?]);
//! let mut builder = Builder::within(scope);
//! // From here on as above.
//! # builder.service("shop", ipvs_cluster::DesiredService::new(ipvs_netlink::Service::new(
//! #     "tcp/192.0.2.10:80".parse()?, ipvs_netlink::Scheduler::Wlc)));
//! let desired = builder.finish()?;
//! # Ok(())
//! # }
//! ```
//!
//! # See what would change
//!
//! ```no_run
//! use ipvs_cluster::{Converge, Desired, Policy};
//! use ipvs_netlink::Client;
//!
//! # fn look(desired: &Desired) -> Result<(), Box<dyn std::error::Error>> {
//! let outlook = Converge::new(desired, Policy::exact()).look(&mut Client::connect()?)?;
//! for step in outlook.plan().steps() {
//!     println!("{step}"); // edit server 10.0.0.1:80 of tcp/192.0.2.10:80
//! }
//! if outlook.loss().is_large() {
//!     println!("it would delete {}", outlook.loss());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is changed until [`Outlook::apply`].
//!
//! # Drain a server
//!
//! Want it with weight 0: it gets no new connections, and those it has go on. When they are gone,
//! want it no more:
//!
//! ```no_run
//! use ipvs_netlink::{Client, Destination, DestinationKey, ServiceKey, Weight};
//!
//! fn drained(server: Destination) -> Destination {
//!     server.with_weight(Weight::ZERO)
//! }
//!
//! fn is_idle(
//!     client: &mut Client,
//!     service: &ServiceKey,
//!     server: &DestinationKey,
//! ) -> Result<bool, ipvs_netlink::Error> {
//!     let entry = client.destination(service, server)?;
//!     Ok(entry.is_none_or(|it| it.connections.active + it.connections.inactive == 0))
//! }
//! ```
//!
//! # Match errors
//!
//! ```no_run
//! use ipvs_cluster::{Because, Converge, Desired, Fate, LookError, Policy, Verdict};
//! use ipvs_netlink::{Client, ErrorKind};
//!
//! # fn sync(desired: &Desired, client: &mut Client) {
//! let report = match Converge::new(desired, Policy::exact()).run(client) {
//!     Ok(report) => report,
//!     // Nothing was changed.
//!     Err(LookError::Ipvs(error)) if error.kind() == ErrorKind::PermissionDenied => {
//!         return eprintln!("{error}: CAP_NET_ADMIN is needed");
//!     }
//!     Err(LookError::Ipvs(error)) => return eprintln!("the table cannot be read: {error}"),
//!     Err(LookError::Refused(flaws)) => return flaws.iter().for_each(|flaw| eprintln!("{flaw}")),
//! };
//! for (step, fate) in report.steps() {
//!     match fate {
//!         Fate::Done => {}
//!         Fate::Failed(error) if error.kind() == ErrorKind::SchedulerMissing => {
//!             eprintln!("{step}: the kernel has no such scheduler");
//!         }
//!         Fate::Failed(error) => eprintln!("{step}: {error}"),
//!         Fate::NotTried(Because::Failed(place)) => {
//!             eprintln!("{step}: not tried, because of: {}", report.plan.steps()[*place]);
//!         }
//!         Fate::NotTried(_) => eprintln!("{step}: not tried"),
//!         Fate::Unknown => eprintln!("{step}: the answer was lost"),
//!     }
//! }
//! match &report.verdict {
//!     Verdict::Read { left, .. } if left.is_empty() => {}
//!     Verdict::Read { left, .. } => eprintln!("{} steps are left", left.steps().len()),
//!     Verdict::Unread(error) => eprintln!("the table cannot be read again: {error}"),
//!     Verdict::Stopped => {}
//! }
//! # }
//! ```
//!
//! # Roll back
//!
//! A table that was observed before can be wanted again, so that a rollback is a plan like any
//! other:
//!
//! ```no_run
//! use ipvs_cluster::{Converge, Desired, Observed, Policy};
//! use ipvs_netlink::Client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::connect()?;
//! let before = Observed::read(&mut client)?;
//! // Whatever happens here.
//! let report = Converge::new(&Desired::try_from(&before)?, Policy::exact()).run(&mut client)?;
//! assert!(report.is_converged());
//! # Ok(())
//! # }
//! ```
//!
//! [`Desired::from_observed`] does this within a scope.
//!
//! # The parts
//!
//! [`Observed`] is what the kernel has. [`mod@plan`] compares it with what is wanted and decides,
//! without acting, on ordered steps; [`mod@apply`] makes them and says what became of each. To
//! verify is to observe again and plan: the steps that are left are what differs. [`mod@converge`]
//! is all of this in one call, or in several for a caller that has to say something in between.
//! [`mod@file`] is the written form of a table, which `rsctl save` writes. Who needs none of it
//! leaves out the feature `file`, and serde with it.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod apply;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod converge;
pub mod desired;
pub mod drain;
#[cfg(feature = "file")]
pub mod file;
mod glance;
pub mod observed;
pub mod plan;
mod scope;
pub mod sound;
mod subject;
pub mod sysctl;

pub use apply::{Applied, Because, Fate, OnFailure, apply, apply_as_is};
pub use converge::{Attempt, Converge, LookError, OnUnsound, Outlook, Report, Verdict, Verify};
pub use desired::{
    Builder, Desired, DesiredServer, DesiredService, Fault, Faults, OutsideScope, Why,
};
pub use observed::{Observed, ObservedService};
pub use plan::{
    Action, Flaw, Foreign, Loss, Phase, Plan, Policy, Step, Trap, plan, refused, reordered, traps,
};
pub use scope::Scope;
pub use sound::Unsound;
pub use subject::Subject;
pub use sysctl::{Sysctl, SysctlName};

/// Has the example of the README compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
