// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides, without acting, how to get from what is to what should be.

mod compare;
mod foreign;
mod loss;
mod order;
mod policy;
mod refused;
mod step;
#[cfg(test)]
mod tests;
mod traps;
mod view;

pub use compare::{Plan, plan, reordered};
pub(crate) use compare::{as_wanted, compare, reordered_in};
pub use foreign::Foreign;
pub use loss::Loss;
#[cfg(feature = "cluster")]
pub(crate) use order::matters as order_matters;
pub use policy::Policy;
pub use refused::{Flaw, refused};
pub(crate) use refused::{flaw, refused_with};
pub use step::{Action, Phase, Step};
pub use traps::{Trap, traps};
pub(crate) use view::{Found, View};
