// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets that wait for clients, by sock_diag(7). Needs no privilege.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::NlasIterator;

use super::super::seen::Listener;
use crate::act::netlink::{Netlink, NetlinkError};

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
pub(super) fn listeners() -> Result<Vec<Listener>, NetlinkError> {
    let mut found = Vec::new();
    for (protocol, states) in [(TCP, LISTEN), (UDP, CLOSE)] {
        for family in [AF_INET, AF_INET6] {
            // `struct inet_diag_req_v2`, of which only the first fields select.
            let mut question = vec![family, protocol, 0, 0];
            question.extend(states.to_ne_bytes());
            question.extend([0; 48]);
            let answers = Netlink::socket_messages(question)?;
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
    let v6only = NlasIterator::new(answer.get(ANSWER..)?).map_while(Result::ok).any(|attribute| {
        attribute.kind() == V6ONLY && attribute.value().first().is_some_and(|on| *on != 0)
    });
    Some(Listener { tcp, ip, port, v6only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_and_what_is_none() {
        let mut answer = vec![0; ANSWER];
        (answer[0], answer[4], answer[5], answer[8]) = (AF_INET6, 0, 80, 0x20);
        let ip = IpAddr::from([0x2000, 0, 0, 0, 0, 0, 0, 0]);
        let found = |v6only| Some(Listener { tcp: true, ip, port: 80, v6only });
        assert_eq!(listener(&answer, true), found(false));
        let mut with = |attribute: &[u8]| {
            answer.truncate(ANSWER);
            answer.extend(attribute);
            listener(&answer, true)
        };
        assert_eq!(with(&[5, 0, 11, 0, 1, 0, 0, 0]), found(true));
        for other in
            [[5, 0, 11, 0, 0, 0, 0, 0], [5, 0, 12, 0, 1, 0, 0, 0], [9, 0, 11, 0, 1, 0, 0, 0]]
        {
            assert_eq!(with(&other), found(false), "{other:?}");
        }
        for short in [0, 1, 8, 20, ANSWER - 1] {
            assert_eq!(listener(&answer[..short], true), None, "{short}");
        }
    }
}
