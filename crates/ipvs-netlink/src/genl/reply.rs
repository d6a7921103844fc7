// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{
    DecodeError, DoneBuffer, ErrorBuffer, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP,
    NLMSG_OVERRUN, NetlinkBuffer,
};

use super::{Errno, ExtAck, GENL_HDRLEN};

/// One message of the kernel's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    /// The request it answers.
    pub(crate) sequence: u32,
    /// Whether the kernel says that the dump it belongs to was disturbed.
    pub(crate) interrupted: bool,
    pub(crate) body: ReplyBody<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReplyBody<'a> {
    /// The request succeeded.
    Ack,
    /// It failed.
    Error(Errno, Option<ExtAck>),
    /// The dump is over; its error stands here, not in an `NLMSG_ERROR`.
    Done(Option<Errno>),
    /// An object of the family with this id.
    Data(u16, &'a [u8]),
}

/// The messages of one datagram. After an error nothing follows: where the next
/// message would start is not known any more.
pub(crate) fn replies(datagram: &[u8]) -> Replies<'_> {
    Replies { rest: datagram }
}

pub(crate) struct Replies<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Replies<'a> {
    type Item = Result<Reply<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let reply = NetlinkBuffer::new_checked(self.rest).and_then(|buffer| {
                let length = usize::try_from(buffer.length()).unwrap_or(usize::MAX);
                let step = length.checked_next_multiple_of(4).unwrap_or(usize::MAX);
                self.rest = self.rest.get(step..).unwrap_or_default();
                decode(&buffer)
            });
            match reply {
                Ok(Some(reply)) => return Some(Ok(reply)),
                Ok(None) => {}
                Err(error) => {
                    self.rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Reads one message; `None` for one without a meaning (`NLMSG_NOOP`).
pub(crate) fn decode<'a>(
    buffer: &NetlinkBuffer<&'a [u8]>,
) -> Result<Option<Reply<'a>>, DecodeError> {
    let payload = buffer.payload();
    let body = match buffer.message_type() {
        NLMSG_NOOP => return Ok(None),
        NLMSG_OVERRUN => return Err("the kernel reports an overrun (NLMSG_OVERRUN)".into()),
        NLMSG_ERROR => {
            let error = ErrorBuffer::new_checked(payload)?;
            match error.code() {
                None => ReplyBody::Ack,
                Some(code) => ReplyBody::Error(
                    Errno::from_number(code.get()),
                    ExtAck::decode(buffer.flags(), error.payload()),
                ),
            }
        }
        NLMSG_DONE => {
            // An empty one is allowed and means success.
            let code = match payload {
                [] => 0,
                _ => DoneBuffer::new_checked(payload)?.code(),
            };
            ReplyBody::Done((code != 0).then(|| Errno::from_number(code)))
        }
        family => {
            let attributes = payload.get(GENL_HDRLEN..);
            let attributes = attributes.ok_or("a message without its generic-netlink header")?;
            ReplyBody::Data(family, attributes)
        }
    };
    Ok(Some(Reply {
        sequence: buffer.sequence_number(),
        interrupted: buffer.flags() & NLM_F_DUMP_INTR != 0,
        body,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(16 + payload.len()).unwrap().to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend(0_u32.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn each_kind_is_told_apart() {
        let mut datagram = message(NLMSG_ERROR, 0, 1, &[0; 20]);
        datagram.extend(message(NLMSG_NOOP, 0, 9, &[]));
        datagram.extend(message(NLMSG_ERROR, 0, 2, &(-17_i32).to_ne_bytes()));
        datagram.extend(message(NLMSG_DONE, 0, 3, &[]));
        datagram.extend(message(NLMSG_DONE, 0, 4, &(-4_i32).to_ne_bytes()));
        datagram.extend(message(40, NLM_F_DUMP_INTR, 5, &[14, 1, 0, 0, 0xaa]));
        let bodies: Vec<_> = replies(&datagram)
            .map(|reply| reply.map(|reply| (reply.sequence, reply.interrupted, reply.body)))
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(
            bodies,
            [
                (1, false, ReplyBody::Ack),
                (2, false, ReplyBody::Error(Errno::EEXIST, None)),
                (3, false, ReplyBody::Done(None)),
                (4, false, ReplyBody::Done(Some(Errno::EINTR))),
                (5, true, ReplyBody::Data(40, &[0xaa])),
            ]
        );
    }

    #[test]
    fn a_cut_message_is_an_error_and_the_end() {
        let mut datagram = message(NLMSG_ERROR, 0, 1, &[0; 20]);
        datagram.truncate(30);
        datagram.extend([0; 40]);
        let mut lengthless = message(NLMSG_DONE, 0, 1, &[]);
        lengthless[0] = 3;
        for bytes in [&datagram[..30], &lengthless, &[1, 2, 3][..]] {
            let mut replies = replies(bytes);
            assert!(replies.next().unwrap().is_err());
            assert!(replies.next().is_none());
        }
    }
}
