// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stops a run between two actions, so that the test suite can prove that every such
//! moment is recoverable. `RS_AGENT_FAILPOINT=N:abort` dies, `N:error` fails, when N
//! actions have been performed. Compiled in by the feature `failpoints` only.

use crate::error::Error;

#[cfg(feature = "failpoints")]
pub(super) fn reached(performed: usize) -> Result<(), Error> {
    let Ok(setting) = std::env::var("RS_AGENT_FAILPOINT") else {
        return Ok(());
    };
    match setting.split_once(':') {
        Some((at, how)) if at.parse() == Ok(performed) => match how {
            "abort" => std::process::abort(),
            _ => Err(Error::Failpoint(performed)),
        },
        _ => Ok(()),
    }
}

#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn reached(_performed: usize) -> Result<(), Error> {
    Ok(())
}
