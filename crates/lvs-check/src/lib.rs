// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what programs that check a host of an LVS cluster have in common: [`Rule`]s in a
//! catalogue, the [`Finding`]s that they make, what helps against them in an order that does no
//! harm ([`Remedy`]), the [`Report`] of it all, also for a monitor ([`nagios`]), and [`probe`]s that
//! ask the network itself.
//!
//! What is checked, and how, is the program's: nothing here reads a host or judges one.

pub mod nagios;
pub mod page;
pub mod probe;

mod filter;
mod finding;
mod order;
mod remedy;
mod report;
mod rule;
mod severity;

#[cfg(test)]
mod tests;

pub use filter::Filter;
pub use finding::Finding;
pub use order::{OrderedRemedy, complete, in_order};
pub use remedy::{Instruction, Phase, Remedy};
pub use report::{Report, rules_text};
pub use rule::{Catalogue, Rule, RuleId};
pub use severity::Severity;
