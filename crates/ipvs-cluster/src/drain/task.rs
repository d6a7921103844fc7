// SPDX-License-Identifier: MIT OR Apache-2.0

use std::time::Duration;

use ipvs_netlink::{Destination, DestinationEntry, DestinationKey, ServiceKey, Weight};

use super::{Ramp, Waits};

/// Says what becomes of a server once it is drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "file", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "file", serde(rename_all = "lowercase"))]
pub enum Then {
    /// It stays, with weight 0.
    #[default]
    Keep,
    /// It is deleted.
    Remove,
}

/// Remembers a server that is being drained, or was, and keeps weight 0.
///
/// Times are those of the clock that counts from the last boot (`CLOCK_BOOTTIME`), as no setting
/// of the host's time is to end a drain: a drain does not outlive a boot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "file", derive(serde::Serialize, serde::Deserialize))]
pub struct Drain {
    /// The virtual service.
    #[cfg_attr(feature = "file", serde(with = "text"))]
    pub service: ServiceKey,
    /// The server.
    #[cfg_attr(feature = "file", serde(with = "text"))]
    pub server: DestinationKey,
    /// The weight that it had, and gets back.
    #[cfg_attr(feature = "file", serde(with = "number"))]
    pub weight: Weight,
    /// When it ends, whatever is left.
    #[cfg_attr(feature = "file", serde(with = "millis", rename = "deadline_ms"))]
    pub deadline: Duration,
    /// What becomes of the server then.
    pub then: Then,
}

/// Says why a drain or a ramp is over before it is done: somebody else has done something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server is not there any more.
    Gone,
    /// It has another weight.
    Reweighted(Weight),
}

/// Says what to do next about a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// So much is left.
    Wait(u64),
    /// Nothing is left.
    Finish,
    /// The time is over, and so much is left.
    TooLate(u64),
    /// It is no drain any more.
    Over(Ended),
}

/// Says what bringing a server back takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// To set it like this.
    Set(Destination),
    /// Nothing: it had weight 0 before, too.
    Nothing,
    /// Nothing is to be done: somebody else has done something.
    Over(Ended),
}

impl Drain {
    /// Says what to do about it `now`, if the server looks like this.
    #[must_use]
    pub fn next(&self, seen: Option<&DestinationEntry>, waits: Waits, now: Duration) -> Next {
        let Some(DestinationEntry { destination, connections, .. }) = seen else {
            return Next::Over(Ended::Gone);
        };
        if destination.weight != Weight::ZERO {
            return Next::Over(Ended::Reweighted(destination.weight));
        }
        match waits.left(*connections) {
            0 => Next::Finish,
            left if self.deadline <= now => Next::TooLate(left),
            left => Next::Wait(left),
        }
    }

    /// Says how to give the server its weight back, and nothing else: everything but the weight
    /// stays as it is now.
    #[must_use]
    pub fn back(&self, seen: Option<Destination>) -> Back {
        match seen {
            None => Back::Over(Ended::Gone),
            Some(now) if now.weight != Weight::ZERO => Back::Over(Ended::Reweighted(now.weight)),
            Some(_) if self.weight == Weight::ZERO => Back::Nothing,
            Some(now) => Back::Set(now.with_weight(self.weight)),
        }
    }

    /// Returns how long it still lasts at most.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Duration {
        self.deadline.saturating_sub(now)
    }
}

/// Remembers a server whose weight is raised step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "file", derive(serde::Serialize, serde::Deserialize))]
pub struct Rise {
    /// The virtual service.
    #[cfg_attr(feature = "file", serde(with = "text"))]
    pub service: ServiceKey,
    /// The server.
    #[cfg_attr(feature = "file", serde(with = "text"))]
    pub server: DestinationKey,
    /// From where to where.
    #[cfg_attr(feature = "file", serde(flatten))]
    pub ramp: Ramp,
    /// When it began, by the clock of [`Drain`].
    #[cfg_attr(feature = "file", serde(with = "millis", rename = "began_ms"))]
    pub began: Duration,
    /// The weight that was set last; the one before it may be there still.
    #[cfg_attr(feature = "file", serde(with = "number"))]
    pub weight: Weight,
    /// The one before.
    #[cfg_attr(feature = "file", serde(with = "number"))]
    pub before: Weight,
}

/// Says what to do next about a rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Climb {
    /// To set it like this.
    Set(Destination),
    /// Nothing until so long after it began.
    Wait(Duration),
    /// It has its whole weight.
    Done,
    /// It is no rise any more.
    Over(Ended),
}

impl Rise {
    /// Says what to do about it `now`, if the server looks like this.
    #[must_use]
    pub fn next(&self, seen: Option<Destination>, now: Duration) -> Climb {
        let Some(seen) = seen else { return Climb::Over(Ended::Gone) };
        if seen.weight != self.weight && seen.weight != self.before {
            return Climb::Over(Ended::Reweighted(seen.weight));
        }
        let since = now.saturating_sub(self.began);
        let due = self.ramp.weight_at(since);
        match self.ramp.next_step(since) {
            _ if seen.weight != due => Climb::Set(seen.with_weight(due)),
            Some(next) => Climb::Wait(next),
            None => Climb::Done,
        }
    }

