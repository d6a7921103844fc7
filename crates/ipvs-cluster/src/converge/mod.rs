// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes a director what is wanted: look, plan, apply, verify, report.
//!
//! The kernel has no transactions, and others may change its table at any moment. So what is
//! wanted is compared with what is there, not with what was wanted before; each step is safe
//! to do again; and what was done is believed once the table shows it. Whatever ended a
//! convergence early, another one goes on from there.

mod attempt;
mod choices;
mod outlook;
mod report;

use std::ops::ControlFlow;

use ipvs_netlink::{Client, Error, Transport};

use crate::apply::{Applied, OnFailure};
use crate::desired::Desired;
use crate::glance::Glance;
use crate::observed::{Observed, sysctls};
use crate::plan::{Flaw, Plan, Policy, plan, refused_with};
use crate::sound::{MH_SLOTS, Unsound};

pub use attempt::Attempt;
use choices::Choices;
pub use choices::{OnUnsound, Verify};
pub use outlook::Outlook;
pub use report::{Report, Verdict};

/// Makes a director what is wanted.
///
/// ```no_run
/// use ipvs_cluster::{Builder, Converge, DesiredService, OnFailure, Policy};
/// use ipvs_netlink::{Client, Destination, ForwardingMethod, Scheduler, Service, ServiceKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let web = ServiceKey::tcp(std::net::Ipv4Addr::new(192, 0, 2, 10), 80);
/// let server = Destination::new("10.0.0.1:80".parse()?, ForwardingMethod::Gateway);
/// let mut builder = Builder::new();
/// let service = DesiredService::new(Service::new(web, Scheduler::Wrr));
/// builder.service("shop.yaml", service.with_servers([server]));
/// let desired = builder.finish()?;
///
/// // Deletes all that is not wanted.
/// let converge = Converge::new(&desired, Policy::exact()).on_failure(OnFailure::StopService);
/// let report = converge.run(&mut Client::connect()?)?;
/// for (step, fate) in report.steps() {
///     println!("{step}: {fate:?}");
/// }
/// assert!(report.is_converged());
/// # Ok(())
/// # }
/// ```
///
/// Who wants to see the plan before, or to show how far it is, goes step by step:
///
/// ```no_run
/// # use ipvs_cluster::{Converge, Desired, Policy};
/// # use ipvs_netlink::Client;
/// # use std::ops::ControlFlow;
/// # fn sync(desired: &Desired, policy: Policy) -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::connect()?;
/// let outlook = Converge::new(desired, policy).look(&mut client)?;
/// if outlook.loss().is_large() {
///     return Err(format!("it would delete {}", outlook.loss()).into());
/// }
/// let attempt = outlook.apply(&mut client, |_done| ControlFlow::Continue(()));
/// let report = attempt.verify(&mut client);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Converge<'a>(Choices<'a>);

/// Says why a convergence was not begun.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The table could not be read.
    #[error(transparent)]
    Ipvs(#[from] Error),
    /// What is wanted is not sound and not there.
    #[error("cannot converge: {}", listed(.0))]
    Refused(Vec<Flaw>),
}

impl<'a> Converge<'a> {
    /// Starts from the strictest choices: one failure stops all, and what is not sound is
    /// refused.
    pub fn new(desired: &'a Desired, policy: Policy) -> Self {
        Self(Choices {
            desired,
            policy,
            on_failure: OnFailure::StopAll,
            on_unsound: OnUnsound::Refuse,
            verify: Verify::Changed,
            mh_slots: MH_SLOTS,
        })
    }

    /// Chooses how far a failure reaches.
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        Self(Choices { on_failure, ..self.0 })
    }

    /// Chooses what is done with what is not sound.
    pub fn on_unsound(self, on_unsound: OnUnsound) -> Self {
        Self(Choices { on_unsound, ..self.0 })
    }

    /// Chooses how much is read again.
    pub fn verify(self, verify: Verify) -> Self {
        Self(Choices { verify, ..self.0 })
    }

    /// Says how many slots the table of `mh` has in this kernel ([`mh_slots_of`](crate::sound::mh_slots_of)), if it is
    /// known. By default it is [`MH_SLOTS`].
    pub fn mh_slots(self, mh_slots: usize) -> Self {
        Self(Choices { mh_slots, ..self.0 })
    }

    /// Looks and plans, applies and verifies. If nothing has to change, nothing is sent.
    ///
    /// # Errors
    /// As [`look`](Self::look). Whatever happens later is in the report.
    pub fn run<T: Transport>(self, client: &mut Client<T>) -> Result<Report, LookError> {
        let outlook = self.look(client)?;
        if outlook.plan.is_empty() {
            let (left, reordered) = (Plan::default(), outlook.reordered());
            let verdict = Verdict::Read { left, reordered };
            return Ok(Report { plan: outlook.plan, applied: Applied::default(), verdict });
        }
        Ok(outlook.apply(client, |_| ControlFlow::Continue(())).verify(client))
    }

    /// Reads the table and plans.
    ///
    /// What is just as wanted is read once. Of all else nothing is missing that was there all the
    /// time, as in [`Observed::read`]. Who has told the client about how many servers a service
    /// has ([`servers_per_service`](ipvs_netlink::ConnectOptions::servers_per_service)) reads a
    /// table of many small services in less time.
    ///
    /// # Errors
    /// [`LookError::Ipvs`] if the table cannot be read, and [`LookError::Refused`] if an object
    /// is not sound and not there, unless it is [to be set as it is](OnUnsound::SetAsIs).
    pub fn look<T: Transport>(self, client: &mut Client<T>) -> Result<Outlook<'a>, LookError> {
        let Self(choices) = self;
        let Choices { desired, policy, on_unsound, mh_slots, .. } = choices;
        let observed = read(client, desired, policy)?;
        let plan = plan(desired, &observed, policy);
        if on_unsound != OnUnsound::SetAsIs {
            let mut flaws = refused_with(&plan, desired, &observed, policy, mh_slots);
            if on_unsound == OnUnsound::RefuseButCrowds {
                flaws.retain(|flaw| !matches!(flaw.why, Unsound::Crowd { .. }));
            }
            if !flaws.is_empty() {
                return Err(LookError::Refused(flaws));
            }
        }
        Ok(Outlook { choices, observed, plan })
    }
}

/// Reads all that a plan needs: once, where that is enough.
fn read<T: Transport>(
    client: &mut Client<T>,
    desired: &Desired,
    policy: Policy,
) -> Result<Observed, Error> {
    match Glance::take(client, desired) {
        Ok(glance) => glance.made_sure(client, desired, policy),
        // There an answer that got lost is asked for again, and what else is wrong is told.
        Err(_) => {
            let observed = Observed::read(client)?;
            Ok(Observed { sysctls: sysctls(client, desired.sysctls())?, ..observed })
        }
    }
}

fn listed(flaws: &[Flaw]) -> String {
    flaws.iter().map(Flaw::to_string).collect::<Vec<_>>().join("; ")
}
