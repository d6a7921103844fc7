// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts a run between two actions, so that the test suite can prove that every such
//! moment is recoverable, and see what the host is then. Of `RS_AGENT_FAILPOINT`, with
//! commas between, `N:kill` dies as of `kill -9`, `N:error` fails and `N:hup` gets a SIGHUP,
//! when N actions have been performed, even in the middle of what would go in one send; `each:stop` stops the
//! process before, between and after all actions, also those taken back, until somebody
//! continues it. Compiled in by the feature `failpoints` only.

use crate::error::Error;

#[cfg(feature = "failpoints")]
#[allow(clippy::panic)]
pub(super) fn reached(performed: usize) -> Result<(), Error> {
    stop();
    let settings = settings();
    let mine = settings.iter().find(|(at, _)| *at == performed.to_string());
    match mine.map(|(_, how)| how.as_str()) {
        Some("kill") => {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
            unreachable!("nobody survives that");
        }
        Some("hup") => {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGHUP);
            Ok(())
        }
        Some("error") => Err(Error::Failpoint(performed)),
        // A test that asks for something else must not take a failure for it.
        Some(other) => panic!("RS_AGENT_FAILPOINT knows no {other:?}"),
        None => Ok(()),
    }
}

/// Stops, if each action is to be looked at.
#[cfg(feature = "failpoints")]
pub(super) fn stop() {
    if each() {
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
    }
}

/// Returns how many actions may go together after those performed.
#[cfg(feature = "failpoints")]
pub(super) fn most(performed: usize) -> usize {
    let numbers = settings().into_iter().filter_map(|(at, _)| at.parse::<usize>().ok());
    let next = numbers.filter(|at| *at > performed).min();
    if each() { 1 } else { next.map_or(usize::MAX, |next| next - performed) }
}

#[cfg(feature = "failpoints")]
fn each() -> bool {
    settings().iter().any(|(at, _)| at == "each")
}

#[cfg(feature = "failpoints")]
fn settings() -> Vec<(String, String)> {
    let settings = std::env::var("RS_AGENT_FAILPOINT").unwrap_or_default();
    let parts = settings.split(',').filter_map(|part| part.split_once(':'));
    parts.map(|(at, how)| (at.to_owned(), how.to_owned())).collect()
}

#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn reached(_performed: usize) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(feature = "failpoints"))]
pub(super) fn stop() {}

#[cfg(not(feature = "failpoints"))]
pub(super) fn most(_performed: usize) -> usize {
    usize::MAX
}
