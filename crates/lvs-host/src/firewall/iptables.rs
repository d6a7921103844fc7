// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rulesets as `iptables-legacy-save` writes them, and what they do with a packet:
//! [`Ruleset::judge`] walks it through the chains (`walk`) and says what becomes of it for
//! certain, or which rule keeps that from being known. `rule` decides whether one rule is
//! for it, as far as its conditions (`condition`) are understood.

mod condition;
mod judge;
mod matching;
mod net;
mod packet;
mod protocols;
mod rewrite;
mod rule;
mod ruleset;
pub(super) mod targets;
mod verdict;
mod walk;

#[cfg(test)]
mod tests;

pub use self::packet::{Packet, Source};
pub use self::ruleset::Ruleset;
pub use self::verdict::{DroppedBy, Verdict};
