// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows how far long work is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows a line on the terminal that says how far long work is, and goes when this is dropped.
/// Nothing anywhere else.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    next: Option<Instant>,
    shown: bool,
}

/// Work that ends before is not worth a line.
const FIRST: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);

impl Progress {
    /// Begins to wait; `what` is what is counted, such as `changes`.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + FIRST);
        Self { what, next, shown: false }
    }

    /// Says that `done` of `all` are done.
    pub fn tell(&mut self, done: usize, all: usize) {
        // Where nobody looks, not even the clock is.
        let Some(next) = self.next else { return };
        let now = Instant::now();
        if next <= now {
            self.next = Some(now + EVERY);
            self.shown = true;
            let _ = write!(io::stderr(), "\r{done} of {all} {}", self.what);
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
