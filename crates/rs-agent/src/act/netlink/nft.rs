// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chains and rules of nftables as messages. Needs CAP_NET_ADMIN; asking loads the module.

use std::convert::Infallible;

use netlink_packet_core::{
    NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::protocols::NETLINK_NETFILTER;

use super::socket::Socket;
use super::{Netlink, NetlinkError};

/// `NFNL_SUBSYS_NFTABLES` with `NFT_MSG_GETCHAIN` or `NFT_MSG_GETRULE` of
/// include/uapi/linux/netfilter.
const GET_CHAIN: u16 = (10 << 8) | 4;
const GET_RULE: u16 = (10 << 8) | 7;

/// Its type; `struct nfgenmsg` and attributes.
#[derive(Debug, Clone)]
struct Message(u16, Vec<u8>);

impl Netlink {
    /// Reads every chain of every family, each a `struct nfgenmsg` and attributes.
    ///
    /// # Errors
    /// The kernel's answer; EPERM without CAP_NET_ADMIN.
    pub fn nft_chain_messages() -> Result<Vec<Vec<u8>>, NetlinkError> {
        dump(GET_CHAIN)
    }

    /// Reads every rule of every family, each a `struct nfgenmsg` and attributes.
    ///
    /// # Errors
    /// The kernel's answer; EPERM without CAP_NET_ADMIN.
    pub fn nft_rule_messages() -> Result<Vec<Vec<u8>>, NetlinkError> {
        dump(GET_RULE)
    }
}

fn dump(kind: u16) -> Result<Vec<Vec<u8>>, NetlinkError> {
    let all = NetlinkMessage::from(Message(kind, vec![0; 4]));
    let told = Socket::open(NETLINK_NETFILTER)?.ask(all, true)?;
    Ok(told.into_iter().map(|Message(_, body)| body).collect())
}

impl From<Message> for NetlinkPayload<Message> {
    fn from(message: Message) -> Self {
        Self::InnerMessage(message)
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        self.0
    }

    fn buffer_len(&self) -> usize {
        self.1.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.1);
    }
}

impl NetlinkDeserializable for Message {
    type Error = Infallible;

    fn deserialize(header: &NetlinkHeader, body: &[u8]) -> Result<Self, Infallible> {
        Ok(Self(header.message_type, body.to_vec()))
    }
}
