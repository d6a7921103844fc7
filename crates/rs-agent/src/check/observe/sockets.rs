// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets that wait for clients, by sock_diag(7). Needs no privilege.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::errno::Errno;
use nix::sys::socket::SockProtocol;

use super::super::seen::Listener;
use super::raw::{DUMP, ask, attributes};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Bits by state number of include/net/tcp_states.h; a UDP socket without a peer is in CLOSE.
const LISTEN: u32 = 1 << 10;
const CLOSE: u32 = 1 << 7;
/// `INET_DIAG_SKV6ONLY` of include/uapi/linux/inet_diag.h.
const V6ONLY: u16 = 11;
/// `struct inet_diag_msg`.
const ANSWER: usize = 72;

/// # Errors
/// The kernel's answer; ENOENT if it has no such module.
pub(super) fn listeners() -> Result<Vec<Listener>, Errno> {
    let mut found = Vec::new();
    for (protocol, states) in [(TCP, LISTEN), (UDP, CLOSE)] {
        for family in [AF_INET, AF_INET6] {
            // `struct inet_diag_req_v2`, of which only the first fields select.
            let mut question = vec![family, protocol, 0, 0];
            question.extend(states.to_ne_bytes());
            question.extend([0; 48]);
            let answers = ask(SockProtocol::NetlinkSockDiag, SOCK_DIAG_BY_FAMILY, DUMP, &question)?;
            found.extend(answers.iter().filter_map(|answer| listener(answer, protocol == TCP)));
        }
    }
    Ok(found)
}

fn listener(answer: &[u8], tcp: bool) -> Option<Listener> {
    let port = u16::from_be_bytes(*answer.get(4..)?.first_chunk()?);
    let source = answer.get(8..)?;
    let ip = match *answer.first()? {
        AF_INET => IpAddr::from(Ipv4Addr::from(*source.first_chunk::<4>()?)),
        AF_INET6 => IpAddr::from(Ipv6Addr::from(*source.first_chunk::<16>()?)),
        _ => return None,
    };
    let v6only = attributes(answer.get(ANSWER..)?)
        .any(|(number, content)| number == V6ONLY && content.first().is_some_and(|on| *on != 0));
    Some(Listener { tcp, ip, port, v6only })
}
