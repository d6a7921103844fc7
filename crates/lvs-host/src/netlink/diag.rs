// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asks sock_diag(7): the sockets of a network namespace. Needs no privilege.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::NlasIterator;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::decode::Names;
use super::raw::Raw;
use super::socket::Socket;
use super::{Netlink, NetlinkError};
use crate::link::Link;
use crate::socket::{Listener, Transport};

/// `SOCK_DIAG_BY_FAMILY` of include/uapi/linux/sock_diag.h.
const BY_FAMILY: u16 = 20;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// Bits by state number of include/net/tcp_states.h; a UDP socket without a peer is in CLOSE.
const LISTEN: u32 = 1 << 10;
const CLOSE: u32 = 1 << 7;
/// `INET_DIAG_SKV6ONLY` of include/uapi/linux/inet_diag.h.
const V6ONLY: u16 = 11;
/// `INET_DIAG_SOCKOPT`, on Linux 5.10 and later; its first byte has a bit for IP_TRANSPARENT.
const OPTIONS: u16 = 22;
const TRANSPARENT: u8 = if cfg!(target_endian = "little") { 1 << 5 } else { 1 << 2 };
/// `struct inet_diag_msg`.
const ANSWER: usize = 72;

impl Netlink {
    /// Reads the sockets of TCP or UDP that wait for clients.
    ///
    /// # Errors
    /// The kernel's answer; ENOENT if it has no such module.
    pub fn listeners(transport: Transport, links: &[Link]) -> Result<Vec<Listener>, NetlinkError> {
        let names = Names::of(links);
        let mut found = Vec::new();
        let states = match transport {
            Transport::Tcp => LISTEN,
            Transport::Udp => CLOSE,
        };
        for family in [AF_INET, AF_INET6] {
            // `struct inet_diag_req_v2`, of which only the first fields select.
            let mut question = vec![family, transport.number(), 0, 0];
            question.extend(states.to_ne_bytes());
            question.extend([0; 48]);
            let question = Raw::ask(BY_FAMILY, question);
            let answers = Socket::open(NETLINK_SOCK_DIAG)?.ask(question, true)?;
            found.extend(answers.iter().filter_map(|it| listener(&it.body, transport, &names)));
        }
        Ok(found)
    }
}

fn listener(answer: &[u8], transport: Transport, names: &Names<'_>) -> Option<Listener> {
    let port = u16::from_be_bytes(*answer.get(4..)?.first_chunk()?);
    let source = answer.get(8..)?;
    let ip = match *answer.first()? {
        AF_INET => IpAddr::from(Ipv4Addr::from(*source.first_chunk::<4>()?)),
        AF_INET6 => IpAddr::from(Ipv6Addr::from(*source.first_chunk::<16>()?)),
        _ => return None,
    };
    let device = match u32::from_ne_bytes(*answer.get(40..)?.first_chunk()?) {
        0 => None,
        index => Some(names.get(index).unwrap_or_else(|| format!("interface {index}"))),
    };
    let (mut v6only, mut transparent) = (false, false);
    for attribute in NlasIterator::new(answer.get(ANSWER..)?).map_while(Result::ok) {
        let first = attribute.value().first().copied().unwrap_or_default();
        match attribute.kind() {
            V6ONLY => v6only = first != 0,
            OPTIONS => transparent = first & TRANSPARENT != 0,
            _ => {}
        }
    }
    Some(Listener { transport, ip, port, v6only, device, transparent })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: Transport = Transport::Tcp;

    #[test]
    fn a_socket_and_what_is_none() {
        let mut answer = vec![0; ANSWER];
        (answer[0], answer[4], answer[5], answer[8]) = (AF_INET6, 0, 80, 0x20);
        let ip = IpAddr::from([0x2000, 0, 0, 0, 0, 0, 0, 0]);
        let links = [Link { index: 7, name: "vrf1".to_owned(), ..Link::default() }];
        let names = Names::of(&links);
        let found = |v6only| {
            let (device, transparent) = (None, false);
            Some(Listener { transport: TCP, ip, port: 80, v6only, device, transparent })
        };
        assert_eq!(listener(&answer, TCP, &names), found(false));
        answer[40..44].copy_from_slice(&7_u32.to_ne_bytes());
        assert_eq!(listener(&answer, TCP, &names).unwrap().device.as_deref(), Some("vrf1"));
        answer[40..44].copy_from_slice(&8_u32.to_ne_bytes());
        let unknown = listener(&answer, TCP, &names).unwrap().device;
        assert_eq!(unknown.as_deref(), Some("interface 8"));
        answer[40..44].fill(0);
        let mut with = |attribute: &[u8]| {
            answer.truncate(ANSWER);
            answer.extend(attribute);
            listener(&answer, TCP, &names)
        };
        let transparent = [TRANSPARENT, 0];
        let options = [&[6, 0, 22, 0][..], &transparent, &[0, 0]].concat();
        assert!(with(&options).unwrap().transparent);
        assert_eq!(with(&[5, 0, 11, 0, 1, 0, 0, 0]), found(true));
        for other in
            [[5, 0, 11, 0, 0, 0, 0, 0], [5, 0, 12, 0, 1, 0, 0, 0], [9, 0, 11, 0, 1, 0, 0, 0]]
        {
            assert_eq!(with(&other), found(false), "{other:?}");
        }
        for short in [0, 1, 8, 20, ANSWER - 1] {
            assert_eq!(listener(&answer[..short], TCP, &names), None, "{short}");
        }
    }
}
