// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::c_int;
use std::io;
use std::time::Duration;

use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

use super::{Transport, sys};

/// How long to wait for an answer. The kernel answers while `send` runs, which
/// itself waits for a busy lock or for `modprobe`; an answer that is not there
/// soon after has been lost.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(4);

/// Room for the answers to a full batch if every request in it fails: each
/// takes up to 1 KiB of the kernel's accounting.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A generic-netlink socket in the network namespace of the thread that opened
/// it.
#[derive(Debug)]
pub struct NetlinkTransport {
    socket: Socket,
}

impl NetlinkTransport {
    /// Opens the socket.
    ///
    /// # Errors
    /// The system's, for instance when the process is out of file descriptors.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_GENERIC)?;
        socket.bind_auto()?;
        // Only the kernel (port 0) may answer.
        socket.connect(&SocketAddr::new(0, 0))?;
        // Errors need not carry the request back, and may carry words.
        socket.set_cap_ack(true)?;
        socket.set_ext_ack(true)?;
        sys::set_receive_timeout(&socket, RECEIVE_TIMEOUT)?;
        sys::set_receive_buffer(&socket, RECEIVE_BUFFER)?;
        Ok(Self { socket })
    }
}

impl Transport for NetlinkTransport {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        loop {
            match self.socket.send(datagram, 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive_with(buffer, 0)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive_with(buffer, libc::MSG_DONTWAIT)
    }
}

impl NetlinkTransport {
    fn receive_with(&self, mut buffer: &mut [u8], flags: c_int) -> io::Result<usize> {
        loop {
            match self.socket.recv(&mut buffer, flags | libc::MSG_TRUNC) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}
