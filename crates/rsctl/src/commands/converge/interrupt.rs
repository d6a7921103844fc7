// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Notices Ctrl-C and its like from now on: the first ends the work where it can be told what was
/// done, the second ends the process.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches signals, but for those that the caller has told this process to ignore, as
    /// nohup(1) does and a shell for what runs in its background.
    pub(super) fn catch() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let ignored = lvs_term::ignored_signals();
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !ignored.contains(it));
        for signal in heard {
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
