// SPDX-License-Identifier: MIT OR Apache-2.0

//! One request and its answers.

use std::io;

use netlink_packet_core::{DecodeError, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};

use super::Client;
use crate::convert;
use crate::error::{Error, KernelError};
use crate::genl::{self, Errno, ExtAck, ReplyBody};
use crate::message::IpvsMessage;
use crate::model::Change;
use crate::operation::Operation;
use crate::transport::Transport;

/// Is given each object of an answer, and in which of the datagrams that hold some it
/// came, from 1.
pub(super) type OnData<'a> = dyn FnMut(usize, &[u8]) -> Result<(), DecodeError> + 'a;

/// What a request is to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One answer at most, then an acknowledgement.
    Single,
    /// Any number of answers, then the end of the dump.
    Dump,
}

impl Form {
    /// `NLM_F_CREATE` and its like are left out: IPVS gives them no meaning,
    /// and two of them together are the dump flag.
    fn flags(self) -> u16 {
        match self {
            Self::Single => NLM_F_REQUEST | NLM_F_ACK,
            Self::Dump => NLM_F_REQUEST | NLM_F_DUMP,
        }
    }
}

/// What the objects of an answer came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// How many datagrams held some.
    pub(super) datagrams: usize,
    /// Whether the last of these had no room for one more, as far as can be known: then
    /// the kernel stopped there, and looked for the end of the list in another walk.
    pub(super) is_cut: bool,
}

impl Extent {
    /// The most that one object may take more than another: a firewall mark instead of an
    /// address and a port (28 bytes), the names of the scheduler (12) and of the
    /// persistence engine (20), and where numbers of 64 bits are aligned
    /// (`nla_put_64bit`), that (40).
    const UNEVEN: usize = 128;
    /// What a datagram of the kernel's holds at least if it was shown as much as it ever
    /// fills: 32 KiB without its notes (`SKB_WITH_OVERHEAD`), which take 320 bytes in
    /// most kernels and 1 KiB at most.
    const LARGEST: usize = 31 * 1024;

    /// Takes in the next datagram, of so many bytes, with its largest object. `shown` is the
    /// largest buffer that the socket had received with when the kernel made it.
    fn add(&mut self, bytes: usize, object: usize, shown: usize) {
        self.datagrams += 1;
        self.is_cut = bytes + object + Self::UNEVEN > shown.min(Self::LARGEST);
    }
}

/// How one exchange ended, if not well.
enum Failure {
    /// With the kernel's refusal.
    Refused(Errno, Option<ExtAck>),
    /// In another way.
    Error(Error),
}

impl<T: Transport> Client<T> {
    /// Asks for `operation` and hands each object of the answer to `on_data`;
    /// returns what the objects came in.
    pub(super) fn ask(
        &mut self,
        operation: &Operation,
        form: Form,
        on_data: &mut OnData<'_>,
    ) -> Result<Extent, Error> {
        let mut resolved_again = false;
        loop {
            let family_id = self.family_id;
            let encode = |bytes: &mut Vec<u8>, sequence| {
                pack(bytes, operation, family_id, sequence, form);
            };
            match self.exchange(operation, encode, family_id, on_data) {
                Ok(extent) => return Ok(extent),
                Err(Failure::Error(error)) => return Err(error),
                // The module may have been unloaded and loaded again since we
                // asked for the family's id: nothing was done then.
                Err(Failure::Refused(Errno::ENOENT, _))
                    if !resolved_again && self.family_is_stale()? =>
                {
                    resolved_again = true;
                }
                Err(Failure::Refused(errno, ext_ack)) => {
                    return Err(KernelError { operation: operation.clone(), errno, ext_ack }.into());
                }
            }
        }
    }

    /// Looks the family up again; whether its id had changed.
    pub(super) fn family_is_stale(&mut self) -> Result<bool, Error> {
        let id = self.resolve_family()?;
        let stale = id != self.family_id;
        self.family_id = id;
        Ok(stale)
    }

    /// The id the kernel gave to the family, loading the module if need be.
    pub(super) fn resolve_family(&mut self) -> Result<u16, Error> {
        self.again(Self::resolve_family_once)
    }

    fn resolve_family_once(&mut self) -> Result<u16, Error> {
        let mut id = None;
        let encode = |bytes: &mut Vec<u8>, sequence| {
            let question = genl::get_family(IpvsMessage::FAMILY);
            genl::encode(bytes, question, genl::CONTROL, sequence, Form::Single.flags());
        };
        let on_data = &mut |_, data: &[u8]| {
            id = Some(genl::decode_family_id(data)?);
            Ok(())
        };
        let outcome = self.exchange(&Operation::Connect, encode, genl::CONTROL, on_data);
        match (outcome, id) {
            (Ok(_), Some(id)) => Ok(id),
            (Ok(_), None) => Err(unanswered(&Operation::Connect)),
            (Err(Failure::Refused(Errno::ENOENT, _)), _) => Err(Error::FamilyMissing),
            (Err(Failure::Refused(errno, ext_ack)), _) => {
                Err(KernelError { operation: Operation::Connect, errno, ext_ack }.into())
            }
            (Err(Failure::Error(error)), _) => Err(error),
        }
    }

