// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opens plain netlink sockets, for what the `rtnetlink` crate has no words for: many requests in
//! one send, and generic netlink.

use std::cell::Cell;
use std::fmt::Debug;
use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::SocketAddr;
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use super::{ANSWER, NetlinkError};

/// No datagram from the kernel is larger (`netlink_dump` in net/netlink/af_netlink.c).
const DATAGRAM: usize = 32 * 1024;

/// How often a dump is begun again.
const TRIES: u32 = 20;

/// `NLM_F_DUMP_INTR` of include/uapi/linux/netlink.h.
const DUMP_INTR: u16 = 0x10;

pub(super) struct Socket {
    socket: netlink_sys::Socket,
    port: u32,
    /// The number of the last request.
    sequence: Cell<u32>,
}

impl Socket {
    /// Opens a socket in the calling thread's network namespace.
    pub(super) fn open(protocol: isize) -> Result<Self, NetlinkError> {
        let open = || -> io::Result<(netlink_sys::Socket, u32)> {
            let mut socket = netlink_sys::Socket::new(protocol)?;
            let port = socket.bind_auto()?.port_number();
            socket.connect(&SocketAddr::new(0, 0))?;
            // An error answer need not repeat the whole request.
            socket.set_cap_ack(true)?;
            let seconds = i64::try_from(ANSWER.as_secs()).unwrap_or(i64::MAX);
            setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(seconds, 0))?;
            Ok((socket, port))
        };
        let (socket, port) = open().map_err(NetlinkError::Socket)?;
        Ok(Self { socket, port, sequence: Cell::new(0) })
    }

    /// Returns its number, which what it asks for bears.
    pub(super) fn port(&self) -> u32 {
        self.port
    }

    /// Sends requests in one datagram and gives the kernel's answer to each. It looks at
    /// each whatever became of those before. Their answers must fit into the receive
    /// buffer: a hundred do.
    pub(super) fn change<T>(
        &self,
        requests: Vec<NetlinkMessage<T>>,
    ) -> Vec<Result<(), NetlinkError>>
    where
        T: NetlinkSerializable + NetlinkDeserializable + Debug,
    {
        let mut answers = Answers::to(self.sequence.get().wrapping_add(1), requests.len());
        let sent = self.send(requests, NLM_F_REQUEST | NLM_F_ACK);
        let heard =
            sent.and_then(|()| self.receive(|message: NetlinkMessage<T>| answers.note(message)));
        answers.end(heard)
    }

    /// Sends one request and gives all that the kernel has to tell. A dump during which
    /// something came or went may lack what did not: it is asked for again.
    pub(super) fn ask<T>(
        &self,
        request: NetlinkMessage<T>,
        dump: bool,
    ) -> Result<Vec<T>, NetlinkError>
    where
        T: NetlinkSerializable + NetlinkDeserializable + Debug + Clone,
    {
        for _ in 0..TRIES {
            let (told, whole) = self.ask_once(request.clone(), dump)?;
            if whole {
                return Ok(told);
            }
        }
        Err(NetlinkError::Unexpected("it changes faster than it can be read".to_owned()))
    }

    fn ask_once<T>(
        &self,
        request: NetlinkMessage<T>,
        dump: bool,
    ) -> Result<(Vec<T>, bool), NetlinkError>
    where
        T: NetlinkSerializable + NetlinkDeserializable + Debug,
    {
        self.send(vec![request], NLM_F_REQUEST | if dump { NLM_F_DUMP } else { 0 })?;
        let mut heard = Told::new(self.sequence.get(), dump);
        self.receive(|message| heard.note(message))?;
        heard.result.map(|()| (heard.told, heard.whole))
    }

    fn send<T>(&self, requests: Vec<NetlinkMessage<T>>, flags: u16) -> Result<(), NetlinkError>
    where
        T: NetlinkSerializable,
    {
        let mut datagram = Vec::new();
        for mut request in requests {
            self.sequence.set(self.sequence.get().wrapping_add(1));
            request.header.sequence_number = self.sequence.get();
            request.header.flags |= flags;
            request.finalize();
            let start = datagram.len();
            datagram.resize(start + request.buffer_len().next_multiple_of(4), 0);
            request.serialize(&mut datagram[start..]);
        }
        self.socket.send(&datagram, 0).map(drop).map_err(NetlinkError::Socket)
    }

    /// Hands every message to `note` until it has heard enough.
    fn receive<T>(
        &self,
        mut note: impl FnMut(NetlinkMessage<T>) -> bool,
    ) -> Result<(), NetlinkError>
    where
        T: NetlinkDeserializable,
    {
        let mut datagram = Vec::with_capacity(DATAGRAM);
        loop {
            datagram.clear();
            match self.socket.recv(&mut datagram, 0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(NetlinkError::NoAnswer);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                received => received.map_err(NetlinkError::Socket)?,
            };
            let mut rest = datagram.as_slice();
            while !rest.is_empty() {
                let message = NetlinkMessage::<T>::deserialize(rest)
                    .map_err(|error| NetlinkError::Unexpected(error.to_string()))?;
                let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                if note(message) {
                    return Ok(());
                }
            }
        }
    }
}

