// SPDX-License-Identifier: MIT OR Apache-2.0

//! From what is to what should be: decided here, without acting.

mod compare;
mod loss;
mod order;
mod refused;
mod step;
#[cfg(test)]
mod tests;
mod view;

pub use compare::{Plan, Policy, plan, reordered};
pub(crate) use compare::{compare, reordered_in};
pub use loss::Loss;
pub(crate) use refused::flaw;
pub use refused::{Flaw, refused};
pub use step::{Action, Phase, Step};
pub(crate) use view::{Found, View};
