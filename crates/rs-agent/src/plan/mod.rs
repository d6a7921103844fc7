// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides, without touching anything: which changes are missing and in which
//! order ([`setup`]), which go away ([`teardown`]), what is refused ([`refuse`], [`networks`]), and which
//! addresses nobody is told to take away ([`own`]).

pub mod change;
mod devices;
pub mod networks;
pub mod own;
pub mod refuse;
pub mod setup;
pub mod teardown;
#[cfg(test)]
mod tests;

pub use change::{ADDRESS_TAG, Action, Change, Effect, Step, Target};
