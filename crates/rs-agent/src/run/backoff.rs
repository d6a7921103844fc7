// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes each repair wait longer when the same thing is undone again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::plan::{Change, Target};

/// That many repairs are made at once: an accident may come twice.
const FREE: u32 = 3;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Quiet for this long and for twice the last wait: forgotten.
const MEMORY: Duration = Duration::from_secs(10);

/// Says how often what was repaired lately.
#[derive(Debug, Default)]
pub struct Backoff {
    entries: HashMap<Target<'static>, Entry>,
}

#[derive(Debug)]
struct Entry {
    repairs: u32,
    last: Instant,
}

impl Entry {
    fn wait(&self) -> Duration {
        match self.repairs.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => LONGEST.min(FIRST.saturating_mul(1 << more.min(10))),
        }
    }

    fn forgotten(&self, now: Instant) -> bool {
        now.duration_since(self.last) > MEMORY.max(self.wait() * 2)
    }
}

/// Describes a repair of what was repaired before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// How many repairs there were, this one included.
    pub repairs: u32,
    /// How long the next one will wait.
    pub wait: Duration,
}

impl Backoff {
    /// Returns when this may be repaired: not before the time returned.
    #[must_use]
    pub fn not_before(&self, target: &Change) -> Option<Instant> {
        let entry = self.entries.get(&target.target())?;
        entry.last.checked_add(entry.wait())
    }

    /// Returns whether this has to wait.
    #[must_use]
    pub fn holds(&self, target: &Change, now: Instant) -> bool {
        self.not_before(target).is_some_and(|at| at > now)
    }

    /// Notes a repair, or an attempt. Tells when the next one has to wait.
    pub fn repaired(&mut self, target: &Change, now: Instant) -> Option<Again> {
        let entry = self.entries.entry(target.target().into_owned());
        let entry = entry.or_insert(Entry { repairs: 0, last: now });
        if entry.forgotten(now) {
            entry.repairs = 0;
        }
        entry.repairs = entry.repairs.saturating_add(1);
        entry.last = now;
        let (repairs, wait) = (entry.repairs, entry.wait());
        (!wait.is_zero()).then_some(Again { repairs, wait })
    }

    /// Forgets what has been quiet. Once for all that is repaired together: it goes through
    /// everything that is known.
    pub fn forget(&mut self, now: Instant) {
        self.entries.retain(|_, entry| !entry.forgotten(now));
    }
}

#[cfg(test)]
mod tests {
    use lvs_host::SysctlKey;

    use super::*;

    fn target(name: &str) -> Change {
        Change::Sysctl { key: SysctlKey::ipv4("all", name), from: Some(0), to: 1 }
    }

    #[test]
    fn waits_double_up_to_a_bound_and_are_forgotten() {
        let mut backoff = Backoff::default();
        let (start, one) = (Instant::now(), target("arp_ignore"));
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..12 {
            waits.push(backoff.repaired(&one, now).map_or(0, |again| again.wait.as_secs()));
            let next = backoff.not_before(&one).unwrap();
            // It is held until then, and no longer.
            assert_eq!(backoff.holds(&one, now), next > now);
            assert!(next == now || backoff.holds(&one, next - Duration::from_nanos(1)));
            assert!(!backoff.holds(&one, next));
            now = next;
        }
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
        assert_eq!(backoff.not_before(&target("arp_announce")), None);
        assert!(!backoff.holds(&target("arp_announce"), start));
        // One that is undone every half minute is forgotten only after a whole one.
        assert!(backoff.repaired(&one, now + Duration::from_secs(29)).is_some());
        assert_eq!(backoff.repaired(&one, now + Duration::from_secs(120)), None);
        backoff.forget(now + Duration::from_secs(120));
        assert_eq!(backoff.entries.len(), 1);
        backoff.forget(now + Duration::from_secs(240));
        assert!(backoff.entries.is_empty());
    }

    #[test]
    fn what_happens_seldom_is_repaired_at_once_for_ever() {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        for _ in 0..20 {
            assert_eq!(backoff.repaired(&target("arp_ignore"), now), None);
            now += Duration::from_secs(11);
        }
        // Every ten seconds is often.
        let mut backoff = Backoff::default();
        let waits: Vec<bool> = (0..4)
            .map(|_| {
                now += MEMORY;
                backoff.repaired(&target("arp_ignore"), now).is_some()
            })
            .collect();
        assert_eq!(waits, [false, false, true, true]);
    }
}
