// SPDX-License-Identifier: MIT OR Apache-2.0
//! sock_diag(7): the sockets of a network namespace. Needs no privilege.

use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::raw::Raw;
use super::socket::Socket;
use super::{Netlink, NetlinkError};

/// `SOCK_DIAG_BY_FAMILY` of include/uapi/linux/sock_diag.h.
const BY_FAMILY: u16 = 20;

impl Netlink {
    /// Every socket that `question` (`struct inet_diag_req_v2`) selects, each a
    /// `struct inet_diag_msg` and attributes.
    ///
    /// # Errors
    /// The kernel's answer; ENOENT if it has no such module.
    pub fn socket_messages(question: Vec<u8>) -> Result<Vec<Vec<u8>>, NetlinkError> {
        let told = Socket::open(NETLINK_SOCK_DIAG)?.ask(Raw::ask(BY_FAMILY, question), true)?;
        Ok(told.into_iter().map(|message| message.body).collect())
    }
}
