// SPDX-License-Identifier: MIT OR Apache-2.0

//! The model as serde sees it, in the form that `rsctl --json` prints (`docs/json.md`).
//!
//! Keys and words are text. What is read needs a service's `service` and `scheduler` and a
//! server's `server` and `method`; what else is missing is as in a new one, and fields that
//! are not known here are passed over. Of what this library does not know there is nothing
//! in this form but the word `unknown`, which is not read.

mod connection;
mod daemon;
mod destination;
mod service;
#[cfg(test)]
mod tests;
mod words;
