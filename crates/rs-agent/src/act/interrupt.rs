// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notices Ctrl-C and its like between two actions.

use crate::error::Error;

/// Says whether the process was told to end. The first signal ends the work where it can be taken
/// back or told, the second ends the process.
#[derive(Debug, Default)]
pub struct Interrupt(lvs_term::Interrupt);

impl Interrupt {
    /// Catches signals from now on, but for those that the caller has told this process to
    /// ignore, as nohup(1) does.
    #[must_use]
    pub fn catch() -> Self {
        Self(lvs_term::Interrupt::catch())
    }

    /// Hears no signal: somebody else does.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Says whether to go on.
    ///
    /// # Errors
    /// [`Error::Interrupted`] once a signal has come.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.is_asked_for() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
