// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notices Ctrl-C and its like between two actions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::Error;

/// Says whether the process was told to end. The first signal ends the work where it can be taken
/// back or told, the second ends the process.
#[derive(Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches signals from now on, but for those that the caller has told this process to
    /// ignore, as nohup(1) does.
    #[must_use]
    pub fn catch() -> Self {
        let this = Self::default();
        let ignored = lvs_term::ignored_signals();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Where the handler cannot be installed, the signal keeps its default action.
            if !ignored.contains(&signal) {
                let _ = this.listen(signal);
            }
        }
        this
    }

    /// Hears no signal: somebody else does.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    fn listen(&self, signal: i32) -> io::Result<()> {
        // In this order: the first to come is not the second.
        flag::register_conditional_default(signal, Arc::clone(&self.0))?;
        flag::register(signal, Arc::clone(&self.0))?;
        Ok(())
    }

    /// Says whether to go on.
    ///
    /// # Errors
    /// [`Error::Interrupted`] once a signal has come.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
