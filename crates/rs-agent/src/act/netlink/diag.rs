// SPDX-License-Identifier: MIT OR Apache-2.0
//! sock_diag(7): the sockets of a network namespace. Needs no privilege.

use std::convert::Infallible;

use netlink_packet_core::{
    NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::socket::Socket;
use super::{Netlink, NetlinkError};

/// `SOCK_DIAG_BY_FAMILY` of include/uapi/linux/sock_diag.h.
const BY_FAMILY: u16 = 20;

/// The body of a question or an answer.
#[derive(Debug, Clone)]
struct Message(Vec<u8>);

impl Netlink {
    /// Every socket that `question` (`struct inet_diag_req_v2`) selects, each a
    /// `struct inet_diag_msg` and attributes.
    ///
    /// # Errors
    /// The kernel's answer; ENOENT if it has no such module.
    pub fn socket_messages(question: Vec<u8>) -> Result<Vec<Vec<u8>>, NetlinkError> {
        let question = NetlinkMessage::from(Message(question));
        let told = Socket::open(NETLINK_SOCK_DIAG)?.ask(question, true)?;
        Ok(told.into_iter().map(|Message(body)| body).collect())
    }
}

impl From<Message> for NetlinkPayload<Message> {
    fn from(message: Message) -> Self {
        Self::InnerMessage(message)
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        BY_FAMILY
    }

    fn buffer_len(&self) -> usize {
        self.0.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

impl NetlinkDeserializable for Message {
    type Error = Infallible;

    fn deserialize(_: &NetlinkHeader, body: &[u8]) -> Result<Self, Infallible> {
        Ok(Self(body.to_vec()))
    }
}
