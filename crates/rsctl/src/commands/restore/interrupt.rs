// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Ctrl-C and its like from now on: the first ends the work where it can be told what was
/// done, the second ends the process.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches signals, but for those that the caller has told this process to ignore, as
    /// nohup(1) does and a shell for what runs in its background.
    pub(super) fn catch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        // It begins with the name of this process, which need not be UTF-8.
        let status = std::fs::read("/proc/self/status").unwrap_or_default();
        for signal in heard(&String::from_utf8_lossy(&status)) {
            // In this order: the first to come is not the second.
            flag::register_conditional_default(signal, Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The signals that end the work, without those that are ignored: one bit each in the line
/// `SigIgn` of `status` (proc_pid_status(5)).
fn heard(status: &str) -> impl Iterator<Item = i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter(move |signal| mask >> (signal - 1) & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_stays_ignored() {
        let heard = |mask: &str| -> Vec<i32> {
            let status = format!("Name:\trsctl\nSigBlk:\tffffffffffffffff\nSigIgn:\t{mask}\n");
            super::heard(&status).collect()
        };
        assert_eq!(heard("0000000000000000"), [SIGINT, SIGTERM, SIGHUP]);
        // As Rust's runtime leaves it: SIGPIPE.
        assert_eq!(heard("0000000000001000"), [SIGINT, SIGTERM, SIGHUP]);
        // As of nohup(1), and of a job in the background of a shell without job control.
        assert_eq!(heard("0000000000001001"), [SIGINT, SIGTERM]);
        assert_eq!(heard("0000000000001006"), [SIGTERM, SIGHUP]);
        assert_eq!(heard("0000000000004000"), [SIGINT, SIGHUP]);
        // Who cannot know listens.
        assert_eq!(super::heard("").count(), 3);
    }
}
