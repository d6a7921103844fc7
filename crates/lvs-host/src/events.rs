// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the kernel's notices that something changed, and who asked for the change.
//!
//! What a notice says is not believed: it only tells where to look. So a lost one (`ENOBUFS`)
//! costs nothing but the look that it causes itself.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use netlink_packet_core::NlasIterator;
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
/// Types of messages, of which the body begins with `struct ifaddrmsg`.
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const ADDRESS_HEADER: usize = 8;
/// Attributes of include/uapi/linux/if_addr.h: the other end of a link, and this host's.
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// So many are remembered: of more, all is looked at.
const MOST_ASKERS: usize = 16;
/// So many notices of addresses are a few, and no flood.
pub const MOST_ADDRESSES: usize = 64;

/// Hears of changes in the network namespace it was opened in.
#[derive(Debug)]
pub struct Events {
    socket: OwnedFd,
    own: u32,
}

/// Holds what was heard since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Something changed, besides what [`Self::addresses`] names.
    pub changed: bool,
    /// What was said of addresses.
    pub addresses: Vec<AddressNotice>,
    /// Notices were lost: the socket's buffer was full.
    pub lost: bool,
    /// Netlink ports that asked for changes: as a rule the process number of who did.
    pub askers: Vec<u32>,
}

/// Says that an address came, went or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressNotice {
    /// The address.
    pub ip: IpAddr,
    /// The number of its interface.
    pub interface: u32,
    /// It went.
    pub is_gone: bool,
}

impl Events {
    /// Listens to links and addresses, and to routes if they matter; of addresses that were
    /// changed by the netlink port `own` it says nothing.
    ///
    /// # Errors
    /// The system's answer.
    pub fn open(routes: bool, own: u32) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let route = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, route)?;
        let mut groups = LINK | IPV4_ADDRESS | IPV6_ADDRESS | IPV4_NETCONF;
        if routes {
            groups |= IPV4_ROUTE | IPV6_ROUTE;
        }
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self { socket, own })
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
                Ok(size) => heard.note(buffer.get(..size).unwrap_or_default(), self.own),
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

impl Heard {
    fn note(&mut self, mut messages: &[u8], own: u32) {
        while let Some(header) = messages.get(..HEADER) {
            let length = number(header, 0).unwrap_or(0) as usize;
            let [low, high, ..] = number(header, 4).unwrap_or(0).to_ne_bytes();
            let kind = u16::from_ne_bytes([low, high]);
            let port = number(header, 12).unwrap_or(0);
            // Messages begin at multiples of four bytes.
            let length = length.max(HEADER);
            let body = messages.get(HEADER..length).unwrap_or_default();
            match address(kind, body) {
                Some(_) if port == own => {}
                Some(notice) if self.addresses.contains(&notice) => {}
                Some(notice) if self.addresses.len() < MOST_ADDRESSES => {
                    self.addresses.push(notice);
                }
                _ => self.changed = true,
            }
            if port != 0 && !self.askers.contains(&port) && self.askers.len() < MOST_ASKERS {
                self.askers.push(port);
            }
            messages = messages.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

/// What a notice says of an address of this host; `None` if it is about anything else.
fn address(kind: u16, body: &[u8]) -> Option<AddressNotice> {
    let is_gone = match kind {
        RTM_NEWADDR => false,
        RTM_DELADDR => true,
        _ => return None,
    };
    let interface = number(body, 4)?;
    let (mut local, mut plain) = (None, None);
    for attribute in NlasIterator::new(body.get(ADDRESS_HEADER..)?) {
        let attribute = attribute.ok()?;
        match attribute.kind() {
            IFA_LOCAL => local = ip(attribute.value()),
            IFA_ADDRESS => plain = ip(attribute.value()),
            _ => {}
        }
    }
    Some(AddressNotice { ip: local.or(plain)?, interface, is_gone })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 77;

    fn heard(bytes: &[u8]) -> Heard {
        let mut heard = Heard::default();
        heard.note(bytes, OWN);
        heard
    }

    fn message(length: u32, kind: u16, port: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 6]);
        bytes.extend(port.to_ne_bytes());
        bytes.extend(body);
        bytes.resize((length as usize).next_multiple_of(4).max(HEADER), 0);
        bytes
    }

    #[test]
    fn finds_who_asked_in_any_bytes() {
        let link = |length, port| message(length, 16, port, &[]);
        let all = [link(18, 7), link(16, 0), link(40, 9), link(16, 7)].concat();
        let found = heard(&all);
        assert_eq!((found.askers, found.changed), (vec![7, 9], true));
        let huge = [u32::MAX.to_ne_bytes(), [0; 4], [0; 4], 5u32.to_ne_bytes()].concat();
        for bytes in [&[][..], &[1; 15], &[0; 64], &[20; 64], &huge] {
            assert_eq!(heard(bytes).changed, bytes.len() >= HEADER, "{bytes:?}");
        }
    }

    /// Of 10.9.0.N on a link to 10.9.9.9, which has the number 3.
    fn of_address(kind: u16, port: u32, n: u8) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(3u32.to_ne_bytes());
        for (attribute, ip) in [(IFA_ADDRESS, [10, 9, 9, 9]), (IFA_LOCAL, [10, 9, 0, n])] {
            body.extend(8u16.to_ne_bytes());
            body.extend(attribute.to_ne_bytes());
            body.extend(ip);
        }
        message(40, kind, port, &body)
    }

    #[test]
    fn names_addresses_unless_they_are_too_many_or_changed_by_its_own_port() {
        let notice = |n: u8, is_gone| AddressNotice {
            ip: IpAddr::from([10, 9, 0, n]),
            interface: 3,
            is_gone,
        };
        let some = [(RTM_DELADDR, 5, 1), (RTM_NEWADDR, 0, 2), (RTM_DELADDR, 6, 1)];
        let some = some.map(|(kind, port, n)| of_address(kind, port, n)).concat();
        let found = heard(&some);
        let expected = vec![notice(1, true), notice(2, false)];
        assert_eq!((found.addresses, found.changed), (expected, false));
        assert_eq!(heard(&of_address(RTM_NEWADDR, OWN, 1)).addresses, []);
        // One that cannot be understood, and what is no address, are about anything.
        let cut = &of_address(RTM_DELADDR, 5, 1)[..HEADER + ADDRESS_HEADER + 2];
        for other in [cut, &message(40, 16, OWN, &[])] {
            let found = heard(other);
            assert_eq!((found.addresses.as_slice(), found.changed), (&[][..], true));
        }
        let many: Vec<u8> = (0..=64).flat_map(|n| of_address(RTM_DELADDR, 5, n)).collect();
        let found = heard(&many);
        assert_eq!((found.addresses.len(), found.changed), (64, true));
    }
}
