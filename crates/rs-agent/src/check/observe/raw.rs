// SPDX-License-Identifier: MIT OR Apache-2.0
//! As much netlink as two small questions need (sock_diag and `fou`): bytes there, bytes back.

use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// `struct nlmsghdr`.
const HEADER: usize = 16;
const REQUEST: u16 = 1;
pub(super) const DUMP: u16 = 0x300;
const MULTI: u16 = 2;
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// Asks one question and returns the bodies of the answers.
///
/// # Errors
/// The kernel's answer; EAGAIN if none came.
pub(super) fn ask(
    protocol: SockProtocol,
    kind: u16,
    flags: u16,
    body: &[u8],
) -> Result<Vec<Vec<u8>>, Errno> {
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(10))?;
    let length = u32::try_from(HEADER + body.len()).map_err(|_| Errno::EMSGSIZE)?;
    let mut question = length.to_ne_bytes().to_vec();
    question.extend(kind.to_ne_bytes());
    question.extend((REQUEST | flags).to_ne_bytes());
    question.extend([0; 8]); // sequence and port: one question per socket
    question.extend(body);
    send(socket.as_raw_fd(), &question, MsgFlags::empty())?;
    let mut answers = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while let Some((kind, flags, body, next)) = message(rest) {
            match kind {
                DONE => return Ok(answers),
                ERROR => {
                    let code = i32_at(body, 0).unwrap_or_default();
                    let errno = Errno::from_raw(code.saturating_neg());
                    return if code == 0 { Ok(answers) } else { Err(errno) };
                }
                _ => answers.push(body.to_vec()),
            }
            if flags & MULTI == 0 {
                return Ok(answers);
            }
            rest = next;
        }
    }
}

/// The first message: type, flags, body, and what follows.
fn message(bytes: &[u8]) -> Option<(u16, u16, &[u8], &[u8])> {
    let length = usize::try_from(i32_at(bytes, 0)?).ok().filter(|length| *length >= HEADER)?;
    let body = bytes.get(HEADER..length)?;
    let next = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((u16_at(bytes, 4)?, u16_at(bytes, 6)?, body, next))
}

/// The attributes in `bytes`: number and content. Ends where they make no sense.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let content = bytes.get(4..length)?;
        let number = u16_at(bytes, 2)? & 0x3fff;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((number, content))
    })
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_end_where_they_make_no_sense() {
        let good = [5, 0, 1, 0, 7, 0, 0, 0, 4, 0, 2, 0x80];
        let found: Vec<_> = attributes(&good).collect();
        assert_eq!(found, [(1, &[7][..]), (2, &[][..])]);
        for bad in [&[][..], &[3, 0, 1, 0], &[9, 0, 1, 0, 1], &[0, 0, 0, 0], &[4]] {
            assert_eq!(attributes(bad).count(), 0, "{bad:?}");
        }
    }
}
