// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_netlink::{Scheduler, Service, Weight};

/// Raises a weight from 1 in equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "file", derive(serde::Serialize, serde::Deserialize))]
pub struct Ramp {
    #[cfg_attr(feature = "file", serde(with = "super::task::number"))]
    to: Weight,
    #[cfg_attr(feature = "file", serde(with = "super::task::millis", rename = "over_ms"))]
    over: Duration,
}

/// Says why the share of a server cannot be raised step by step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrampable {
    /// The scheduler does not look at weights, but for 0.
    #[error("{0} takes no notice of weights: a server gets its whole share at once")]
    TakesNoNotice(Scheduler),
    /// Each step would move clients of other servers, too.
    #[error("each step would move clients between all servers, as {0} hashes them by the weights")]
    MovesClients(Scheduler),
    /// What goes where was decided before.
    #[error("{0} leaves what it has assigned where it is, whatever the weights")]
    Assigned(Scheduler),
    /// The weight says whose turn it is.
    #[error("{0} fills the server with the highest weight: a weight is no share")]
    NoShare(Scheduler),
    /// It sends nobody anywhere.
    #[error("{0} schedules nothing")]
    SchedulesNothing(Scheduler),
    /// What its weights mean is not known.
    #[error("it is not known what a weight means to {0}")]
    Unknown(Scheduler),
    /// There is nothing between nothing and all.
    #[error("weight {0} leaves no steps: a server that takes connections has at least weight 1")]
    NoSteps(Weight),
}

/// Between two steps: the kernel starts a round over with each.
const PAUSE: Duration = Duration::from_secs(1);

impl Ramp {
    /// Raises the weight of a server of `service` to `to` over so long.
    ///
    /// # Errors
    /// Why that makes no sense there.
    pub fn new(service: &Service, to: Weight, over: Duration) -> Result<Self, Unrampable> {
        let scheduler = || service.scheduler.clone();
        match &service.scheduler {
            Scheduler::Wrr | Scheduler::Wlc | Scheduler::Sed | Scheduler::Nq | Scheduler::Twos => {}
            Scheduler::Rr | Scheduler::Lc | Scheduler::Dh => {
                return Err(Unrampable::TakesNoNotice(scheduler()));
            }
            Scheduler::Mh | Scheduler::Sh => return Err(Unrampable::MovesClients(scheduler())),
            Scheduler::Lblc | Scheduler::Lblcr => return Err(Unrampable::Assigned(scheduler())),
            Scheduler::Fo | Scheduler::Ovf => return Err(Unrampable::NoShare(scheduler())),
            Scheduler::None => return Err(Unrampable::SchedulesNothing(scheduler())),
            _ => return Err(Unrampable::Unknown(scheduler())),
        }
        if to.get() < 2 {
            return Err(Unrampable::NoSteps(to));
        }
        Ok(Self { to, over })
    }

    /// Returns the weight at its end.
    #[must_use]
    pub fn to(self) -> Weight {
        self.to
    }

    /// Returns how long it takes.
    #[must_use]
    pub fn over(self) -> Duration {
        self.over
    }

    /// Returns the weight so long after it began: at least 1.
    #[must_use]
    pub fn weight_at(self, since: Duration) -> Weight {
        if since >= self.over {
            return self.to;
        }
        let to = u128::from(self.to.get());
        let weight = to * since.as_millis() / self.over.as_millis().max(1);
        let weight = u32::try_from(weight.max(1)).ok().and_then(|it| Weight::new(it).ok());
        weight.unwrap_or(self.to)
    }

    /// Returns when the next step is due, so long after it began; `None` if it is over. Steps that
    /// are less than a second apart are made together.
    #[must_use]
    pub fn next_step(self, since: Duration) -> Option<Duration> {
        if since >= self.over {
            return None;
        }
        let (to, over) = (u128::from(self.to.get()), self.over.as_millis());
        let next = u128::from(self.weight_at(since).get()) + 1;
        let due = u64::try_from((next * over).div_ceil(to)).unwrap_or(u64::MAX);
        Some(Duration::from_millis(due).max(since + PAUSE).min(self.over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(to: u32, seconds: u64) -> Ramp {
        let service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Wlc);
        Ramp::new(&service, Weight::new(to).unwrap(), Duration::from_secs(seconds)).unwrap()
    }

    fn steps(ramp: Ramp) -> Vec<(u64, u32)> {
        let mut steps = vec![(0, ramp.weight_at(Duration::ZERO).get())];
        let mut since = Duration::ZERO;
        while let Some(next) = ramp.next_step(since) {
            assert!(next > since, "{ramp:?} {since:?}");
            since = next;
            steps.push((since.as_millis() as u64, ramp.weight_at(since).get()));
        }
        steps
    }

    #[test]
    fn a_ramp_rises_in_equal_steps_and_begins_with_1() {
        assert_eq!(steps(ramp(4, 120)), [(0, 1), (60_000, 2), (90_000, 3), (120_000, 4)]);
        assert_eq!(steps(ramp(2, 1)), [(0, 1), (1000, 2)]);
        // No more than one step a second.
        let many = steps(ramp(1_000_000, 10));
        assert_eq!(many.len(), 11);
        assert_eq!((many[1], many[10]), ((1000, 100_000), (10_000, 1_000_000)));
        let largest = steps(ramp(i32::MAX as u32, 2));
        assert_eq!(largest, [(0, 1), (1000, 1_073_741_823), (2000, i32::MAX as u32)]);
    }

    #[test]
    fn every_step_is_due_when_the_weight_is_another() {
        for to in 2..60 {
            for seconds in [1, 7, 100, 3600] {
                let ramp = ramp(to, seconds);
                let steps = steps(ramp);
                assert!(steps.windows(2).all(|two| two[0].1 < two[1].1), "{ramp:?} {steps:?}");
                assert_eq!(steps.last(), Some(&(seconds * 1000, to)), "{ramp:?}");
            }
        }
    }

    #[test]
    fn schedulers_to_which_a_step_is_no_share_are_refused() {
        let two = Weight::new(2).unwrap();
        let mut allowed = Vec::new();
        for scheduler in Scheduler::known() {
            let service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), scheduler.clone());
            match Ramp::new(&service, two, PAUSE) {
                Ok(_) => allowed.push(scheduler.name()),
                Err(why) => assert!(why.to_string().contains(scheduler.name()), "{why}"),
            }
            assert!(Ramp::new(&service, Weight::ONE, PAUSE).is_err(), "{scheduler}");
        }
        assert_eq!(allowed, ["wrr", "wlc", "sed", "nq", "twos"]);
        let other = "mine".parse().unwrap();
        let service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), other);
        assert!(matches!(Ramp::new(&service, two, PAUSE), Err(Unrampable::Unknown(_))));
    }
}
