// SPDX-License-Identifier: MIT OR Apache-2.0

use foldhash::HashSet;
use ipvs_netlink::{Client, Error, ServiceKey, Transport};

use super::choices::{Choices, Verify};
use super::report::{Report, Verdict};
use crate::apply::Applied;
use crate::glance::Glance;
use crate::observed::Observed;
use crate::plan::{Plan, Step, plan, reordered};

/// Says what a convergence has changed, on the word of the kernel's answers.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    pub(super) choices: Choices<'a>,
    pub(super) plan: Plan,
    pub(super) applied: Applied,
}

impl Attempt<'_> {
    /// Returns what was to be done.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns what became of it.
    pub fn applied(&self) -> &Applied {
        &self.applied
    }

    /// Reads the table again and compares it with what is wanted.
    pub fn verify<T: Transport>(self, client: &mut Client<T>) -> Report {
        self.verify_at_a_glance(client, |client, known, _most| Glance::take(client, known))
    }

    /// Does what [`verify`](Self::verify) does, and has the quick look at all of it taken over a
    /// client of its own, which [`ConnectOptions`](ipvs_netlink::ConnectOptions) may fit to the
    /// most servers of a service that are to be read.
    pub fn verify_over<T: Transport, Q: Transport>(
        self,
        client: &mut Client<T>,
        connect: impl FnOnce(usize) -> Result<Client<Q>, Error>,
    ) -> Report {
        self.verify_at_a_glance(client, |client, known, most| match most {
            None => Glance::take(client, known),
            Some(most) => Glance::take(&mut connect(most)?, known),
        })
    }

    /// One look that shows just what is wanted agrees with what the kernel said to
    /// the changes. If it shows anything else, another program is at work or a
    /// change did not come through, and the table is read until nothing is missing.
    fn verify_at_a_glance<T: Transport>(
        self,
        client: &mut Client<T>,
        glance: impl FnOnce(
            &mut Client<T>,
            &dyn Fn(&ServiceKey) -> bool,
            Option<usize>,
        ) -> Result<Glance, Error>,
    ) -> Report {
        let Self { choices, plan: made, applied } = self;
        let Choices { desired, policy, verify, .. } = choices;
        if applied.is_stopped() {
            return Report { plan: made, applied, verdict: Verdict::Stopped };
        }
        let known = match verify {
            Verify::Everything => HashSet::default(),
            Verify::Unacknowledged => acknowledged(&made, &applied),
        };
        let asked = desired.services().iter().filter(|it| !known.contains(&it.service.key));
        let most = asked.map(|it| it.servers.len()).max();
        // A look that fails is no reason not to read it properly.
        let scope = desired.scope();
        let glance = glance(client, &|key| known.contains(key) || !scope.has_service(key), most);
        let glance = glance.ok().filter(|glance| glance.shows(desired, policy));
        let verdict = match glance {
            Some(glance) => {
                let reordered = choices.reordered(|desired| glance.reordered(desired));
                Verdict::Read { left: Plan::default(), reordered }
            }
            None => match Observed::read(client) {
                Ok(now) => {
                    let left = plan(desired, &now, policy);
                    let reordered = choices.reordered(|desired| reordered(desired, &now));
                    Verdict::Read { left, reordered }
                }
                // Not being able to look again must not hide what was done.
                Err(error) => Verdict::Unread(error),
            },
        };
        Report { plan: made, applied, verdict }
    }
}

/// Returns the services that were made with all their servers: the kernel acknowledged each.
fn acknowledged(plan: &Plan, applied: &Applied) -> HashSet<ServiceKey> {
    if !applied.is_as_planned() {
        return HashSet::default();
    }
    let new = plan.steps.iter().filter_map(|step| match step {
        Step::AddService(service) => Some(service.key),
        _ => None,
    });
    new.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipvs_netlink::{AddressFamily, Destination, ForwardingMethod, Scheduler, Service};

    use crate::apply::{Because, Fate};
    use crate::desired::{Builder, DesiredService};
    use crate::plan::Policy;

    /// Who met somebody else, or did not get through, knows nothing.
    #[test]
    fn only_what_was_made_as_planned_is_known() {
        let table = |services: &[(u32, &str)]| {
            let mut builder = Builder::new();
            for (mark, server) in services {
                let key = ServiceKey::fwmark(AddressFamily::Ipv4, *mark).unwrap();
                let server = server.parse().unwrap();
                let server = Destination::new(server, ForwardingMethod::Masquerade);
                let service = DesiredService::new(Service::new(key, Scheduler::Rr));
                builder.service((), service.with_servers([server]));
            }
            builder.finish().unwrap()
        };
        let there = table(&[(2, "10.0.0.9:80")]);
        let desired = table(&[(1, "10.0.0.1:80"), (2, "10.0.0.2:80")]);
        let plan = plan(&desired, &Observed::from(&there), Policy::exact());
        let done = || Applied {
            fates: plan.steps.iter().map(|_| Fate::Done).collect(),
            ..Applied::default()
        };
        let known = |applied: &Applied| {
            let known = acknowledged(&plan, applied);
            known.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(known(&done()), ["fwmark/1"]);
        assert!(known(&Applied { met_others: true, ..done() }).is_empty());
        for fate in [Fate::Unknown, Fate::NotTried(Because::Broke)] {
            let mut cut = done();
            cut.fates.pop();
            cut.fates.push(fate);
            assert!(known(&cut).is_empty());
        }
    }
}
