// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes to standard output, which is not there if a program was started with `>&-`.
//!
//! Rust's runtime opens `/dev/null` in the place of a closed descriptor before `main`
//! (library/std/src/sys/pal/unix): what is written then is lost, and nobody is told.

use std::io::{self, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, fcntl_getfd};

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks before the runtime does.
#[ctor::ctor(unsafe)]
fn look() {
    if fcntl_getfd(rustix::stdio::stdout()) == Err(Errno::BADF) {
        IS_CLOSED.store(true, Ordering::Relaxed);
    }
}

/// Checks that standard output was open when the program began.
///
/// # Errors
/// `EBADF` if it was not.
fn check_stdout() -> io::Result<()> {
    match IS_CLOSED.load(Ordering::Relaxed) {
        true => Err(Errno::BADF.into()),
        false => Ok(()),
    }
}

/// Returns what came of writing; a reader that has seen enough, as in `| head`, is no failure.
///
/// # Errors
/// All others.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to standard output, where a write fails with `EBADF` if that was closed.
#[derive(Debug)]
pub struct Stdout(StdoutLock<'static>);

impl Stdout {
    /// Locks it.
    #[must_use]
    pub fn lock() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            check_stdout()?;
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
