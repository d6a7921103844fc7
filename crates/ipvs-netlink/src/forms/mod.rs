// SPDX-License-Identifier: MIT OR Apache-2.0

//! The model as serde sees it, in the form that `rsctl --json` prints (`docs/json.md`).
//!
//! Keys and words are text. What is read needs a service's `service` and `scheduler` and a
//! server's `server` and `method`; what else is missing there is as in a new one, and fields
//! that are not known here are passed over. What stands in `persistent`, `tunnel`, a sync daemon
//! or [`Info`](crate::Info) stands there whole. Of what this library does not know there is
//! nothing in this form but the word `unknown`, which is not read; nor is a value of the
//! kernel's that no constructor of the model takes, such as a timeout that is too long.

mod connection;
mod daemon;
mod destination;
mod service;
#[cfg(test)]
mod tests;
mod words;
