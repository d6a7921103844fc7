// SPDX-License-Identifier: MIT OR Apache-2.0
//! What systemd is told (sd_notify(3)); without systemd, nothing happens.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The service as its manager sees it.
#[derive(Debug)]
pub struct Service {
    status: String,
    /// Half of what the manager waits for, and when it is due.
    watchdog: Option<(Duration, Instant)>,
}

impl Service {
    /// Reads what the manager wants: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    #[must_use]
    pub fn new() -> Self {
        let watchdog = sd_notify::watchdog_enabled().map(|wait| (wait / 2, Instant::now()));
        Self { status: String::new(), watchdog }
    }

    /// `READY=1`.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// `RELOADING=1`; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// `STOPPING=1`.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// `STATUS=`, if it is another than before.
    pub fn status(&mut self, text: String) {
        if text != self.status {
            tell(&[NotifyState::Status(&text)]);
            self.status = text;
        }
    }

    /// `WATCHDOG=1` if half of the time is over. Tells how long until the next.
    pub fn alive(&mut self, now: Instant) -> Option<Duration> {
        let (half, due) = self.watchdog.as_mut()?;
        if now >= *due {
            tell(&[NotifyState::Watchdog]);
            *due = now + *half;
        }
        Some(due.saturating_duration_since(now))
    }
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // A manager that does not listen is no reason not to keep the host right.
    let _ = sd_notify::notify(states);
}
