// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stops a run between two actions, so that the test suite can prove that every such
//! moment is recoverable. `RS_AGENT_FAILPOINT=N:abort` dies, `N:error` fails, when N
//! actions have been performed, even in the middle of what would go in one send.
//! Compiled in by the feature `failpoints` only.

use crate::error::Error;

#[cfg(feature = "failpoints")]
pub(super) fn reached(performed: usize) -> Result<(), Error> {
    match setting() {
        Some((at, how)) if at == performed => match how.as_str() {
            "abort" => std::process::abort(),
            _ => Err(Error::Failpoint(performed)),
        },
        _ => Ok(()),
    }
}

/// Where to stop next.
#[cfg(feature = "failpoints")]
pub(super) fn next(performed: usize) -> Option<usize> {
    setting().map(|(at, _)| at).filter(|at| *at > performed)
}

#[cfg(feature = "failpoints")]
fn setting() -> Option<(usize, String)> {
    let setting = std::env::var("RS_AGENT_FAILPOINT").ok()?;
    let (at, how) = setting.split_once(':')?;
    Some((at.parse().ok()?, how.to_owned()))
}

#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn reached(_performed: usize) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(feature = "failpoints"))]
pub(super) fn next(_performed: usize) -> Option<usize> {
    None
}
