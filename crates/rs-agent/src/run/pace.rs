// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides when `run` looks at what. How often it does is bounded, whatever happens on the host.

use std::time::{Duration, Instant};

/// How often the few settings without a notice are read again.
const GLANCE: Duration = Duration::from_secs(1);
/// Everything is looked at this often, even if nothing seems to happen.
const LOOK: Duration = Duration::from_secs(30);
/// The least time between two looks.
const GAP: Duration = Duration::from_millis(100);
/// Looks take at most one part in so many of a processor, on a host with very many routes.
const SHARE: u32 = 10;
/// But the pause between two is never longer than this.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// Holds what is due when, by a clock that is passed in.
#[derive(Debug)]
pub struct Pace {
    next_glance: Instant,
    next_look: Instant,
    last_look: Instant,
}

impl Pace {
    /// Begins: the first look may be made at once.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { next_glance: now + GLANCE, next_look: now, last_look: now }
    }

    /// Returns whether it is time for a glance, which is then taken.
    pub fn glances(&mut self, now: Instant) -> bool {
        let is_due = now >= self.next_glance;
        if is_due {
            self.next_glance = now + GLANCE;
        }
        is_due
    }

    /// Returns whether to look at everything now: if something `changed`, if something is to
    /// be tried again from `retry` on, or if the last look was long ago.
    #[must_use]
    pub fn looks(&self, changed: bool, retry: Option<Instant>, now: Instant) -> bool {
        let is_due = changed || retry.is_some_and(|at| now >= at) || now >= self.last_look + LOOK;
        is_due && now >= self.next_look
    }

    /// Notes a look that ended now and cost that much of a processor.
    pub fn looked(&mut self, took: Duration, now: Instant) {
        self.last_look = now;
        self.next_look = now + (took * SHARE).clamp(GAP, LONGEST_GAP);
    }

    /// Returns how long to wait, if nothing happens meanwhile.
    #[must_use]
    pub fn wait(&self, changed: bool, retry: Option<Instant>, now: Instant) -> Duration {
        let look = match retry {
            _ if changed => Some(self.next_look),
            Some(at) => Some(at.max(self.next_look)),
            None => None,
        };
        let next = look.map_or(self.next_glance, |look| look.min(self.next_glance));
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
            assert_eq!(pace.wait(false, None, last), ms(1000));
            assert_eq!(pace.wait(false, None, last + ms(400)), ms(600));
            assert!(!pace.glances(last + ms(999)));
            assert!(pace.glances(last + ms(1000)));
            assert!(!pace.glances(last + ms(1000)), "one is enough");
        }
        // Late by ever so much it is one glance, and the next a second later.
        assert_eq!(pace.wait(false, None, start + ms(100_000)), ms(0));
        assert!(pace.glances(start + ms(100_000)));
        assert_eq!(pace.wait(false, None, start + ms(100_000)), ms(1000));
    }

    #[test]
    fn looks_are_for_a_reason_and_have_a_pause_between_them() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.looks(true, None, start), "the first at once");
        // What a look cost, and the pause after it.
        for (took, pause) in [(0, 100), (9, 100), (10, 100), (11, 110), (50, 500), (101, 1000)] {
            pace.looked(ms(took), start);
            for retry in [None, Some(start), Some(start + ms(pause))] {
                assert!(!pace.looks(true, retry, start + ms(pause - 1)), "{took} ms");
                assert!(pace.looks(true, retry, start + ms(pause)), "{took} ms");
                assert_eq!(pace.wait(true, retry, start), ms(pause));
            }
            // What is tried again waits for the pause, too, and for its time.
            assert!(!pace.looks(false, Some(start), start + ms(pause - 1)));
            assert!(pace.looks(false, Some(start), start + ms(pause)));
            assert_eq!(pace.wait(false, Some(start), start), ms(pause));
            assert!(!pace.looks(false, Some(start + ms(1500)), start + ms(1499)));
            assert!(pace.looks(false, Some(start + ms(1500)), start + ms(1500)));
            assert_eq!(pace.wait(false, Some(start + ms(1500)), start + ms(700)), ms(300));
            // Nothing happens: only seldom.
            assert!(!pace.looks(false, None, start + ms(29_999)));
            assert!(pace.looks(false, None, start + ms(30_000)));
        }
        // The next glance is no later for a look that is due behind it.
        assert_eq!(pace.wait(false, Some(start + ms(5000)), start), ms(1000));
    }
}
