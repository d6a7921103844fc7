// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the chains and rules of nftables as messages. Needs CAP_NET_ADMIN; asking loads the
//! module.

use netlink_sys::protocols::NETLINK_NETFILTER;

use super::raw::Raw;
use super::socket::Socket;
use super::{Netlink, NetlinkError};

/// `NFNL_SUBSYS_NFTABLES` with `NFT_MSG_GETCHAIN` or `NFT_MSG_GETRULE` of
/// include/uapi/linux/netfilter.
const GET_CHAIN: u16 = (10 << 8) | 4;
const GET_RULE: u16 = (10 << 8) | 7;

impl Netlink {
    /// Reads every chain of every family, each a `struct nfgenmsg` and attributes.
    pub(crate) fn nft_chain_messages() -> Result<Vec<Vec<u8>>, NetlinkError> {
        dump(GET_CHAIN)
    }

    /// Reads every rule of every family, each a `struct nfgenmsg` and attributes.
    pub(crate) fn nft_rule_messages() -> Result<Vec<Vec<u8>>, NetlinkError> {
        dump(GET_RULE)
    }
}

fn dump(kind: u16) -> Result<Vec<Vec<u8>>, NetlinkError> {
    // A `struct nfgenmsg`, of all families.
    let told = Socket::open(NETLINK_NETFILTER)?.ask(Raw::ask(kind, vec![0; 4]), true)?;
    Ok(told.into_iter().map(|message: Raw| message.body).collect())
}
