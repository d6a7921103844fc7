// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keeping a host right needs to know and to tell; [`crate::commands`] puts it
//! together.
//!
//! | file | question |
//! |---|---|
//! | [`lvs_host::events`] | has anything changed, and who asked for it |
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
pub mod judge;
pub mod log;
pub mod pace;
pub mod service;
pub mod suspects;
