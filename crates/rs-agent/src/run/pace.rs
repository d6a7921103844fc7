// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides when `run` looks at what. How often it does is bounded, whatever happens on the host.

use std::time::{Duration, Instant};

/// How often the few settings without a notice are read again.
const GLANCE: Duration = Duration::from_secs(1);
/// Everything is looked at this often, even if nothing seems to happen.
const ROUTINE: Duration = Duration::from_secs(30);
/// But at most with one part in so many of a processor, where that is more seldom.
const ROUTINE_SHARE: u32 = 4000;
const LONGEST_ROUTINE: Duration = Duration::from_secs(300);
/// The least time between two looks.
const GAP: Duration = Duration::from_millis(100);
/// Looks take at most one part in so many of a processor, on a host with very many routes.
const SHARE: u32 = 10;
/// But the pause between two is never longer than this.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// Says how much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// The addresses, of which a notice came.
    Addresses,
    /// All that decisions depend on.
    Everything,
}

/// Holds what is due when, by a clock that is passed in.
#[derive(Debug)]
pub struct Pace {
    next_glance: Instant,
    next_addresses: Instant,
    next_everything: Instant,
    routine: Instant,
}

impl Pace {
    /// Begins: the first look may be made at once.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            next_glance: now + GLANCE,
            next_addresses: now,
            next_everything: now,
            routine: now + ROUTINE,
        }
    }

    /// Returns whether it is time for a glance, which is then taken.
    pub fn glances(&mut self, now: Instant) -> bool {
        let is_due = now >= self.next_glance;
        if is_due {
            self.next_glance = now + GLANCE;
        }
        is_due
    }

    /// Returns what to look at now: what `stale` says has changed, or everything, if something is
    /// to be tried again from `retry` on, or if the last look at everything was long ago.
    #[must_use]
    pub fn look(&self, stale: Option<Look>, retry: Option<Instant>, now: Instant) -> Option<Look> {
        let everything = stale == Some(Look::Everything)
            || retry.is_some_and(|at| now >= at)
            || now >= self.routine;
        match stale {
            _ if everything && now >= self.next_everything => Some(Look::Everything),
            Some(Look::Addresses) if now >= self.next_addresses => Some(Look::Addresses),
            _ => None,
        }
    }

    /// Notes a look that ended now and cost that much of a processor.
    pub fn looked(&mut self, look: Look, took: Duration, now: Instant) {
        let (least, pause) = (now + GAP, now + (took * SHARE).clamp(GAP, LONGEST_GAP));
        match look {
            Look::Addresses => {
                self.next_addresses = pause;
                self.next_everything = self.next_everything.max(least);
            }
            Look::Everything => {
                self.next_addresses = self.next_addresses.max(least);
                self.next_everything = pause;
                self.routine = now + (took * ROUTINE_SHARE).clamp(ROUTINE, LONGEST_ROUTINE);
            }
        }
    }

    /// Returns how long to wait, if nothing happens meanwhile.
    #[must_use]
    pub fn wait(&self, stale: Option<Look>, retry: Option<Instant>, now: Instant) -> Duration {
        let stale = stale.map(|look| match look {
            Look::Addresses => self.next_addresses,
            Look::Everything => self.next_everything,
        });
        let retry = retry.map(|at| at.max(self.next_everything));
        let next = [stale, retry].into_iter().flatten().fold(self.next_glance, Instant::min);
        next.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn settings_without_a_notice_are_read_every_second() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for second in 0..60 {
            let last = start + ms(1000 * second);
            assert_eq!(pace.wait(None, None, last), ms(1000));
            assert_eq!(pace.wait(None, None, last + ms(400)), ms(600));
            assert!(!pace.glances(last + ms(999)));
            assert!(pace.glances(last + ms(1000)));
            assert!(!pace.glances(last + ms(1000)), "one is enough");
        }
        // Late by ever so much it is one glance, and the next a second later.
        assert_eq!(pace.wait(None, None, start + ms(100_000)), ms(0));
        assert!(pace.glances(start + ms(100_000)));
        assert_eq!(pace.wait(None, None, start + ms(100_000)), ms(1000));
    }

    const ALL: Option<Look> = Some(Look::Everything);

    #[test]
    fn looks_are_for_a_reason_and_have_a_pause_between_them() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.look(ALL, None, start), ALL, "the first at once");
        // What a look cost, and the pause after it.
        for (took, pause) in [(0, 100), (9, 100), (10, 100), (11, 110), (50, 500), (101, 1000)] {
            pace.looked(Look::Everything, ms(took), start);
            for retry in [None, Some(start), Some(start + ms(pause))] {
                assert_eq!(pace.look(ALL, retry, start + ms(pause - 1)), None, "{took} ms");
                assert_eq!(pace.look(ALL, retry, start + ms(pause)), ALL, "{took} ms");
                assert_eq!(pace.wait(ALL, retry, start), ms(pause));
            }
            // What is tried again waits for the pause, too, and for its time.
            assert_eq!(pace.look(None, Some(start), start + ms(pause - 1)), None);
            assert_eq!(pace.look(None, Some(start), start + ms(pause)), ALL);
            assert_eq!(pace.wait(None, Some(start), start), ms(pause));
            assert_eq!(pace.look(None, Some(start + ms(1500)), start + ms(1499)), None);
            assert_eq!(pace.look(None, Some(start + ms(1500)), start + ms(1500)), ALL);
            assert_eq!(pace.wait(None, Some(start + ms(1500)), start + ms(700)), ms(300));
        }
        // The next glance is no later for a look that is due behind it.
        assert_eq!(pace.wait(None, Some(start + ms(5000)), start), ms(1000));
    }

    #[test]
    fn where_nothing_happens_everything_is_looked_at_seldom() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for (took, next) in [(0, 30_000), (7, 30_000), (8, 32_000), (75, 300_000), (9000, 300_000)]
        {
            pace.looked(Look::Everything, ms(took), start);
            // Addresses that are looked at meanwhile are not everything.
            pace.looked(Look::Addresses, ms(1), start);
            assert_eq!(pace.look(None, None, start + ms(next - 1)), None, "{took} ms");
            assert_eq!(pace.look(None, None, start + ms(next)), ALL, "{took} ms");
        }
    }

    #[test]
    fn addresses_do_not_wait_for_the_pause_after_a_look_at_everything() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let addresses = Some(Look::Addresses);
        pace.looked(Look::Everything, ms(100), start);
        assert_eq!(pace.wait(addresses, None, start), ms(100));
        assert_eq!(pace.look(addresses, None, start + ms(99)), None);
        assert_eq!(pace.look(addresses, None, start + ms(100)), addresses);
        assert_eq!(pace.look(ALL, None, start + ms(100)), None, "that one does");
        // What is to be tried again waits, and they come first.
        assert_eq!(pace.look(addresses, Some(start), start + ms(999)), addresses);
        assert_eq!(pace.look(addresses, Some(start), start + ms(1000)), ALL);
        // They have pauses of their own.
        let later = start + ms(5000);
        assert!(pace.glances(later));
        pace.looked(Look::Addresses, ms(30), later);
        assert_eq!(pace.wait(addresses, None, later), ms(300));
        assert_eq!(pace.look(addresses, None, later + ms(299)), None);
        assert_eq!(pace.look(ALL, None, later + ms(99)), None, "ten looks a second");
        assert_eq!(pace.look(ALL, None, later + ms(100)), ALL);
    }
}
