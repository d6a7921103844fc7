// SPDX-License-Identifier: MIT OR Apache-2.0

//! Socket options that no crate of ours offers. The only `unsafe` code of this
//! library.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Makes `recv` give up with `EAGAIN` after `timeout` (`SO_RCVTIMEO`).
pub(super) fn set_receive_timeout(socket: &impl AsRawFd, timeout: Duration) -> io::Result<()> {
    let timeout = libc::timeval {
        tv_sec: timeout.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_usec: timeout.subsec_micros().into(),
    };
    set_option(socket, libc::SO_RCVTIMEO, &timeout)
}

/// Asks for `bytes` of receive buffer, past the system's limit if this process
/// may (`SO_RCVBUFFORCE`, `CAP_NET_ADMIN`), else up to it.
pub(super) fn set_receive_buffer(socket: &impl AsRawFd, bytes: usize) -> io::Result<()> {
    let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    match set_option(socket, libc::SO_RCVBUFFORCE, &bytes) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            set_option(socket, libc::SO_RCVBUF, &bytes)
        }
        outcome => outcome,
    }
}

/// `setsockopt` at `SOL_SOCKET`. Each caller passes the type its option takes.
fn set_option<V>(socket: &impl AsRawFd, option: c_int, value: &V) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<V>()).unwrap_or(0);
    // SAFETY: `value` is a live reference to `length` initialised bytes, which
    // setsockopt(2) only reads; a wrong descriptor or option is an error.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
