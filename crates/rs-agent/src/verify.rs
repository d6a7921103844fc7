// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether the host is what it should be. Used after a set-up, and by `status`.

use crate::facts::Facts;
use crate::mode::Mode;
use crate::plan::{refuse, setup};
use crate::wanted::Wanted;

/// Returns what is not as wanted; empty if all is well.
///
/// The facts must have been observed afresh: this is the difference between having
/// asked the kernel for something and having it.
#[must_use]
pub fn problems(wanted: &Wanted, facts: &Facts) -> Vec<String> {
    let mut problems: Vec<String> = setup::steps(wanted, facts)
        .iter()
        .map(|step| format!("missing: {}", step.action))
        .collect();
    let refused = match wanted.mode {
        Mode::Nat => refuse::through_director(wanted, facts),
        Mode::Dr | Mode::Tun => refuse::check(wanted, facts),
    };
    if let Err(refusal) = refused {
        // Mostly the cause of the others, of which there may be many.
        problems.insert(0, refusal.to_string());
    }
    problems
}
