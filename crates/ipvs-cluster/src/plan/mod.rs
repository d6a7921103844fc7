// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides, without acting, how to get from what is to what should be.

mod compare;
mod loss;
mod order;
mod policy;
mod refused;
mod step;
#[cfg(test)]
mod tests;
mod view;

pub use compare::{Plan, plan, reordered};
pub(crate) use compare::{as_wanted, compare, reordered_in};
pub use loss::Loss;
#[cfg(feature = "cluster")]
pub(crate) use order::matters as order_matters;
pub use policy::Policy;
pub(crate) use refused::flaw;
pub use refused::{Flaw, refused};
pub use step::{Action, Phase, Step};
pub(crate) use view::{Found, View};
