// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of nftables as messages. Needs CAP_NET_ADMIN; asking loads the module.

use std::convert::Infallible;

use netlink_packet_core::{
    NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::protocols::NETLINK_NETFILTER;

use super::socket::Socket;
use super::{Netlink, NetlinkError};

/// `NFNL_SUBSYS_NFTABLES` and `NFT_MSG_GETRULE` of include/uapi/linux/netfilter.
const GET_RULE: u16 = (10 << 8) | 7;

/// `struct nfgenmsg` and attributes.
#[derive(Debug, Clone)]
struct Message(Vec<u8>);

impl Netlink {
    /// Reads every rule of every family, each a `struct nfgenmsg` and attributes.
    ///
    /// # Errors
    /// The kernel's answer; EPERM without CAP_NET_ADMIN.
    pub fn nft_rule_messages() -> Result<Vec<Vec<u8>>, NetlinkError> {
        let all = NetlinkMessage::from(Message(vec![0; 4]));
        let told = Socket::open(NETLINK_NETFILTER)?.ask(all, true)?;
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
        GET_RULE
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
