// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the kernel's notices that something changed, and who asked for the change.
//!
//! What a notice says is not believed: it only makes us look. So a lost one (`ENOBUFS`)
//! costs nothing but the look that it causes itself.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};

/// Groups of include/uapi/linux/rtnetlink.h, as bits.
const LINK: u32 = 1 << 0;
const IPV4_ADDRESS: u32 = 1 << 4;
const IPV4_ROUTE: u32 = 1 << 6;
const IPV6_ADDRESS: u32 = 1 << 8;
const IPV6_ROUTE: u32 = 1 << 10;
/// `RTNLGRP_IPV4_NETCONF`: says when `rp_filter` or `forwarding` is written; of the `arp_*`
/// settings the kernel says nothing (net/ipv4/devinet.c, `devinet_conf_proc`).
const IPV4_NETCONF: u32 = 1 << 23;

/// `struct nlmsghdr` has 16 bytes: length, type, flags, sequence, port.
const HEADER: usize = 16;

/// Hears of changes in the network namespace it was opened in.
#[derive(Debug)]
pub struct Events {
    socket: OwnedFd,
}

/// Holds what was heard since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Something changed.
    pub changed: bool,
    /// Notices were lost: the socket's buffer was full.
    pub lost: bool,
    /// Netlink ports that asked for changes: as a rule the process number of who did.
    pub askers: Vec<u32>,
}

impl Events {
    /// Listens to links and addresses, and to routes if they matter.
    ///
    /// # Errors
    /// The system's answer.
    pub fn open(routes: bool) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let route = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, route)?;
        let mut groups = LINK | IPV4_ADDRESS | IPV6_ADDRESS | IPV4_NETCONF;
        if routes {
            groups |= IPV4_ROUTE | IPV6_ROUTE;
        }
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self { socket })
    }

    /// Takes all there is, without waiting.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn drain(&self) -> io::Result<Heard> {
        let mut heard = Heard::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(size) => {
                    heard.changed = true;
                    askers(buffer.get(..size).unwrap_or_default(), &mut heard.askers);
                }
                Err(Errno::EAGAIN) => return Ok(heard),
                Err(Errno::EINTR) => {}
                Err(Errno::ENOBUFS) => {
                    heard.changed = true;
                    heard.lost = true;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn askers(mut messages: &[u8], found: &mut Vec<u32>) {
    while let Some(header) = messages.first_chunk::<HEADER>() {
        let number = |at: usize| {
            header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
        };
        let (length, port) = (number(0) as usize, number(12));
        if port != 0 && !found.contains(&port) && found.len() < 16 {
            found.push(port);
        }
        // Messages begin at multiples of four bytes.
        match messages.get(length.max(HEADER).next_multiple_of(4)..) {
            Some(rest) => messages = rest,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_who_asked_in_any_bytes() {
        let message = |length: u32, port: u32| {
            let mut bytes = length.to_ne_bytes().to_vec();
            bytes.extend([0; 8]);
            bytes.extend(port.to_ne_bytes());
            bytes.resize((length as usize).next_multiple_of(4).max(HEADER), 0);
            bytes
        };
        let all = [message(18, 7), message(16, 0), message(40, 9), message(16, 7)].concat();
        let mut found = Vec::new();
        askers(&all, &mut found);
        assert_eq!(found, [7, 9]);
        let huge = [u32::MAX.to_ne_bytes(), [0; 4], [0; 4], 5u32.to_ne_bytes()].concat();
        for bytes in [&[][..], &[1; 15], &[0; 64], &huge] {
            askers(bytes, &mut Vec::new());
        }
    }
}
