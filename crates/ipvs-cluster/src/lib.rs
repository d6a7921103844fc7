// SPDX-License-Identifier: MIT OR Apache-2.0

//! What an administrator wants of a director, and how to get there.
//!
//! [`desired`] is a whole wanted state, [`mod@file`] its written form, [`observed`]
//! what the kernel has. [`mod@plan`] compares the two and decides, without acting,
//! on ordered steps; [`mod@apply`] makes them and says what became of each. To verify
//! is to observe and plan again: the steps that are left are what differs.
//!
//! ```no_run
//! use ipvs_cluster::{Observed, Policy, apply, file, plan};
//! use ipvs_netlink::Client;
//!
//! use std::ops::ControlFlow;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wanted = std::fs::read("table.json")?;
//! let desired = file::read(&wanted).map_err(|problems| format!("{problems:?}"))?;
//! let mut client = Client::connect()?;
//! let plan = plan(&desired, &Observed::read(&mut client)?, Policy::default());
//! let applied = apply(&mut client, &plan, |_done| ControlFlow::Continue(()));
//! assert!(applied.is_complete());
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod apply;
pub mod desired;
pub mod file;
pub mod observed;
pub mod plan;

pub use apply::{Applied, Fate, apply, apply_as_is};
pub use desired::{Desired, DesiredServer, DesiredService, Doubt, Subject};
pub use observed::{Observed, ObservedService};
pub use plan::{Action, Phase, Plan, Policy, Step, plan, refused, reordered};
