// SPDX-License-Identifier: MIT OR Apache-2.0

//! A transport that plays recorded answers and notes what it is asked. It knows
//! nothing of what a kernel would do: what is not on the tape is an error.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use ipvs_netlink::Transport;
use ipvs_netlink::message::{Attribute, IpvsMessage};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;

use super::recording::{Exchange, messages};

pub(crate) struct Tape {
    exchanges: Vec<Exchange>,
    waiting: VecDeque<Vec<u8>>,
    /// The messages that were sent.
    pub(crate) sent: Vec<Vec<u8>>,
}

impl Tape {
    pub(crate) fn new(exchanges: Vec<Exchange>) -> Self {
        Self { exchanges, waiting: VecDeque::new(), sent: Vec::new() }
    }

    /// What answers `request`: the same question if it is there, else the only
    /// one of that command.
    fn find(&self, request: &[u8]) -> Option<&Exchange> {
        let alike = || self.exchanges.iter().filter(|other| kind(&other.request) == kind(request));
        let same = |exchange: &&Exchange| match (parse(request), parse(&exchange.request)) {
            (Some(ours), Some(theirs)) => facts(&ours).is_subset(&facts(&theirs)),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        alike().find(same).or_else(|| alike().next().filter(|_| alike().count() == 1))
    }
}

impl Transport for Tape {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        for message in messages(datagram) {
            self.sent.push(message.to_vec());
            let exchange =
                self.find(message).ok_or_else(|| io::Error::other("not on the tape"))?.clone();
            for mut answer in exchange.answers {
                renumber(&mut answer, &message[8..12]);
                self.waiting.push_back(answer);
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = self.waiting.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Ok(datagram.len())
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer)
    }
}

/// Family, command and whether it asks for a dump.
fn kind(message: &[u8]) -> ([u8; 2], u8, u8) {
    ([message[4], message[5]], message[16], message[7] & 3)
}

/// Gives each message of a datagram that sequence number: the only thing about
/// an answer that the tape changes.
fn renumber(datagram: &mut [u8], sequence: &[u8]) {
    let mut at = 0;
    for length in messages(datagram).iter().map(|message| message.len()).collect::<Vec<_>>() {
        datagram[at + 8..at + 12].copy_from_slice(sequence);
        at += length.next_multiple_of(4);
    }
}

/// A message of IPVS; none if it is one of netlink's own or of the controller's.
pub(crate) fn parse(bytes: &[u8]) -> Option<IpvsMessage> {
    const GENL_ID_CTRL: u16 = 16;
    let message = NetlinkMessage::<GenlMessage<IpvsMessage>>::deserialize(bytes).unwrap();
    match message.payload {
        NetlinkPayload::InnerMessage(genl) if message.header.message_type != GENL_ID_CTRL => {
            Some(genl.payload)
        }
        _ => None,
    }
}

/// Each attribute by itself, in words and in no order.
pub(crate) fn facts(message: &IpvsMessage) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for attribute in &message.attributes {
        match attribute {
            Attribute::Service(inner) => {
                facts.extend(inner.iter().map(|fact| format!("service {fact:?}")));
            }
            Attribute::Destination(inner) => {
                facts.extend(inner.iter().map(|fact| format!("server {fact:?}")));
            }
            Attribute::Daemon(inner) => {
                facts.extend(inner.iter().map(|fact| format!("daemon {fact:?}")));
            }
            other => _ = facts.insert(format!("{other:?}")),
        }
    }
    facts.extend(message.info.iter().map(|fact| format!("info {fact:?}")));
    facts
}
