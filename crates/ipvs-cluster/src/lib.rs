// SPDX-License-Identifier: MIT OR Apache-2.0

//! What an administrator wants of a director, and how to get there.
//!
//! [`Desired`] is a whole wanted state, which a [`Builder`] makes, or [`mod@file`], its written
//! form. [`Observed`] is what the kernel has. [`mod@plan`] compares the two and decides, without
//! acting, on ordered steps; [`mod@apply`] makes them and says what became of each. To verify
//! is to observe and plan again: the steps that are left are what differs. [`Converge`] does
//! all of this in one call, or in as many as its caller has to say something in between.
//!
//! ```no_run
//! use ipvs_cluster::{Converge, Policy, file};
//! use ipvs_netlink::Client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wanted = std::fs::read("table.json")?;
//! let table = file::read(&wanted).map_err(|problems| format!("{problems:?}"))?;
//! let report = Converge::new(&table.desired, Policy::default()).run(&mut Client::connect()?)?;
//! assert!(report.is_converged());
//! # Ok(())
//! # }
//! ```
//!
//! What is wanted of a table that was observed before is that table, so that a rollback is a
//! plan like any other:
//!
//! ```no_run
//! use ipvs_cluster::{Converge, Desired, Observed, Policy};
//! use ipvs_netlink::Client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::connect()?;
//! let before = Observed::read(&mut client)?;
//! // Whatever happens here.
//! let report = Converge::new(&Desired::try_from(&before)?, Policy::default()).run(&mut client)?;
//! assert!(report.is_converged());
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod apply;
pub mod converge;
pub mod desired;
pub mod file;
mod glance;
pub mod observed;
pub mod plan;
pub mod problem;
pub mod sound;
mod subject;

pub use apply::{Applied, Because, Fate, OnFailure, apply, apply_as_is};
pub use converge::{Attempt, Converge, LookError, OnUnsound, Outlook, Report, Verdict, Verify};
pub use desired::{Builder, Desired, DesiredServer, DesiredService, Fault, Faults, Why};
pub use glance::Glance;
pub use observed::{Observed, ObservedService};
pub use plan::{Action, Flaw, Loss, Phase, Plan, Policy, Step, plan, refused, reordered};
pub use problem::{Line, Problem};
pub use sound::Unsound;
pub use subject::Subject;

/// Has the example of the README compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
