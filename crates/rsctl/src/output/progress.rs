// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line on the terminal that says how far long work is. Nothing anywhere else.
pub(crate) struct Progress {
    total: usize,
    next: Option<Instant>,
    shown: bool,
}

/// Work that ends before is not worth a line.
const FIRST: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + FIRST);
        Self { total, next, shown: false }
    }

    pub(crate) fn tell(&mut self, done: usize) {
        // Where nobody looks, not even the clock is.
        let Some(next) = self.next else { return };
        let now = Instant::now();
        if next <= now {
            self.next = Some(now + EVERY);
            self.shown = true;
            let _ = write!(io::stderr(), "\r{done} of {} changes", self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