    fn exchange(
        &mut self,
        operation: &Operation,
        encode: impl FnOnce(&mut Vec<u8>, u32),
        family_id: u16,
        on_data: &mut OnData<'_>,
    ) -> Result<Extent, Failure> {
        let sequence = self.next_sequence();
        let barrier = may_swallow_answer(operation).then(|| self.next_sequence());
        let mut request = std::mem::take(&mut self.request);
        request.clear();
        encode(&mut request, sequence);
        if let Some(sequence) = barrier {
            pack(&mut request, &Operation::Info, family_id, sequence, Form::Single);
        }
        let sent = self.send(operation, &request);
        self.request = request;
        sent.map_err(Failure::Error)?;

        let mut scan = Scan {
            sequence,
            family_id,
            barrier,
            objects: 0,
            extent: Extent::default(),
            undecoded: None,
        };
        let outcome = loop {
            // The kernel makes the next one while this one is received.
            let shown = self.shown;
            let datagram = self.receive(operation).map_err(Failure::Error)?;
            match scan.datagram(datagram, shown, on_data) {
                Some(Verdict::Done(outcome)) => break outcome,
                Some(Verdict::Swallowed) => {
                    self.unread = true;
                    return Err(Failure::Error(unanswered(operation)));
                }
                Some(Verdict::Garbled(error)) => {
                    self.unread = true;
                    return Err(Failure::Error(decode_error(operation, &error)));
                }
                None if scan.never_ends() => {
                    self.unread = true;
                    return Err(Failure::Error(Error::Endless {
                        operation: Box::new(operation.clone()),
                    }));
                }
                None => {}
            }
        };
        match (outcome, scan.undecoded) {
            (Err((errno, ext_ack)), _) => Err(Failure::Refused(errno, ext_ack)),
            (Ok(()), None) => Ok(scan.extent),
            (Ok(()), Some(error)) => Err(Failure::Error(decode_error(operation, &error))),
        }
    }

