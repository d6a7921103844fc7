// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether the host is what it should be. Used after a set-up, and by `status`.

use crate::facts::Facts;
use crate::mode::Mode;
use crate::plan::{Step, refuse, setup};
use crate::refusal::Refusal;
use crate::wanted::Wanted;

/// Returns what is not as wanted; empty if all is well.
///
/// The facts must have been observed afresh: this is the difference between having
/// asked the kernel for something and having it.
#[must_use]
pub fn problems(wanted: &Wanted, facts: &Facts) -> Vec<String> {
    let missing = missing(wanted, facts);
    let missing = missing.iter().map(|step| format!("missing: {}", step.action));
    // Mostly the cause of the others, of which there may be many.
    refused(wanted, facts).iter().map(Refusal::to_string).chain(missing).collect()
}

/// Returns the steps that would be taken.
#[must_use]
pub fn missing(wanted: &Wanted, facts: &Facts) -> Vec<Step> {
    setup::steps(wanted, facts)
}

/// Returns why this host could not be set up as it is now.
#[must_use]
pub fn refused(wanted: &Wanted, facts: &Facts) -> Option<Refusal> {
    let refused = match wanted.mode {
        Mode::Nat => refuse::through_director(wanted, facts),
        Mode::Dr | Mode::Tun => refuse::check(wanted, facts),
    };
    refused.err()
}
