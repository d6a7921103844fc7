// SPDX-License-Identifier: MIT OR Apache-2.0
//! UDP ports with an envelope, by the generic netlink family `fou`. Only adding and
//! deleting needs a privilege.

use nix::errno::Errno;
use nix::sys::socket::SockProtocol;

use super::super::seen::FouPort;
use super::raw::{DUMP, ask, attributes, u16_at};

/// `GENL_ID_CTRL`, `CTRL_CMD_GETFAMILY`, `CTRL_ATTR_FAMILY_ID` and `_NAME`.
const CONTROL: u16 = 0x10;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
/// `FOU_CMD_GET` and attributes of include/uapi/linux/fou.h.
const GET: u8 = 3;
const PORT: u16 = 1;
const AF: u16 = 2;
const TYPE: u16 = 4;
const GUE: u8 = 2;
const AF_INET6: u8 = 10;
/// `struct genlmsghdr`.
const HEADER: usize = 4;

/// # Errors
/// The kernel's answer. A kernel without `fou` has no port.
pub(super) fn ports() -> Result<Vec<FouPort>, Errno> {
    // Length 8 and number 2, then the name with its end.
    let question = [GET_FAMILY, 1, 0, 0, 8, 0, 2, 0, b'f', b'o', b'u', 0];
    let mut question = question.to_vec();
    question[4..6].copy_from_slice(&8u16.to_ne_bytes());
    question[6..8].copy_from_slice(&2u16.to_ne_bytes());
    let answers = match ask(SockProtocol::NetlinkGeneric, CONTROL, 0, &question) {
        Ok(answers) => answers,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let family = answers.first().and_then(|answer| {
        let mut all = attributes(answer.get(HEADER..)?);
        u16_at(all.find(|(number, _)| *number == FAMILY_ID)?.1, 0)
    });
    let family = family.ok_or(Errno::EBADMSG)?;
    let answers = ask(SockProtocol::NetlinkGeneric, family, DUMP, &[GET, 1, 0, 0])?;
    Ok(answers.iter().filter_map(|answer| port(answer)).collect())
}

fn port(answer: &[u8]) -> Option<FouPort> {
    let mut found = FouPort { port: 0, ipv6: false, gue: false };
    for (number, content) in attributes(answer.get(HEADER..)?) {
        match number {
            PORT => found.port = u16::from_be_bytes(*content.first_chunk()?),
            AF => found.ipv6 = content.first() == Some(&AF_INET6),
            TYPE => found.gue = content.first() == Some(&GUE),
            _ => {}
        }
    }
    Some(found)
}
