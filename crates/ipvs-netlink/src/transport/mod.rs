// SPDX-License-Identifier: MIT OR Apache-2.0

//! The way datagrams reach the kernel and come back.

mod netlink;

use std::io;

pub use netlink::NetlinkTransport;

/// A transport is a connection to the kernel that carries whole datagrams.
///
/// [`NetlinkTransport`] is the real one. A transport of your own can wrap it,
/// to log what passes or to lose some of it on purpose.
pub trait Transport {
    /// Sends one datagram.
    ///
    /// # Errors
    /// The system's; nothing was sent then.
    fn send(&mut self, datagram: &[u8]) -> io::Result<()>;

    /// Waits for one datagram from the kernel and puts it into `buffer`.
    ///
    /// Returns its whole length; if that is more than `buffer` holds, the rest
    /// is lost.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none comes in time;
    /// `ENOBUFS` if the kernel had to drop answers.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Takes one datagram that is there, without waiting.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none now.
    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Connects anew, to the same kernel in the same network namespace, and forgets what
    /// the old connection still had to say.
    ///
    /// A list that takes several datagrams is read again with other cuts between them,
    /// and the kernel cuts as it likes until it meets a new connection. A transport that
    /// leaves this as it is gets such a list once two reads in a row agree.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) if it cannot; the connection is as it
    /// was after any error.
    fn renew(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// What points to a transport is one: a client of a `Box<dyn Transport>` is told at run
/// time what carries its datagrams.
macro_rules! transport_behind {
    ($($pointer:ty),*) => {$(
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
                (**self).send(datagram)
            }

            fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                (**self).receive(buffer)
            }

            fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                (**self).receive_now(buffer)
            }

            fn renew(&mut self) -> io::Result<()> {
                (**self).renew()
            }
        }
    )*};
}

transport_behind!(&mut T, Box<T>);
