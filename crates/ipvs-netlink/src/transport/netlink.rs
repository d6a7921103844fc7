// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::c_int;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};
use std::{fs, io};

use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;
use nix::unistd::{getpid, gettid};

use super::Transport;
use crate::error::Error;
use crate::namespace::Namespace;

/// The transport is a generic-netlink socket in the network namespace of the thread that
/// opened it.
#[derive(Debug)]
pub struct NetlinkTransport {
    socket: Socket,
    patience: Duration,
    receive_buffer: usize,
    home: Home,
}

/// The network namespace of a socket.
#[derive(Clone, Debug)]
enum Home {
    /// That of the thread that opened it: device and number of its file, if there is one.
    Thread(Option<(u64, u64)>),
    /// Another, entered for it.
    Entered(Namespace),
}

impl Home {
    fn of_this_thread() -> Self {
        // To the first thread's a shorter way leads, which the kernel goes in half the time.
        let is_first = gettid() == getpid();
        let file =
            fs::metadata(if is_first { "/proc/self/ns/net" } else { "/proc/thread-self/ns/net" });
        Self::Thread(file.ok().map(|file| (file.dev(), file.ino())))
    }
}

impl NetlinkTransport {
    /// [`open`](Self::open) lets `receive` wait as long as this. The kernel answers while
    /// `send` runs, which itself waits for a busy lock or for `modprobe`; an answer that is
    /// not there soon after has been lost.
    pub const RECEIVE_TIMEOUT: Duration = Duration::from_secs(4);

    /// How many bytes of answers [`open`](Self::open) makes room for: for those
    /// to a full batch if every request in it fails, of which each takes up to
    /// 1 KiB of the kernel's accounting. With less, answers get lost and are read
    /// back, which is slower and just as safe.
    pub(crate) const RECEIVE_BUFFER: usize = 1 << 20;

    /// Opens the socket with the usual patience and room for a mebibyte of answers.
    ///
    /// # Errors
    /// The system's, for instance when the process is out of file descriptors.
    pub fn open() -> io::Result<Self> {
        Self::open_with(Self::RECEIVE_TIMEOUT, Self::RECEIVE_BUFFER)
    }

    /// Opens the socket with another patience (at least a microsecond) and with
    /// room for another number of bytes of answers, of which the system may
    /// grant less to a process without `CAP_NET_ADMIN`
    /// (`net.core.rmem_max`, socket(7)).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(receive_timeout: Duration, receive_buffer: usize) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_GENERIC)?;
        socket.bind_auto()?;
        // Only the kernel (port 0) may answer.
        socket.connect(&SocketAddr::new(0, 0))?;
        // Errors need not carry the request back, and may carry words.
        socket.set_cap_ack(true)?;
        socket.set_ext_ack(true)?;
        // Zero would mean "for ever".
        let patience = receive_timeout.max(Duration::from_micros(1));
        let seconds = patience.as_secs().try_into().unwrap_or(libc::time_t::MAX);
        let timeout = TimeVal::new(seconds, patience.subsec_micros().into());
        setsockopt(&socket, sockopt::ReceiveTimeout, &timeout)?;
        match setsockopt(&socket, sockopt::RcvBufForce, &receive_buffer) {
            Err(Errno::EPERM) => setsockopt(&socket, sockopt::RcvBuf, &receive_buffer)?,
            outcome => outcome?,
        }
        Ok(Self { socket, patience, receive_buffer, home: Home::of_this_thread() })
    }

    /// Opens the socket in another network namespace.
    pub(crate) fn open_in(
        namespace: &Namespace,
        receive_timeout: Duration,
    ) -> Result<io::Result<Self>, Error> {
        let opened = namespace.enter(|| Self::open_with(receive_timeout, Self::RECEIVE_BUFFER))?;
        Ok(opened.map(|transport| Self { home: Home::Entered(namespace.clone()), ..transport }))
    }

    fn receive_with(&self, mut buffer: &mut [u8], flags: c_int) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            match self.socket.recv(&mut buffer, flags | libc::MSG_TRUNC) {
                // Each call would wait anew: signals must not make it wait for ever.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if start.elapsed() >= self.patience {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
                outcome => return outcome,
            }
        }
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

    fn renew(&mut self) -> io::Result<()> {
        *self = match (&self.home, Home::of_this_thread()) {
            (Home::Entered(namespace), _) => {
                Self::open_in(namespace, self.patience).map_err(io::Error::other)??
            }
            (Home::Thread(Some(then)), Home::Thread(Some(now))) if *then == now => {
                Self::open_with(self.patience, self.receive_buffer)?
            }
            // The thread has entered another namespace, or this is another thread.
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(())
    }
}
