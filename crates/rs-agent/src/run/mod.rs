// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeps a host right: `rs-agent run`.
//!
//! | file | question |
//! |---|---|
//! | `watch` | what to wait for |
//! | `keeper` | what to look at, what to repair and what to tell |
//! | `settings` | what was asked for |
//! | `glance` | has anything changed of which there is no notice |
//! | [`lvs_host::events`] | has anything changed, which address, and who asked for it |
//! | [`judge`] | what is to be repaired, and what is not ours (pure) |
//! | [`devices`] | is a device still the one that we made (pure) |
//! | [`backoff`] | not again so soon (pure) |
//! | [`pace`] | what is looked at when (pure) |
//! | [`suspects`] | who is it likely to be |
//! | [`budget`] | how much is said (pure) |
//! | [`log`], [`service`] | what is said, to people and to systemd |

pub mod backoff;
pub mod budget;
pub mod devices;
mod glance;
pub mod judge;
mod keeper;
pub mod log;
pub mod pace;
pub mod service;
mod settings;
pub mod suspects;
mod watch;

pub use self::watch::run;