/// The kernel's answers to requests with successive numbers.
struct Answers {
    /// The number of the first request.
    first: u32,
    /// `None`: not heard yet.
    heard: Vec<Option<Result<(), NetlinkError>>>,
}

impl Answers {
    fn to(first: u32, requests: usize) -> Self {
        Self { first, heard: (0..requests).map(|_| None).collect() }
    }

    /// Gives whether all are there.
    fn note<T>(&mut self, message: NetlinkMessage<T>) -> bool {
        let at = message.header.sequence_number.wrapping_sub(self.first);
        let place = usize::try_from(at).ok().and_then(|at| self.heard.get_mut(at));
        if let (Some(place), NetlinkPayload::Error(answer)) = (place, message.payload) {
            *place = Some(outcome(answer.raw_code()));
        }
        self.heard.iter().all(Option::is_some)
    }

    /// No more comes. Why, is the answer to the first request that has none: an answer that
    /// was heard stands.
    fn end(self, why: Result<(), NetlinkError>) -> Vec<Result<(), NetlinkError>> {
        let mut why = why.err();
        let answer = |heard: Option<_>| {
            heard.unwrap_or_else(|| Err(why.take().unwrap_or(NetlinkError::NoAnswer)))
        };
        self.heard.into_iter().map(answer).collect()
    }
}

fn outcome(code: i32) -> Result<(), NetlinkError> {
    match code {
        0 => Ok(()),
        code => Err(NetlinkError::Kernel(Errno::from_raw(code.saturating_neg()))),
    }
}

/// What the kernel tells when asked.
struct Told<T> {
    /// The number of the request.
    request: u32,
    dump: bool,
    told: Vec<T>,
    result: Result<(), NetlinkError>,
    /// Nothing came or went while it was told.
    whole: bool,
}

impl<T> Told<T> {
    fn new(request: u32, dump: bool) -> Self {
        Self { request, dump, told: Vec::new(), result: Ok(()), whole: true }
    }

    /// Gives whether that was all.
    fn note(&mut self, message: NetlinkMessage<T>) -> bool {
        if message.header.sequence_number != self.request {
            return false;
        }
        self.whole &= message.header.flags & DUMP_INTR == 0;
        match message.payload {
            NetlinkPayload::InnerMessage(one) => {
                self.told.push(one);
                return !self.dump;
            }
            NetlinkPayload::Error(answer) => self.result = outcome(answer.raw_code()),
            // A dump that broke off ends like a whole one, but for the code
            // (`netlink_dump_done` in net/netlink/af_netlink.c).
            NetlinkPayload::Done(done) => self.result = outcome(done.code.min(0)),
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{DoneMessage, ErrorMessage, NetlinkHeader};
    use netlink_packet_route::RouteNetlinkMessage;
    use netlink_packet_route::link::LinkMessage;

    use super::*;

    fn message(number: u32, payload: Payload) -> NetlinkMessage<RouteNetlinkMessage> {
        let mut header = NetlinkHeader::default();
        header.sequence_number = number;
        NetlinkMessage::new(header, payload)
    }

    type Payload = NetlinkPayload<RouteNetlinkMessage>;

    fn error(errno: i32) -> Payload {
        let mut error = ErrorMessage::default();
        error.code = std::num::NonZeroI32::new(-errno);
        Payload::Error(error)
    }

    #[test]
    fn an_answer_that_was_heard_stands_whatever_comes_after() {
        let mut answers = Answers::to(u32::MAX, 4);
        assert!(!answers.note(message(u32::MAX, error(0))));
        assert!(!answers.note(message(1, error(libc::EEXIST))));
        assert!(!answers.note(message(77, error(0))), "of somebody else's request");
        let lost = io::Error::from_raw_os_error(libc::ENOBUFS);
        let told = answers.end(Err(NetlinkError::Socket(lost)));
        let told: Vec<String> = told.iter().map(|answer| format!("{answer:?}")).collect();
        assert_eq!(told[0], "Ok(())");
        assert!(told[1].starts_with("Err(Socket("), "{told:?}");
        assert_eq!(told[2..], ["Err(Kernel(EEXIST))", "Err(NoAnswer)"]);
    }

    #[test]
    fn a_dump_that_broke_off_is_a_failure_and_not_a_short_dump() {
        let link = || {
            let link = RouteNetlinkMessage::NewLink(LinkMessage::default());
            message(7, NetlinkPayload::InnerMessage(link))
        };
        let done = |code| {
            let mut done = DoneMessage::default();
            done.code = code;
            message(7, NetlinkPayload::Done(done))
        };
        let mut dump = Told::new(7, true);
        assert!(!dump.note(message(6, error(0))) && !dump.note(link()) && dump.note(done(0)));
        assert!(dump.result.is_ok() && dump.whole && dump.told.len() == 1);
        let mut dump = Told::new(7, true);
        assert!(!dump.note(link()) && dump.note(done(-libc::ENOMEM)));
        let result = dump.result;
        assert!(matches!(result, Err(NetlinkError::Kernel(Errno::ENOMEM))), "{result:?}");
        let mut one = Told::new(7, false);
        assert!(one.note(link()) && one.told.len() == 1);
    }
}
