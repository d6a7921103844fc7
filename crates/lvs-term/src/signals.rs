// SPDX-License-Identifier: MIT OR Apache-2.0
//! Catches the signals that end a program, finds those that were ignored when it was started, and
//! outlives one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

/// Says whether the program was told to end, by Ctrl-C and its like. The first signal ends the work
/// where it can be told what was done, the second ends the process.
#[derive(Debug, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    caught: Vec<i32>,
}

impl Interrupt {
    /// Catches signals from now on, but for those that the caller has told this process to
    /// ignore ([`ignored_signals`]). One whose handler cannot be installed keeps its default
    /// action. [`Interrupt::default`] hears none.
    #[must_use]
    pub fn catch() -> Self {
        let mut this = Self::default();
        let ignored = ignored_signals();
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !ignored.contains(it)) {
            if this.listen(signal).is_ok() {
                this.caught.push(signal);
            }
        }
        this
    }

    fn listen(&self, signal: i32) -> io::Result<()> {
        // In this order: the first to come is not the second.
        flag::register_conditional_default(signal, Arc::clone(&self.asked))?;
        flag::register(signal, Arc::clone(&self.asked))?;
        Ok(())
    }

    /// Returns whether a signal has come.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Returns the signals that are caught, by number.
    #[must_use]
    pub fn signals(&self) -> &[i32] {
        &self.caught
    }
}

/// Returns the signals that this process is told to ignore, by number, as nohup(1) does for
/// its program and a shell for what runs in its background. Where `/proc` is not mounted none
/// is known.
#[must_use]
pub fn ignored_signals() -> Vec<i32> {
    // It begins with the name of this process, which need not be UTF-8.
    let status = std::fs::read("/proc/self/status").unwrap_or_default();
    ignored(&String::from_utf8_lossy(&status))
}

/// Makes a write beyond the largest size that a file may have (`ulimit -f`) fail with `EFBIG`. The
/// signal that comes with it would end the program there, and leave half a file behind. Programs
/// that this one starts are ended by it as ever.
pub fn outlive_file_limit() {
    // It fails for signals that nobody can catch.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// One bit each in the line `SigIgn` of `status` (proc_pid_status(5)).
fn ignored(status: &str) -> Vec<i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::{SIGPIPE, SIGQUIT};

    use super::*;

    #[test]
    fn each_bit_is_a_signal() {
        for (mask, expected) in [
            ("0000000000000000", &[][..]),
            // As Rust's runtime leaves it.
            ("0000000000001000", &[SIGPIPE]),
            // As of nohup(1), and of a job in the background of a shell without job control.
            ("0000000000001001", &[SIGHUP, SIGPIPE]),
            ("0000000000001006", &[SIGINT, SIGQUIT, SIGPIPE]),
            ("0000000000004000", &[SIGTERM]),
            ("8000000000000000", &[64]),
            ("no mask", &[]),
        ] {
            let status = format!("Name:\trsctl\nSigBlk:\tffffffffffffffff\nSigIgn:\t{mask}\n");
            assert_eq!(ignored(&status), expected, "{mask}");
        }
        assert!(ignored("").is_empty());
        // The test's own, as Rust's runtime left it.
        assert!(ignored_signals().contains(&SIGPIPE));
    }
}
