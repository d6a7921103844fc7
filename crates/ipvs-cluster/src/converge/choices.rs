// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::ServiceKey;

use crate::apply::OnFailure;
use crate::desired::Desired;
use crate::plan::Policy;

/// Says what a convergence leads to, and what its caller has chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices<'a> {
    pub(super) desired: &'a Desired,
    pub(super) policy: Policy,
    pub(super) on_failure: OnFailure,
    pub(super) on_unsound: OnUnsound,
    pub(super) verify: Verify,
    pub(super) mh_slots: usize,
}

impl Choices<'_> {
    /// Returns the services whose servers hash by another order than wanted, which `find` finds.
    /// Beside servers that are not wanted and stay there is no order.
    pub(super) fn reordered(
        &self,
        find: impl FnOnce(&Desired) -> Vec<ServiceKey>,
    ) -> Vec<ServiceKey> {
        if self.policy.deletes() { find(self.desired) } else { Vec::new() }
    }
}

/// Says what is done with an object that is wanted, is not there, and is not sound
/// ([`Unsound`](crate::Unsound)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnsound {
    /// Nothing is begun, and the object is named.
    Refuse,
    /// As [`Refuse`](Self::Refuse), but that a service with `mh` has more servers than the table
    /// of the scheduler has slots is let through: those that find none are never scheduled.
    RefuseButCrowds,
    /// It is set all the same, as another tool may have done ([`apply_as_is`](crate::apply_as_is)).
    SetAsIs,
}

/// Says how much is read again when the steps are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verify {
    /// What was changed. If something did not go as it was planned
    /// ([`Applied::is_as_planned`](crate::Applied::is_as_planned)), or does not show, all is read
    /// again. Services that were made anew, of which the kernel acknowledged each step, are not.
    Changed,
    /// All of it.
    Everything,
}
