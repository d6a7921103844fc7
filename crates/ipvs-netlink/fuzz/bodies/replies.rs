// SPDX-License-Identifier: MIT OR Apache-2.0

//! Any bytes as the kernel's answers: a client must come to an end with
//! something, whatever it hears.
//!
//! The first byte chooses what is asked; then come records, one for each time
//! the client listens: a byte for what happens, and for a datagram its length
//! (two bytes, little-endian) and its bytes.

use std::collections::HashSet;
use std::hash::Hash;
use std::io;
use std::net::Ipv4Addr;

use ipvs_netlink::{
    Change, Client, Destination, DestinationKey, Error, ForwardingMethod, Scheduler, Service,
    ServiceKey, SetTimeouts, SyncRole, Transport,
};

/// What a record's first byte stands for; any other is a datagram.
const NOTHING: u8 = 0xf0;
const NO_BUFFERS: u8 = 0xf1;
const BROKEN: u8 = 0xf2;
const TOO_LONG: u8 = 0xf3;

/// More calls than any answers can justify.
const PATIENCE: usize = 5_000;

pub(crate) fn run(data: &[u8]) {
    let Some((&first, script)) = data.split_first() else { return };
    let mut client = Client::with_transport(Script::new(script)).expect("it is looked up");
    // The second question meets what the first one left unread.
    ask(&mut client, first);
    ask(&mut client, first.wrapping_add(1));
}

fn ask(client: &mut Client<Script<'_>>, question: u8) {
    let web = ServiceKey::tcp(Ipv4Addr::new(192, 0, 2, 10), 80);
    let server = DestinationKey::new(Ipv4Addr::new(198, 51, 100, 11), 80);
    let add = Change::AddService(Service::new(web, Scheduler::Wrr));
    let add_server = Change::AddDestination {
        service: web,
        destination: Destination::new(server, ForwardingMethod::Masquerade),
    };
    match question % 12 {
        0 => look(client.services(), |all| once_each(all.iter().map(|entry| entry.service.key))),
        1 => look(client.destinations(&web), |all| {
            once_each(all.iter().map(|entry| entry.destination.key));
        }),
        2 => look(client.timeouts(), |_| {}),
        3 => look(client.daemons(), |_| {}),
        4 => look(client.info(), |info| _ = info.version.to_string()),
        5 => look(client.service(&web), |_| {}),
        6 => look(client.apply(add), |()| {}),
        7 => look(client.apply(add_server), |()| {}),
        8 => look(client.apply(Change::StopDaemon(SyncRole::Master)), |()| {}),
        9 => look(client.apply(Change::SetTimeouts(SetTimeouts::default())), |()| {}),
        10 => look(client.edit_service(&web, |service| service.one_packet = true), |_| {}),
        _ => match client.batch([add, add_server, Change::Flush]) {
            Ok(report) => {
                assert_eq!(report.submitted, 3);
                assert_eq!(report.applied + report.failures.len(), report.submitted);
                once_each(report.failures.iter().map(|failure| failure.index));
            }
            Err(error) => {
                assert!(error.unknown.end <= 3);
                _ = error.to_string();
            }
        },
    }
}

/// Whatever came can be shown.
fn look<V: std::fmt::Debug>(outcome: Result<V, Error>, check: impl FnOnce(&V)) {
    match outcome {
        Ok(value) => {
            check(&value);
            _ = format!("{value:?}");
        }
        Err(error) => _ = (error.to_string(), error.hints(), error.kind()),
    }
}

fn once_each<K: Eq + Hash>(keys: impl Iterator<Item = K>) {
    let mut seen = HashSet::new();
    for key in keys {
        assert!(seen.insert(key), "something is listed twice");
    }
}

/// Says what is written, then nothing any more.
struct Script<'a> {
    rest: &'a [u8],
    /// The sequence numbers of the last send.
    asked: Vec<u32>,
    looked_up: bool,
    calls: usize,
}

impl<'a> Script<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, asked: Vec::new(), looked_up: false, calls: 0 }
    }

    fn count(&mut self) {
        self.calls += 1;
        assert!(self.calls <= PATIENCE, "the client asks without end");
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Makes about half of the messages answers to what was asked: those whose
    /// sequence number is even.
    fn renumber(&self, datagram: &mut [u8]) {
        let mut rest = datagram;
        while rest.len() >= 16 && !self.asked.is_empty() {
            if rest[8] % 2 == 0 {
                let asked = self.asked[usize::from(rest[9]) % self.asked.len()];
                rest[8..12].copy_from_slice(&asked.to_ne_bytes());
            }
            let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]);
            let step = usize::try_from(length.max(16)).unwrap_or(usize::MAX);
            let step = step.checked_next_multiple_of(4).unwrap_or(usize::MAX);
            rest = rest.get_mut(step..).unwrap_or_default();
        }
    }
}

impl Transport for Script<'_> {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.count();
        self.asked.clear();
        let mut rest = datagram;
        while rest.len() >= 16 {
            self.asked.push(u32::from_ne_bytes([rest[8], rest[9], rest[10], rest[11]]));
            let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]);
            rest = rest.get(usize::try_from(length).unwrap_or(usize::MAX)..).unwrap_or_default();
        }
        assert!(rest.is_empty(), "a request is cut");
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.count();
        // The first look-up is answered in any case; later ones as written.
        if !std::mem::replace(&mut self.looked_up, true) {
            let answer = family(self.asked[0]);
            buffer[..answer.len()].copy_from_slice(&answer);
            return Ok(answer.len());
        }
        match self.take(1) {
            [] | [NOTHING] => Err(io::ErrorKind::WouldBlock.into()),
            // ENOBUFS of Linux, wherever this runs.
            [NO_BUFFERS] => Err(io::Error::from_raw_os_error(105)),
            [BROKEN] => Err(io::ErrorKind::ConnectionReset.into()),
            [TOO_LONG] => Ok(buffer.len() + 1),
            _ => {
                let length = match self.take(2) {
                    [low, high] => usize::from(u16::from_le_bytes([*low, *high])),
                    _ => 0,
                };
                let mut datagram = self.take(length).to_vec();
                self.renumber(&mut datagram);
                buffer[..datagram.len()].copy_from_slice(&datagram);
                Ok(datagram.len())
            }
        }
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer)
    }
}

/// A family's id and an acknowledgement, in one datagram.
fn family(sequence: u32) -> Vec<u8> {
    const CTRL: u16 = 16;
    const ERROR: u16 = 2;
    const NEWFAMILY: [u8; 4] = [1, 2, 0, 0];
    const FAMILY_ID: [u8; 8] = [6, 0, 1, 0, 30, 0, 0, 0];
    let mut bytes = Vec::new();
    for (kind, body) in [(CTRL, [&NEWFAMILY[..], &FAMILY_ID].concat()), (ERROR, vec![0; 20])] {
        let length = u32::try_from(16 + body.len()).unwrap_or(0);
        bytes.extend(length.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 2]);
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
    }
    // The attribute is of a little-endian machine.
    if cfg!(target_endian = "big") {
        bytes[20..26].copy_from_slice(&[0, 6, 0, 1, 0, 30]);
    }
    bytes
}
