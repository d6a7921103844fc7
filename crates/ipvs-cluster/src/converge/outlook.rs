// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ops::ControlFlow;

use ipvs_netlink::{Client, ServiceKey, Transport};

use super::attempt::Attempt;
use super::choices::{Choices, OnUnsound};
use crate::apply::{apply, apply_as_is};
use crate::observed::Observed;
use crate::plan::{Loss, Plan, reordered};

/// Says what a convergence is going to change. Nothing was changed yet.
#[derive(Debug)]
#[must_use]
pub struct Outlook<'a> {
    pub(super) choices: Choices<'a>,
    pub(super) observed: Observed,
    pub(super) plan: Plan,
}

impl<'a> Outlook<'a> {
    /// Returns what was there. To [want it](crate::Desired::try_from) again is to roll back.
    ///
    /// Where it is not just what is wanted, nothing is missing in it that was there all the time.
    /// A list that is just that was read once: another program that deleted of it meanwhile may
    /// have hidden what it had added.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Returns what is going to be done.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Counts what is going to be deleted.
    pub fn loss(&self) -> Loss {
        Loss::of(&self.plan, self.choices.desired, &self.observed)
    }

    /// Returns the services whose servers hash by another order than wanted, and are going to
    /// stay so. Beside servers that are not wanted and stay there is no order.
    pub fn reordered(&self) -> Vec<ServiceKey> {
        if self.choices.policy.reorders() {
            return Vec::new();
        }
        self.choices.reordered(|desired| reordered(desired, &self.observed))
    }

    /// Returns the plan, which is not carried out.
    pub fn into_plan(self) -> Plan {
        self.plan
    }

    /// Returns what was there and the plan, which is not carried out.
    pub fn into_parts(self) -> (Observed, Plan) {
        (self.observed, self.plan)
    }

    /// Makes the steps. `progress` is told how many were handed over, and ends it there by
    /// breaking.
    pub fn apply<T: Transport>(
        self,
        client: &mut Client<T>,
        progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Attempt<'a> {
        let Self { choices, observed, plan } = self;
        let on_failure = choices.on_failure;
        let applied = match choices.on_unsound {
            OnUnsound::Refuse => apply(client, &plan, on_failure, progress),
            OnUnsound::SetAsIs => apply_as_is(client, &plan, on_failure, progress),
        };
        Attempt { choices, observed, plan, applied }
    }
}
