// SPDX-License-Identifier: MIT OR Apache-2.0

//! The real transport, with something done to what passes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use ipvs_netlink::message::IpvsMessage;
use ipvs_netlink::{Client, NetlinkTransport, Transport};
use netlink_packet_core::NetlinkMessage;
use netlink_packet_generic::GenlMessage;

/// Sends other requests than the library made: what a careless tool sends, or
/// what the library's own checks would refuse.
pub(crate) struct Tampered<F> {
    inner: NetlinkTransport,
    edit: F,
}

/// A client whose requests are changed by `edit` on the way.
pub(crate) fn tampered<F: FnMut(&mut IpvsMessage)>(edit: F) -> Client<Tampered<F>> {
    let inner = NetlinkTransport::open().unwrap();
    Client::with_transport(Tampered { inner, edit }).unwrap()
}

/// The generic-netlink family that finds the others.
const CONTROL: u16 = 16;

impl<F: FnMut(&mut IpvsMessage)> Transport for Tampered<F> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let mut tampered = Vec::new();
        let mut rest = datagram;
        while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
            let (message, behind) = rest.split_at(length as usize);
            rest = behind;
            if u16::from_ne_bytes([message[4], message[5]]) == CONTROL {
                tampered.extend_from_slice(message);
                continue;
            }
            let mut message =
                NetlinkMessage::<GenlMessage<IpvsMessage>>::deserialize(message).unwrap();
            let netlink_packet_core::NetlinkPayload::InnerMessage(generic) = &mut message.payload
            else {
                panic!("a request that is none: {message:?}");
            };
            (self.edit)(&mut generic.payload);
            generic.header.cmd = generic.payload.command.into();
            let (family, flags) = (message.header.message_type, message.header.flags);
            message.finalize();
            (message.header.message_type, message.header.flags) = (family, flags);
            let start = tampered.len();
            tampered.resize(start + message.buffer_len(), 0);
            message.serialize(&mut tampered[start..]);
        }
        self.inner.send(&tampered)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive_now(buffer)
    }
}

/// Does something whenever a datagram has come in: another program's doing
/// between two datagrams of a dump.
pub(crate) struct Interrupted<F> {
    inner: NetlinkTransport,
    between: F,
}

/// A client that is interrupted by `between` after each datagram, which it is
/// given.
pub(crate) fn interrupted<F: FnMut(&[u8])>(between: F) -> Client<Interrupted<F>> {
    let inner = NetlinkTransport::open().unwrap();
    Client::with_transport(Interrupted { inner, between }).unwrap()
}

impl<F: FnMut(&[u8])> Transport for Interrupted<F> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.receive(buffer)?;
        (self.between)(&buffer[..length]);
        Ok(length)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.receive_now(buffer)?;
        (self.between)(&buffer[..length]);
        Ok(length)
    }

    fn renew(&mut self) -> io::Result<()> {
        self.inner.renew()
    }
}

/// Does something whenever a request was sent: the kernel has made the first datagram of
/// its answer by then, and makes the next when that one is received.
pub(crate) struct Overtaken<F> {
    inner: NetlinkTransport,
    then: F,
    first: Rc<Cell<usize>>,
}

/// A client behind each of whose requests `then` comes, before any answer to it is read; and
/// how many messages the first datagram had that came after this was set to 0.
pub(crate) fn overtaken<F: FnMut()>(then: F) -> (Client<Overtaken<F>>, Rc<Cell<usize>>) {
    let first = Rc::new(Cell::new(0));
    let inner = NetlinkTransport::open().unwrap();
    let transport = Overtaken { inner, then, first: Rc::clone(&first) };
    (Client::with_transport(transport).unwrap(), first)
}

impl<F: FnMut()> Transport for Overtaken<F> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram)?;
        (self.then)();
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.receive(buffer)?;
        if self.first.get() == 0 {
            let mut rest = &buffer[..length];
            while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
                rest = rest.get(length as usize..).unwrap_or_default();
                self.first.update(|count| count + 1);
            }
        }
        Ok(length)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive_now(buffer)
    }

    fn renew(&mut self) -> io::Result<()> {
        self.inner.renew()
    }
}

/// What happens to one datagram of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It never comes: the wait ends without it.
    Lost,
    /// The kernel had no room for it and says so.
    NoBuffers,
    /// It comes twice.
    Doubled,
    /// It comes with the answer to the next request.
    Late,
    /// Only its first half comes.
    Cut,
    /// Messages that nobody asked for come first: one of another family, and one
    /// that answers another request.
    Foreign,
    /// It comes behind the one that follows it, if one does at once.
    Swapped,
    /// The socket breaks instead.
    Broken,
}

pub(crate) struct Faulty {
    inner: NetlinkTransport,
    /// One per datagram; when they are used up, nothing happens any more.
    faults: VecDeque<Fault>,
    again: VecDeque<Vec<u8>>,
    late: Option<Vec<u8>>,
}

