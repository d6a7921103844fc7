// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `std::rt` does before `main` and after it, but for the guard of the stack.

use std::ffi::{c_char, c_int};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, IntoRawFd};
use std::process;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};

/// The program, as the C library calls it.
///
/// The name is taken by nothing else: an executable has one `main`, and `no_main` keeps
/// Rust from making it. The arguments are read as everywhere, by `std::env`.
#[allow(unsafe_code, reason = "a symbol by its name; there is no unsafe code in it")]
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    if open_standard_files().is_err() {
        process::abort();
    }
    ignore_broken_pipes();
    let exit = rsctl::main();
    // Writes what is still to be written.
    process::exit(exit.into())
}

/// A standard file that is closed becomes `/dev/null`: else the next file or socket would
/// get its number, and be written to by whoever means the standard one.
fn open_standard_files() -> io::Result<()> {
    let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
    let mut files = [input.as_fd(), output.as_fd(), errors.as_fd()]
        .map(|file| PollFd::new(file, PollFlags::empty()));
    poll(&mut files, PollTimeout::ZERO)?;
    let is_closed = |events: PollFlags| events.contains(PollFlags::POLLNVAL);
    let closed = files.iter().filter(|file| file.revents().is_some_and(is_closed));
    for _ in 0..closed.count() {
        // It gets the lowest number that is free, and keeps it.
        let _ = OpenOptions::new().read(true).write(true).open("/dev/null")?.into_raw_fd();
    }
    Ok(())
}

/// Who stops reading is told of as an error where it is written to.
fn ignore_broken_pipes() {
    // Not ignored, but held back, which ends in the same: the one way that is safe.
    let _ = SigSet::from(Signal::SIGPIPE).thread_block();
}
