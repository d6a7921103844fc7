// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ops::ControlFlow;

use foldhash::HashSet;
use ipvs_netlink::{Client, ServiceKey, Transport};

use super::attempt::Attempt;
use super::choices::{Choices, OnUnsound};
use crate::apply::{apply, apply_as_is};
use crate::desired::{Desired, Faults};
use crate::observed::Observed;
use crate::plan::{Foreign, Loss, Plan, Trap, View, reordered, traps};

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

    /// Returns what it would do to clients that is hardly meant.
    #[must_use]
    pub fn traps(&self) -> Vec<Trap> {
        traps(&self.plan, &self.observed)
    }

    /// Returns what is there and is others', and so in no step.
    pub fn foreign(&self) -> Foreign<'_> {
        Foreign::of(&self.observed, self.choices.desired.scope())
    }

    /// Returns the services in scope that are not wanted and stay, because others have servers in
    /// them: the kernel deletes a service with all its servers or not at all.
    #[must_use]
    pub fn kept_for_others(&self) -> Vec<ServiceKey> {
        if !self.choices.policy.deletes() {
            return Vec::new();
        }
        let Choices { desired, .. } = &self.choices;
        let wanted: HashSet<_> = desired.services().iter().map(|it| it.service.key).collect();
        let view = View::of(&self.observed, desired.scope());
        let kept = view.services.iter().filter(|it| it.is_shared);
        kept.map(|it| it.service.key).filter(|key| !wanted.contains(key)).collect()
    }

    /// Returns what was there, as something to want: to roll back what is going to be done, and
    /// nothing that others do meanwhile. It is made before [`apply`](Self::apply), which takes
    /// this.
    ///
    /// # Errors
    /// As [`Desired::from_observed`].
    pub fn before(&self) -> Result<Desired, Faults<&'static str>> {
        Desired::from_observed(&self.observed, self.choices.desired.scope().clone())
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
            OnUnsound::RefuseButCrowds | OnUnsound::SetAsIs => {
                apply_as_is(client, &plan, on_failure, progress)
            }
        };
        Attempt { choices, observed, plan, applied }
    }
}