    /// Throws away what is left of exchanges given up. An unread dump would make
    /// the next one fail (`EBUSY`), and after `ENOBUFS` the kernel drops answers
    /// until the socket has been read empty. Nor may the rest of a dump keep us
    /// for ever: many datagrams with next to nothing in them are one that others
    /// add to as fast as it is read.
    fn drain(&mut self, operation: &Operation) -> Result<(), Error> {
        const SMALL: usize = 2048;
        let (mut datagrams, mut bytes) = (0, 0);
        while self.unread {
            self.shown = self.shown.max(self.datagram);
            match self.transport.receive_now(&mut self.receive_buffer[..self.datagram]) {
                Ok(length) => {
                    bytes += length;
                    let left = &self.receive_buffer[..self.datagram.min(length)];
                    if let Some(trace) = &self.trace {
                        trace.answers(left, self.family_id);
                    }
                }
                Err(error) if error.raw_os_error() != Some(libc::ENOBUFS) => self.unread = false,
                Err(_) => {}
            }
            datagrams += 1;
            // The answers to a batch are small ones, and a few hundred.
            if datagrams > 1024 + bytes / SMALL {
                return Err(Error::Endless { operation: Box::new(operation.clone()) });
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, operation: &Operation, datagram: &[u8]) -> Result<(), Error> {
        self.drain(operation)?;
        if let Some(trace) = &self.trace {
            trace.requests(datagram, self.family_id);
        }
        self.transport.send(datagram).map_err(|error| {
            if let Some(trace) = &self.trace {
                trace.not_sent(&error);
            }
            let operation = Box::new(operation.clone());
            Error::Io { operation, action: "send to the kernel", error }
        })
    }

    /// One datagram of the kernel's.
    pub(super) fn receive(&mut self, operation: &Operation) -> Result<&[u8], Error> {
        self.shown = self.shown.max(self.datagram);
        let received = self.transport.receive(&mut self.receive_buffer[..self.datagram]);
        self.received(received, operation)
    }

    /// A datagram that is there already, if there is one.
    pub(super) fn receive_now(&mut self, operation: &Operation) -> Result<Option<&[u8]>, Error> {
        self.shown = self.shown.max(self.datagram);
        match self.transport.receive_now(&mut self.receive_buffer[..self.datagram]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            received => self.received(received, operation).map(Some),
        }
    }

    fn received(
        &mut self,
        received: io::Result<usize>,
        operation: &Operation,
    ) -> Result<&[u8], Error> {
        let length = received.map_err(|error| {
            self.unread = true;
            if let Some(trace) = &self.trace {
                trace.not_received(&error);
            }
            let operation = Box::new(operation.clone());
            match error.raw_os_error() {
                Some(libc::ENOBUFS) => Error::RepliesLost { operation },
                _ if error.kind() == io::ErrorKind::WouldBlock => Error::TimedOut { operation },
                _ => Error::Io { operation, action: "receive from the kernel", error },
            }
        })?;
        match self.receive_buffer[..self.datagram].get(..length) {
            Some(datagram) => {
                if let Some(trace) = &self.trace {
                    trace.answers(datagram, self.family_id);
                }
                Ok(datagram)
            }
            None => {
                self.unread = true;
                Err(Error::Decode {
                    operation: Box::new(operation.clone()),
                    detail: format!("a datagram of {length} bytes was cut"),
                })
            }
        }
    }
}

/// Appends the request for `operation`.
fn pack(bytes: &mut Vec<u8>, operation: &Operation, family_id: u16, sequence: u32, form: Form) {
    genl::pack(bytes, family_id, IpvsMessage::VERSION, sequence, form.flags(), |bytes| {
        convert::pack_request(operation, bytes)
    });
}

/// Whether the kernel may stay silent although it did what was asked: stopping
/// a sync daemon before it first ran ends in `EINTR`, which netlink takes for
/// "no answer". A question sent behind it is answered in any case.
fn may_swallow_answer(operation: &Operation) -> bool {
    matches!(operation, Operation::Change(Change::StopDaemon(_)))
}

pub(super) fn decode_error(operation: &Operation, error: &DecodeError) -> Error {
    Error::Decode { operation: Box::new(operation.clone()), detail: error.to_string() }
}

/// The kernel took the question and its answer did not arrive.
pub(super) fn unanswered(operation: &Operation) -> Error {
    Error::RepliesLost { operation: Box::new(operation.clone()) }
}

enum Verdict {
    /// The kernel's answer.
    Done(Result<(), (Errno, Option<ExtAck>)>),
    /// The answer to a later request came instead, or a dump was disturbed.
    Swallowed,
    /// What came is no sequence of messages: the answer may have been among it.
    Garbled(DecodeError),
}

/// Tells the answers to one request from all else that may come.
struct Scan {
    sequence: u32,
    family_id: u16,
    barrier: Option<u32>,
    /// How many objects came.
    objects: usize,
    /// What they came in.
    extent: Extent,
    /// The first object that could not be understood. It is reported at the end,
    /// since the rest has to be read anyway.
    undecoded: Option<DecodeError>,
}

/// What stands before the attributes of an object: `nlmsghdr` and `genlmsghdr`.
const HEADERS: usize = 16 + 4;

impl Scan {
    /// Reads the answers in one datagram; `Some` if the last was among them.
    /// Answers to earlier requests, which came too late, and messages of other
    /// families are passed over.
    fn datagram(
        &mut self,
        datagram: &[u8],
        shown: usize,
        on_data: &mut OnData<'_>,
    ) -> Option<Verdict> {
        let number = self.extent.datagrams + 1;
        let mut largest = None;
        let verdict = self.replies(datagram, number, &mut largest, on_data);
        if let Some(largest) = largest {
            self.extent.add(datagram.len(), largest, shown);
        }
        verdict
    }

    fn replies(
        &mut self,
        datagram: &[u8],
        number: usize,
        largest: &mut Option<usize>,
        on_data: &mut OnData<'_>,
    ) -> Option<Verdict> {
        for reply in genl::replies(datagram) {
            let reply = match reply {
                Ok(reply) => reply,
                Err(error) => return Some(Verdict::Garbled(error)),
            };
            if Some(reply.sequence) == self.barrier {
                return Some(Verdict::Swallowed);
            }
            if reply.sequence != self.sequence {
                continue;
            }
            if reply.interrupted {
                return Some(Verdict::Swallowed);
            }
            match reply.body {
                ReplyBody::Ack | ReplyBody::Done(None) => return Some(Verdict::Done(Ok(()))),
                ReplyBody::Done(Some(errno)) => return Some(Verdict::Done(Err((errno, None)))),
                ReplyBody::Error(errno, ext_ack) => {
                    return Some(Verdict::Done(Err((errno, ext_ack))));
                }
                ReplyBody::Data(family, attributes) if family == self.family_id => {
                    self.objects += 1;
                    *largest = (*largest).max(Some(attributes.len() + HEADERS));
                    if let Err(error) = on_data(number, attributes) {
                        self.undecoded.get_or_insert(error);
                    }
                }
                ReplyBody::Data(..) => {}
            }
        }
        None
    }

    /// Whether another program adds objects as fast as they are read.
    ///
    /// The kernel goes on behind as many objects as it has sent, so one that is
    /// added meanwhile pushes one more behind that place. It puts as many into a
    /// datagram as there are, and 9 of them have room in the smallest: only many
    /// datagrams with next to nothing in them get this far.
    fn never_ends(&self) -> bool {
        self.extent.datagrams > 64 + self.objects / 4
    }
}

#[cfg(test)]
mod tests;