    /// Returns it as it is once `weight` is set.
    #[must_use]
    pub fn with_weight(self, weight: Weight, before: Weight) -> Self {
        Self { weight, before, ..self }
    }
}

/// Writes and reads what has a text form.
#[cfg(feature = "file")]
mod text {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: Display, S: Serializer>(it: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(it)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Cow::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Writes and reads a weight.
#[cfg(feature = "file")]
pub(super) mod number {
    use ipvs_netlink::Weight;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's way to call it")]
    pub(in super::super) fn serialize<S: Serializer>(
        it: &Weight,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u32(it.get())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Weight, D::Error> {
        Weight::new(u32::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Writes and reads a time in milliseconds.
#[cfg(feature = "file")]
pub(super) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        it: &Duration,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{ForwardingMethod, Scheduler, Service};

    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_secs;

    fn weight(weight: u32) -> Weight {
        Weight::new(weight).unwrap()
    }

    fn entry(of: u32, active: u32, inactive: u32, persistent: u32) -> DestinationEntry {
        let key = "10.0.0.1:80".parse().unwrap();
        let destination =
            Destination::new(key, ForwardingMethod::Tunnel(ipvs_netlink::Tunnel::Ipip));
        let mut entry = DestinationEntry::from(destination.with_weight(weight(of)));
        let to = &mut entry.connections;
        (to.active, to.inactive, to.persistent) = (active, inactive, persistent);
        entry
    }

    fn drain() -> Drain {
        Drain {
            service: "tcp/192.0.2.1:80".parse().unwrap(),
            server: "10.0.0.1:80".parse().unwrap(),
            weight: weight(7),
            deadline: AT(100),
            then: Then::Remove,
        }
    }

    #[test]
    fn a_drain_waits_until_nothing_is_left_or_the_time_is_over() {
        use Waits::{Connections as Open, ConnectionsAndTemplates as All, Nothing};
        for (seen, waits, now, next) in [
            (entry(0, 1, 2, 4), Open, 0, Next::Wait(3)),
            (entry(0, 1, 2, 4), All, 99, Next::Wait(7)),
            (entry(0, 1, 2, 4), All, 100, Next::TooLate(7)),
            (entry(0, 0, 0, 4), Open, 0, Next::Finish),
            (entry(0, 0, 0, 4), Open, 100, Next::Finish),
            (entry(0, 0, 0, 4), All, 0, Next::Wait(4)),
            (entry(0, 1, 2, 4), Nothing, 0, Next::Finish),
            // Others come first, also when the time is over.
            (entry(5, 1, 2, 4), Open, 100, Next::Over(Ended::Reweighted(weight(5)))),
            (entry(7, 0, 0, 0), Open, 0, Next::Over(Ended::Reweighted(weight(7)))),
        ] {
            assert_eq!(drain().next(Some(&seen), waits, AT(now)), next, "{seen:?}");
        }
        assert_eq!(drain().next(None, Open, AT(0)), Next::Over(Ended::Gone));
        assert_eq!(drain().remaining(AT(40)), AT(60));
        assert_eq!(drain().remaining(AT(140)), AT(0));
    }

    #[test]
    fn only_the_weight_comes_back_and_nobody_elses_is_overwritten() {
        let seen = entry(0, 0, 0, 0).destination;
        assert_eq!(drain().back(Some(seen)), Back::Set(seen.with_weight(weight(7))));
        assert_eq!(drain().back(None), Back::Over(Ended::Gone));
        let other = seen.with_weight(weight(3));
        assert_eq!(drain().back(Some(other)), Back::Over(Ended::Reweighted(weight(3))));
        let was_0 = Drain { weight: Weight::ZERO, ..drain() };
        assert_eq!(was_0.back(Some(seen)), Back::Nothing);
    }

    #[test]
    fn a_rise_goes_on_from_where_it_is_and_ends_with_the_weight_of_another() {
        let service = Service::new("tcp/192.0.2.1:80".parse().unwrap(), Scheduler::Wrr);
        let rise = Rise {
            service: service.key,
            server: "10.0.0.1:80".parse().unwrap(),
            ramp: Ramp::new(&service, weight(10), AT(10)).unwrap(),
            began: AT(1000),
            weight: weight(3),
            before: weight(2),
        };
        let seen = |of| Some(entry(of, 0, 0, 0).destination);
        let set = |of| Climb::Set(seen(of).unwrap());
        for (of, now, climb) in [
            (3, 1003, Climb::Wait(AT(4))),
            (3, 1004, set(4)),
            // Killed between the record and the change.
            (2, 1003, set(3)),
            // Nobody was there for a while.
            (3, 1009, set(9)),
            (3, 2000, set(10)),
            (4, 1003, Climb::Over(Ended::Reweighted(weight(4)))),
            (0, 1003, Climb::Over(Ended::Reweighted(weight(0)))),
        ] {
            assert_eq!(rise.next(seen(of), AT(now)), climb, "{of} {now}");
        }
        assert_eq!(rise.next(None, AT(1003)), Climb::Over(Ended::Gone));
        let top = rise.with_weight(weight(10), weight(9));
        assert_eq!(top.next(seen(10), AT(1010)), Climb::Done);
    }
}
