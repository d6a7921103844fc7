// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows how far long work is, and what is waited for.

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

/// Shows a line on the terminal that says what is waited for, in the place of the one before; it
/// goes when this is dropped.
#[derive(Debug)]
pub struct Status {
    columns: usize,
    shown: bool,
}

impl Status {
    /// Begins to show on standard error; `None` if that is no terminal, or one that cannot move
    /// its cursor.
    #[must_use]
    pub fn of_stderr() -> Option<Self> {
        let can_move = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        if !can_move || !io::stderr().is_terminal() {
            return None;
        }
        let size = terminal_size::terminal_size_of(io::stderr());
        // A terminal that does not know its size says 0.
        let columns = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
        Some(Self { columns: columns.unwrap_or(80), shown: false })
    }

    /// Shows the text, as much of it as one line has room for.
    pub fn show(&mut self, text: &str) {
        self.shown = true;
        let text = crate::one_line(text);
        let room = self.columns.saturating_sub(1);
        let end = text.char_indices().nth(room).map_or(text.len(), |(end, _)| end);
        let _ = write!(io::stderr(), "\r\x1b[K{}", text.get(..end).unwrap_or_default());
    }

    /// Makes place for other lines.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        self.clear();
    }
}
