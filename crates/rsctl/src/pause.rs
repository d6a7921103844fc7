// SPDX-License-Identifier: MIT OR Apache-2.0

//! Waits between two looks, until a signal says that one is wanted now, or none any more.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use lvs_term::Interrupt;
use signal_hook::{consts::SIGWINCH, low_level::pipe};

/// Catches the signals that end a wait.
#[derive(Debug)]
pub(crate) struct Pause {
    interrupt: Interrupt,
    signals: UnixStream,
}

impl Pause {
    /// Catches signals.
    pub(crate) fn begin() -> io::Result<Self> {
        let (signals, signalled) = UnixStream::pair()?;
        // In this order: whoever is woken finds that the end is asked for.
        let interrupt = Interrupt::catch();
        for signal in interrupt.signals() {
            pipe::register(*signal, signalled.try_clone()?)?;
        }
        pipe::register(SIGWINCH, signalled)?;
        Ok(Self { interrupt, signals })
    }

    /// Returns whether to go on.
    pub(crate) fn wait(&mut self, time: Duration) -> io::Result<bool> {
        // One that came before it could wake anybody.
        if self.interrupt.is_asked_for() {
            return Ok(false);
        }
        self.signals.set_read_timeout(Some(time))?;
        match self.signals.read(&mut [0; 64]) {
            Err(error) if !is_a_pause(&error) => Err(error),
            _ => Ok(!self.interrupt.is_asked_for()),
        }
    }
}

fn is_a_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
