// SPDX-License-Identifier: MIT OR Apache-2.0

//! The conversation with the kernel: one socket, requests and their answers.

mod answer;
mod batch;
mod exchange;
mod load;
mod options;
mod read;
#[cfg(test)]
mod script;
mod seam;
mod settle;
mod settled;
mod visit;
mod whole;
mod write;

use std::time::Instant;

use crate::error::Error;
use crate::namespace::Namespace;
use crate::procfs::Procfs;
use crate::trace::Observer;
use crate::transport::{NetlinkTransport, Transport};

pub use batch::{BatchError, BatchFailure, BatchReport};
pub use options::ConnectOptions;
pub use settled::Pass;
pub use visit::Visited;

/// A client talks to the kernel's IPVS in one network namespace.
///
/// It holds one socket and serves one request at a time; [`batch`](Self::batch)
/// sends many at once. Every operation needs `CAP_NET_ADMIN` in the initial
/// user namespace, reading included.
#[doc(alias("ipvsadm", "LVS"))]
#[derive(Debug)]
pub struct Client<T = NetlinkTransport> {
    transport: T,
    family_id: u16,
    sequence: u32,
    /// Room for one request.
    request: Vec<u8>,
    /// One datagram of the kernel's.
    receive_buffer: Box<[u8]>,
    /// How much of it the kernel is shown, which sizes the datagrams of a dump by the
    /// largest buffer that a socket ever received with.
    datagram: usize,
    /// The most of it that this socket was shown so far.
    shown: usize,
    /// How much of it that is unless a list is read again.
    usual_datagram: usize,
    /// Whether answers to the last request may still come: from when it is sent until
    /// the last of them was seen, however that ends.
    unread: bool,
    /// When reading ends, whether all has been read or not.
    deadline: Option<Instant>,
    /// Where it is, if not where the thread was that connected it.
    namespace: Option<Namespace>,
    /// Who is shown what passes.
    observer: Observer,
}

/// Eight times what the kernel sends, so that the allocator takes it fresh from the system:
/// what no datagram reaches is never touched, and a program that makes one change has no
/// pages of it to pay for. glibc does so from 128 KiB on, unless there is as much left of
/// the 132 KiB that its heap begins with: then it clears them.
const RECEIVE_BUFFER: usize = 256 * 1024;

impl Client {
    /// Connects to IPVS in the network namespace of this thread; the kernel
    /// loads the module if it is not loaded. [`ConnectOptions`] connects to
    /// another namespace.
    ///
    /// # Errors
    /// [`Error::FamilyMissing`] if the kernel has no IPVS. That the caller may
    /// not use it shows at the first operation only.
    pub fn connect() -> Result<Self, Error> {
        ConnectOptions::new().connect()
    }
}

impl<T: Transport> Client<T> {
    /// Connects over a transport of your own.
    ///
    /// # Errors
    /// As [`connect`](Client::connect).
    pub fn with_transport(transport: T) -> Result<Self, Error> {
        Self::over(transport, RECEIVE_BUFFER, Observer::default())
    }

    /// Returns the transport, for what it has to tell.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Returns the transport, which has no client then.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Sets the moment at which reading ends, for all that is read from now on, or takes
    /// it away.
    ///
    /// A read that is not at its end by then fails with
    /// [`ErrorKind::DeadlinePassed`](crate::ErrorKind::DeadlinePassed), be it in the midst
    /// of a list or before a question. An answer that does not come is waited for beyond
    /// it, as long as [`ConnectOptions::receive_timeout`] says. Changes are made whatever
    /// the time: one that is given up half-way would be one of which nobody knows.
    ///
    /// ```no_run
    /// use std::time::{Duration, Instant};
    ///
    /// use ipvs_netlink::{Client, ErrorKind};
    ///
    /// # fn main() -> Result<(), ipvs_netlink::Error> {
    /// let mut client = Client::connect()?;
    /// client.set_read_deadline(Some(Instant::now() + Duration::from_millis(200)));
    /// match client.table() {
    ///     Ok(table) => println!("{} services", table.len()),
    ///     Err(error) if error.kind() == ErrorKind::DeadlinePassed => println!("another time"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Returns the deadline that there was.
    pub fn set_read_deadline(&mut self, deadline: Option<Instant>) -> Option<Instant> {
        std::mem::replace(&mut self.deadline, deadline)
    }

    /// Returns what the kernel tells in files of the network namespace that the client was
    /// connected to by [`ConnectOptions::namespace`], or else of the calling thread's.
    pub fn procfs(&self) -> Procfs {
        self.namespace.clone().map_or_else(Procfs::new, Procfs::of)
    }

    fn over(transport: T, receive_buffer: usize, observer: Observer) -> Result<Self, Error> {
        let mut client = Self {
            transport,
            family_id: 0,
            sequence: 0,
            request: Vec::new(),
            receive_buffer: vec![0; receive_buffer].into(),
            datagram: receive_buffer,
            shown: 0,
            usual_datagram: receive_buffer,
            unread: false,
            deadline: None,
            namespace: None,
            observer,
        };
        client.family_id = client.resolve_family()?;
        Ok(client)
    }

    /// The number of the next request. Zero is left out: the kernel uses it for
    /// messages nobody asked for.
    fn next_sequence(&mut self) -> u32 {
        self.sequence = match self.sequence.wrapping_add(1) {
            0 => 1,
            sequence => sequence,
        };
        self.sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client can be handed to another thread, as the documentation promises.
    #[test]
    fn a_client_can_move_between_threads() {
        fn moves<T: Send + Sync>() {}
        moves::<Client>();
    }
}
