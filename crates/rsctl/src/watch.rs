// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lists again and again, until a signal ends it: `list --watch`.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use lvs_term::{ColorWhen, Interrupt, Look};
use signal_hook::{consts::SIGWINCH, low_level::pipe};

use crate::cli::List;
use crate::commands::{self, Director};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Format, Lists};

/// Lists every so many `seconds`. The first list has to succeed: what is wrong with it is likely
/// wrong with the command line. What fails later is said, and may pass.
pub(crate) fn run(
    director: &Director,
    args: &List,
    seconds: u32,
    format: Format,
    color: ColorWhen,
) -> Result<Exit, Error> {
    let look = Look::of_terminal(color);
    let first = commands::list_first(director, args, look.color)?;
    let mut pause = Pause::begin()?;
    let mut lists = Lists::default();
    let mut written = lists.write(Ok(first), format, look);
    while written.is_ok() && pause.wait(Duration::from_secs(seconds.into()))? {
        // The terminal may have another size by now.
        let look = Look::of_terminal(color);
        written = lists.write(commands::list_again(director, args, look.color), format, look);
    }
    match written.and_then(|()| lists.end(format)) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}

/// Waits between two lists, until a signal says that one is wanted now, or none any more.
struct Pause {
    interrupt: Interrupt,
    signals: UnixStream,
}

impl Pause {
    /// Catches signals.
    fn begin() -> io::Result<Self> {
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
    fn wait(&mut self, time: Duration) -> io::Result<bool> {
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
