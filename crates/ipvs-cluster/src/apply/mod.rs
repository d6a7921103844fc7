// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes the steps of a plan, and says what became of each.

mod fate;
mod reconcile;
mod send;
mod walk;

pub use fate::{Applied, Because, Fate, OnFailure};
pub use send::{apply, apply_as_is};
#[cfg(test)]
pub(crate) use walk::{Sent, together, walk};
