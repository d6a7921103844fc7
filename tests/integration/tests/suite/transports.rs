// SPDX-License-Identifier: MIT OR Apache-2.0

//! The real transport, with something done to what passes.

use std::io;

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
}
