// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells systemd what it wants to know (sd_notify(3)); without systemd, nothing happens.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// Describes the service as its manager sees it.
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
        Self::watched(sd_notify::watchdog_enabled(), Instant::now())
    }

    /// One that is started again if it is silent for that long.
    fn watched(wait: Option<Duration>, now: Instant) -> Self {
        Self { status: String::new(), watchdog: wait.map(|wait| (wait / 2, now)) }
    }

    /// Tells `READY=1`.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    /// Tells `RELOADING=1`; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// Tells `STOPPING=1`.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Tells `STATUS=`, if it is another than before.
    pub fn status(&mut self, text: String) {
        if text != self.status {
            tell(&[NotifyState::Status(&text)]);
            self.status = text;
        }
    }

    /// Tells `WATCHDOG=1` if half of the time is over. Tells how long until the next.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// At half of the time that the manager waits (sd_watchdog_enabled(3)).
    #[test]
    fn it_is_alive_twice_in_the_time_allowed() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut service = Service::watched(Some(30 * second), start);
        // At once, and then how long until the next.
        let mut told = Vec::new();
        for now in 0..=61 {
            let next = service.alive(start + now * second).unwrap();
            let is_told = next == 15 * second;
            assert!(is_told || next == (15 - now % 15) * second, "{next:?} after {now} s");
            told.extend(is_told.then_some(now));
        }
        assert_eq!(told, [0, 15, 30, 45, 60]);
        // Nobody waits for it.
        assert_eq!(Service::watched(None, start).alive(start), None);
    }

    /// What a manager hears, which this test is in a process of its own: only such a one may
    /// be given another environment.
    #[test]
    fn the_manager_is_told() {
        const IN_CHILD: &str = "RS_AGENT_TEST_TELLS";
        if std::env::var_os(IN_CHILD).is_some() {
            let mut service = Service::new();
            for status in ["", "one", "one", "two"] {
                service.status(status.to_owned());
            }
            service.ready();
            service.reloading();
            service.stopping();
            assert_eq!(service.alive(Instant::now()), Some(Duration::from_secs(2)));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        let name = std::thread::current().name().unwrap().to_owned();
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name])
            .env(IN_CHILD, "")
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "4000000")
            .env_remove("WATCHDOG_PID")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        socket.set_nonblocking(true).unwrap();
        let told: Vec<String> = std::iter::from_fn(|| {
            let mut bytes = [0; 256];
            let length = socket.recv(&mut bytes).ok()?;
            Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
        })
        .collect();
        let told: Vec<&str> = told.iter().filter_map(|text| text.lines().next()).collect();
        let expected =
            ["STATUS=one", "STATUS=two", "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1"];
        assert_eq!(told, expected);
    }
}
