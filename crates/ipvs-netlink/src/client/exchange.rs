// SPDX-License-Identifier: MIT OR Apache-2.0

//! One request and its answers.

use std::time::Instant;
use std::{fmt, io};

use netlink_packet_core::{DecodeError, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};

use super::Client;
use super::answer::{Extent, MORE, OnData, Scan, Verdict};
use crate::convert;
use crate::error::{Error, KernelError};
use crate::genl::{self, Errno, ExtAck};
use crate::message::IpvsMessage;
use crate::model::Change;
use crate::operation::Operation;
use crate::trace::{Event, Observer};
use crate::transport::Transport;

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

/// How one exchange ended, if not well.
enum Failure {
    /// With the kernel's refusal.
    Refused(Errno, Option<ExtAck>),
    /// In another way.
    Error(Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(errno, _) => errno.fmt(f),
            Self::Error(error) => error.fmt(f),
        }
    }
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
            self.check_deadline(operation)?;
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

    /// Ends a read whose time is over. A change is carried through whatever the time.
    fn check_deadline(&self, operation: &Operation) -> Result<(), Error> {
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if over && operation.reads() {
            return Err(Error::DeadlinePassed { operation: Box::new(operation.clone()) });
        }
        Ok(())
    }

    /// Looks the family up again; whether its id had changed.
    pub(super) fn family_is_stale(&mut self) -> Result<bool, Error> {
        let id = self.resolve_family()?;
        let stale = id != self.family_id;
        if stale {
            self.observer.show(&Event::FamilyMoved { from: self.family_id, to: id });
        }
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
            genl::pack_get_family(bytes, IpvsMessage::FAMILY, sequence, Form::Single.flags());
        };
        let on_data = &mut |_, data: &[u8]| {
            id = Some(genl::decode_family_id(data)?);
            MORE
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
        let observed = Observer::exchange(operation, 1, request.len());
        let sent = self.send(operation, &request);
        self.request = request;

        let mut scan = Scan {
            sequence,
            family_id,
            barrier,
            objects: 0,
            extent: Extent::default(),
            undecoded: None,
        };
        let outcome = sent
            .map_err(Failure::Error)
            .and_then(|()| self.receive_answers(operation, &mut scan, on_data));
        let failure = outcome.as_ref().err().map(|failure| failure as &dyn fmt::Display);
        observed.ended(scan.objects, scan.extent.datagrams, failure);
        outcome.map(|()| scan.extent)
    }

    /// Receives until the last answer, or until who is shown them has seen enough.
    fn receive_answers(
        &mut self,
        operation: &Operation,
        scan: &mut Scan,
        on_data: &mut OnData<'_>,
    ) -> Result<(), Failure> {
        let outcome = loop {
            // The kernel makes the next one while this one is received.
            let shown = self.shown;
            let datagram = self.receive(operation).map_err(Failure::Error)?;
            match scan.datagram(datagram, shown, on_data) {
                Some(Verdict::Done(outcome)) => {
                    self.unread = false;
                    break outcome;
                }
                // The rest is thrown away before the next request. Who has seen enough
                // needs nothing of what was not understood before.
                Some(Verdict::Stopped) => {
                    scan.extent.stopped = true;
                    return Ok(());
                }
                Some(Verdict::Swallowed) => return Err(Failure::Error(unanswered(operation))),
                Some(Verdict::Garbled(error)) => {
                    return Err(Failure::Error(decode_error(operation, &error)));
                }
                None if scan.never_ends() => {
                    return Err(Failure::Error(Error::Endless {
                        operation: Box::new(operation.clone()),
                    }));
                }
                None => self.check_deadline(operation).map_err(Failure::Error)?,
            }
        };
        match (outcome, &scan.undecoded) {
            (Err((errno, ext_ack)), _) => Err(Failure::Refused(errno, ext_ack)),
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(error)) => Err(Failure::Error(decode_error(operation, error))),
        }
    }

    /// Throws away what is left of an exchange that ended before its last answer, also by
    /// a panic of whoever was shown what came. An unread dump would make the next one
    /// fail (`EBUSY`), and after `ENOBUFS` the kernel drops answers
    /// until the socket has been read empty. Nor may the rest of a dump keep us
    /// for ever: many datagrams with next to nothing in them are one that others
    /// add to as fast as it is read. A long rest is not even made by the kernel if the
    /// transport can connect anew.
    fn drain(&mut self, operation: &Operation) -> Result<(), Error> {
        const SMALL: usize = 2048;
        /// Datagrams that take no longer than to connect.
        const FEW: usize = 2;
        let (mut datagrams, mut bytes) = (0, 0);
        while self.unread {
            self.check_deadline(operation)?;
            if datagrams == FEW && self.renew(self.usual_datagram, self.usual_datagram)? {
                break;
            }
            self.shown = self.shown.max(self.datagram);
            match self.transport.receive_now(&mut self.receive_buffer[..self.datagram]) {
                Ok(length) => {
                    bytes += length;
                    let left = &self.receive_buffer[..self.datagram.min(length)];
                    self.observer.answers(left, self.family_id);
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
        self.observer.requests(datagram, self.family_id);
        // Until whoever waits for the answers has seen the last of them.
        self.unread = true;
        self.transport.send(datagram).map_err(|error| {
            self.observer.not_sent(&error);
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
            self.observer.not_received(&error);
            let operation = Box::new(operation.clone());
            match error.raw_os_error() {
                Some(libc::ENOBUFS) => Error::RepliesLost { operation },
                _ if error.kind() == io::ErrorKind::WouldBlock => Error::TimedOut { operation },
                _ => Error::Io { operation, action: "receive from the kernel", error },
            }
        })?;
        match self.receive_buffer[..self.datagram].get(..length) {
            Some(datagram) => {
                self.observer.answers(datagram, self.family_id);
                Ok(datagram)
            }
            None => {
                self.observer.answers(&self.receive_buffer[..self.datagram], self.family_id);
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

#[cfg(test)]
mod tests;
