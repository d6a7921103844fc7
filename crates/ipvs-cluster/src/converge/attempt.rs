// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{Client, Transport};

use super::choices::{Choices, Verify};
use super::read;
use super::report::{Report, Verdict};
use crate::apply::Applied;
use crate::glance::Glance;
use crate::observed::Observed;
use crate::plan::{Plan, plan, reordered};

/// Says what a convergence has changed, on the word of the kernel's answers.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    pub(super) choices: Choices<'a>,
    /// What was there before.
    pub(super) observed: Observed,
    pub(super) plan: Plan,
    pub(super) applied: Applied,
}

impl Attempt<'_> {
    /// Returns what was to be done.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns what was there before.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Returns what became of it.
    pub fn applied(&self) -> &Applied {
        &self.applied
    }

    /// Reads again what was changed, or [all of it], and compares it with what
    /// is wanted.
    ///
    /// [all of it]: super::Converge::verify
    pub fn verify<T: Transport>(self, client: &mut Client<T>) -> Report {
        let Self { choices, observed, plan: made, applied } = self;
        let verdict = if applied.is_stopped() {
            Verdict::Stopped
        } else {
            let is_enough = choices.verify == Verify::Changed && applied.is_as_planned();
            let changed = is_enough.then(|| changed(client, &choices, &made, observed)).flatten();
            changed.unwrap_or_else(|| everything(client, &choices))
        };
        Report { plan: made, applied, verdict }
    }
}

/// Looks at what was changed. `None` if it does not show just what is wanted: another program is at
/// work, or a change did not come through.
fn changed<T: Transport>(
    client: &mut Client<T>,
    choices: &Choices<'_>,
    made: &Plan,
    before: Observed,
) -> Option<Verdict> {
    // A look that fails is no reason not to read it properly.
    let now = Glance::behind(client, choices.desired, made, before).ok()?;
    now.shows(choices.desired, choices.policy).then(|| {
        let reordered = choices.reordered(|desired| now.reordered(desired));
        Verdict::Read { left: Plan::default(), reordered }
    })
}

fn everything<T: Transport>(client: &mut Client<T>, choices: &Choices<'_>) -> Verdict {
    match read(client, choices.desired, choices.policy) {
        Ok(now) => {
            let left = plan(choices.desired, &now, choices.policy);
            let reordered = choices.reordered(|desired| reordered(desired, &now));
            Verdict::Read { left, reordered }
        }
        // Not being able to look again must not hide what was done.
        Err(error) => Verdict::Unread(error),
    }
}
