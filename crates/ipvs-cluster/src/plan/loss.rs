// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use super::compare::Plan;
use super::step::Step;
use super::view::View;
use crate::desired::Desired;
use crate::observed::Observed;

/// Says how much a plan takes away, and of how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Loss {
    services: Share,
    servers: Share,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    gone: usize,
    of: usize,
}

impl Loss {
    /// Counts what `plan`, which was made of `desired`, takes away of what was observed. What
    /// others have is in no count.
    pub fn of(plan: &Plan, desired: &Desired, observed: &Observed) -> Self {
        let mut loss = Self::default();
        for found in View::of(observed, desired.scope()).services {
            loss.services.of += 1;
            loss.servers.of += found.servers.map_or(0, |servers| servers.len());
        }
        for step in &plan.steps {
            match step {
                Step::DeleteService { servers, .. } => {
                    loss.services.gone += 1;
                    loss.servers.gone += servers;
                }
                Step::DeleteServer { .. } => loss.servers.gone += 1,
                _ => {}
            }
        }
        loss
    }

    /// Counts the services that go.
    #[must_use]
    pub fn services(&self) -> usize {
        self.services.gone
    }

    /// Counts the servers that go, those of services that go included.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.servers.gone
    }

    /// Says whether it is more than a change of a table takes away as a rule: more than a quarter.
    /// One service with a few servers may always go, so that nobody who has no more than a
    /// handful is asked each time.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.services.is_large(1) || self.servers.is_large(4)
    }
}

impl Share {
    fn is_large(self, small: usize) -> bool {
        self.gone > small && self.gone > self.of / 4
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { services, servers } = self;
        write!(
            f,
            "{} of {} services and {} of {} servers",
            services.gone, services.of, servers.gone, servers.of
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_quarter_is_large_unless_it_is_next_to_nothing() {
        let large = |services: (usize, usize), servers: (usize, usize)| {
            let share = |(gone, of)| Share { gone, of };
            Loss { services: share(services), servers: share(servers) }.is_large()
        };
        for (services, servers) in
            [((0, 0), (0, 0)), ((1, 1), (4, 4)), ((50, 200), (500, 2000)), ((0, 9), (4, 5))]
        {
            assert!(!large(services, servers), "{services:?} {servers:?}");
        }
        for (services, servers) in
            [((2, 2), (0, 0)), ((51, 200), (0, 0)), ((1, 9), (5, 9)), ((0, 9), (501, 2000))]
        {
            assert!(large(services, servers), "{services:?} {servers:?}");
        }
    }
}