impl Transport for Faulty {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(datagram) = self.again.pop_front() {
            buffer[..datagram.len()].copy_from_slice(&datagram);
            return Ok(datagram.len());
        }
        let length = self.inner.receive(buffer)?;
        if let Some(late) = self.late.take() {
            self.again.push_back(buffer[..length].to_vec());
            buffer[..late.len()].copy_from_slice(&late);
            return Ok(late.len());
        }
        match self.faults.pop_front().unwrap_or(Fault::None) {
            Fault::None => Ok(length),
            Fault::Lost => Err(io::ErrorKind::WouldBlock.into()),
            Fault::Broken => Err(io::Error::from_raw_os_error(nix::libc::EIO)),
            Fault::NoBuffers => Err(io::Error::from_raw_os_error(nix::libc::ENOBUFS)),
            Fault::Doubled => {
                self.again.push_back(buffer[..length].to_vec());
                Ok(length)
            }
            Fault::Late => {
                self.late = Some(buffer[..length].to_vec());
                Err(io::ErrorKind::WouldBlock.into())
            }
            Fault::Cut => Ok(length / 2),
            Fault::Foreign => {
                self.again.push_back(buffer[..length].to_vec());
                let foreign = foreign(&buffer[..length]);
                buffer[..foreign.len()].copy_from_slice(&foreign);
                Ok(foreign.len())
            }
            Fault::Swapped => {
                let first = buffer[..length].to_vec();
                match self.inner.receive_now(buffer) {
                    Ok(length) => {
                        self.again.push_back(first);
                        Ok(length)
                    }
                    Err(_) => {
                        buffer[..length].copy_from_slice(&first);
                        Ok(length)
                    }
                }
            }
        }
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.again.pop_front() {
            Some(datagram) => {
                buffer[..datagram.len()].copy_from_slice(&datagram);
                Ok(datagram.len())
            }
            None => self.inner.receive_now(buffer),
        }
    }
}

/// Two messages with the number of the answer at hand, but for one detail each
/// (`struct nlmsghdr`: length, type, flags, sequence, port).
fn foreign(answer: &[u8]) -> Vec<u8> {
    let sequence: [u8; 4] = answer[8..12].try_into().unwrap();
    let mut foreign = Vec::new();
    for (kind, sequence) in [
        // No family has this id; what follows looks like an IPVS service.
        (0x7fff_u16, sequence),
        // An acknowledgement of a request that was never made.
        (2, (u32::from_ne_bytes(sequence) + 1000).to_ne_bytes()),
    ] {
        foreign.extend(36_u32.to_ne_bytes());
        foreign.extend(kind.to_ne_bytes());
        foreign.extend(0_u16.to_ne_bytes());
        foreign.extend(sequence);
        foreign.extend(0_u32.to_ne_bytes());
        foreign.extend([0; 4]);
        foreign.extend([12, 0, 1, 0, 6, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    }
    foreign
}

/// A client whose answers meet these faults, after it has connected.
pub(crate) fn faulty(faults: impl IntoIterator<Item = Fault>) -> Client<Faulty> {
    // Finding the family takes two: the answer and the acknowledgement.
    let faults = [Fault::None; 2].into_iter().chain(faults).collect();
    let inner = NetlinkTransport::open().unwrap();
    let transport = Faulty { inner, faults, again: VecDeque::new(), late: None };
    Client::with_transport(transport).unwrap()
}

/// Answers come no more after so many datagrams. The kernel hears every request.
pub(crate) struct Falls {
    inner: NetlinkTransport,
    silent_after: Rc<Cell<usize>>,
}

impl Transport for Falls {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.receive(buffer)?;
        let left = self.silent_after.get().checked_sub(1).ok_or(io::ErrorKind::WouldBlock)?;
        self.silent_after.set(left);
        Ok(length)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive_now(buffer)
    }
}

/// A client that is answered by so many datagrams more, beginning with those by which it
/// connects.
pub(crate) fn falls_silent(after: Rc<Cell<usize>>) -> Client<Falls> {
    let inner = NetlinkTransport::open().unwrap();
    Client::with_transport(Falls { inner, silent_after: after }).unwrap()
}

/// Whether a request changes something: `IPVS_CMD_GET_SERVICE`, `_DEST`, `_DAEMON`, `_CONFIG` and
/// `_INFO` only ask.
pub(crate) fn changes(request: &[u8]) -> bool {
    u16::from_ne_bytes([request[4], request[5]]) != CONTROL
        && !matches!(request[16], 4 | 8 | 11 | 13 | 15)
}

/// Ends as `kill -9` ends a program, behind any of its changes: those before it, in the same
/// send too, reach the kernel, and nothing else does.
pub(crate) struct Mortal {
    inner: NetlinkTransport,
    left: Option<usize>,
}

/// Says that the program is dead.
pub(crate) struct Dead;

/// Gives `work` a client that dies behind so many changes. `None` if it did.
pub(crate) fn mortal<R>(changes: usize, work: impl FnOnce(&mut Client<Mortal>) -> R) -> Option<R> {
    let inner = NetlinkTransport::open().unwrap();
    let transport = Mortal { inner, left: Some(changes) };
    let mut client = Client::with_transport(transport).unwrap();
    match panic::catch_unwind(AssertUnwindSafe(|| work(&mut client))) {
        Ok(outcome) => Some(outcome),
        Err(cause) if cause.is::<Dead>() => None,
        Err(cause) => panic::resume_unwind(cause),
    }
}

impl Transport for Mortal {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let mut rest = datagram;
        while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
            let (message, behind) = rest.split_at(length as usize);
            if changes(message) {
                let left = self.left.expect("the dead do nothing");
                self.left = left.checked_sub(1);
            }
            if self.left.is_none() {
                let sent = datagram.len() - rest.len();
                if sent > 0 {
                    self.inner.send(&datagram[..sent]).unwrap();
                }
                // Without the words of a test that fails.
                panic::resume_unwind(Box::new(Dead));
            }
            rest = behind;
        }
        self.inner.send(datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive_now(buffer)
    }
}
