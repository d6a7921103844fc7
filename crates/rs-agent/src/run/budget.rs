// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits how many lines may be written, whatever happens on the host.

use std::time::{Duration, Instant};

/// Lines allowed at once.
const BURST: u32 = 200;
/// Afterwards one line is allowed in this time.
const EACH: Duration = Duration::from_millis(100);

/// Counts lines that may be written, and those that were not.
#[derive(Debug)]
pub struct Budget {
    left: u32,
    counted: Instant,
    dropped: u64,
}

impl Budget {
    /// Begins with all that may be written at once.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, counted: now, dropped: 0 }
    }

    /// Takes one line. If there is none left, or if some are dropped and that is not told yet,
    /// it counts as dropped.
    pub fn take(&mut self, now: Instant) -> bool {
        self.earn(now);
        match self.left.checked_sub(1) {
            Some(left) if self.dropped == 0 => {
                self.left = left;
                true
            }
            _ => {
                self.dropped += 1;
                false
            }
        }
    }

    /// Takes the line that tells how many were dropped, once some may be written again.
    pub fn dropped(&mut self, now: Instant) -> Option<u64> {
        self.earn(now);
        if self.dropped == 0 || self.left < BURST / 10 {
            return None;
        }
        self.left -= 1;
        Some(std::mem::take(&mut self.dropped))
    }

    fn earn(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.counted);
        let earned = u32::try_from(time.as_millis() / EACH.as_millis()).unwrap_or(BURST);
        self.left = self.left.saturating_add(earned).min(BURST);
        if self.left == BURST {
            self.counted = now;
        } else {
            self.counted += EACH.saturating_mul(earned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted_and_told_of_once() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let mut written = (0..1000).filter(|_| budget.take(start)).count();
        assert_eq!(written, 200);
        assert_eq!(budget.dropped(start), None, "not while it lasts");
        // A flood that lasts for a minute, told of whenever that may be.
        let (mut told, mut lost) = (0, 0);
        for tenth in 0..600 {
            let now = start + EACH * tenth;
            written += (0..100).filter(|_| budget.take(now)).count();
            let dropped = budget.dropped(now);
            told += usize::from(dropped.is_some());
            lost += dropped.unwrap_or(0);
        }
        let now = start + EACH * 1000;
        lost += budget.dropped(now).unwrap_or(0);
        assert!(written + told <= 200 + 600, "{written} and {told}");
        assert_eq!(written as u64 + lost, 61_000, "each is written or counted");
        assert_eq!(budget.dropped(now), None);
        assert!(budget.take(now));
    }
}
