// SPDX-License-Identifier: MIT OR Apache-2.0

//! Waits between two looks, until a signal says that one is wanted now, or none any more.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::{flag, low_level::pipe};

/// Catches the signals that end a wait.
#[derive(Debug)]
pub(crate) struct Pause {
    ends: Arc<AtomicBool>,
    signals: UnixStream,
}

impl Pause {
    /// Catches signals, but for those that the caller has told this process to ignore.
    pub(crate) fn begin() -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let (signals, signalled) = UnixStream::pair()?;
        let ignored = lvs_term::ignored_signals();
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !ignored.contains(it)) {
            // In this order: only a second signal ends the process at once.
            flag::register_conditional_default(signal, Arc::clone(&ends))?;
            flag::register(signal, Arc::clone(&ends))?;
            pipe::register(signal, signalled.try_clone()?)?;
        }
        pipe::register(SIGWINCH, signalled)?;
        Ok(Self { ends, signals })
    }

    /// Returns whether to go on.
    pub(crate) fn wait(&mut self, time: Duration) -> io::Result<bool> {
        self.signals.set_read_timeout(Some(time))?;
        match self.signals.read(&mut [0; 64]) {
            Err(error) if !is_a_pause(&error) => Err(error),
            _ => Ok(!self.ends.load(Ordering::Relaxed)),
        }
    }
}

fn is_a_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
