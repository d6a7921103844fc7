// SPDX-License-Identifier: MIT OR Apache-2.0

//! What arrives: the answers to one request, told from all else, and how many datagrams
//! they take.

use std::ops::ControlFlow;

use netlink_packet_core::DecodeError;

use crate::genl::{self, Errno, ExtAck, ReplyBody};

/// Is given each object of an answer, and in which of the datagrams that hold some it
/// came, from 1; says whether the next one is wanted.
pub(super) type OnData<'a> = dyn FnMut(usize, &[u8]) -> Result<ControlFlow<()>, DecodeError> + 'a;

/// What an [`OnData`] says that wants to see all.
pub(super) const MORE: Result<ControlFlow<()>, DecodeError> = Ok(ControlFlow::Continue(()));

/// What the objects of an answer came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// How many datagrams held some.
    pub(super) datagrams: usize,
    /// Whether the last of these had no room for one more, as far as can be known: then
    /// the kernel stopped there, and looked for the end of the list in another walk.
    pub(super) is_cut: bool,
    /// Whether no more was wanted before the answer ended.
    pub(super) stopped: bool,
}

impl Extent {
    /// The most that one object may take more than another: a firewall mark instead of an
    /// address and a port (28 bytes), the names of the scheduler (12) and of the
    /// persistence engine (20), and where numbers of 64 bits are aligned
    /// (`nla_put_64bit`), that (40).
    const UNEVEN: usize = 128;
    /// What a datagram of the kernel's holds at least if it was shown as much as it ever
    /// fills: 32 KiB without its notes (`SKB_WITH_OVERHEAD`), which take 320 bytes in
    /// most kernels and 1 KiB at most.
    const LARGEST: usize = 31 * 1024;

    /// Takes in the next datagram, of so many bytes, with its largest object. `shown` is the
    /// largest buffer that the socket had received with when the kernel made it.
    fn add(&mut self, bytes: usize, object: usize, shown: usize) {
        self.datagrams += 1;
        self.is_cut = bytes + object + Self::UNEVEN > shown.min(Self::LARGEST);
    }
}

/// What the answers in a datagram come to.
pub(super) enum Verdict {
    /// The kernel's answer.
    Done(Result<(), (Errno, Option<ExtAck>)>),
    /// No more of it is wanted.
    Stopped,
    /// The answer to a later request came instead, or a dump was disturbed.
    Swallowed,
    /// What came is no sequence of messages: the answer may have been among it.
    Garbled(DecodeError),
}

/// Tells the answers to one request from all else that may come.
pub(super) struct Scan {
    pub(super) sequence: u32,
    pub(super) family_id: u16,
    pub(super) barrier: Option<u32>,
    /// How many objects came.
    pub(super) objects: usize,
    /// What they came in.
    pub(super) extent: Extent,
    /// The first object that could not be understood. It is reported at the end,
    /// since the rest has to be read anyway.
    pub(super) undecoded: Option<DecodeError>,
}

/// What stands before the attributes of an object: `nlmsghdr` and `genlmsghdr`.
const HEADERS: usize = 16 + 4;

impl Scan {
    /// Reads the answers in one datagram; `Some` if the last was among them.
    /// Answers to earlier requests, which came too late, and messages of other
    /// families are passed over.
    pub(super) fn datagram(
        &mut self,
        datagram: &[u8],
        shown: usize,
        on_data: &mut OnData<'_>,
    ) -> Option<Verdict> {
        let number = self.extent.datagrams + 1;
        let mut largest = None;
        let verdict = self.replies(datagram, number, &mut largest, on_data);
        if let Some(largest) = largest {
            self.extent.add(datagram.len(), largest, shown);
        }
        verdict
    }

    fn replies(
        &mut self,
        datagram: &[u8],
        number: usize,
        largest: &mut Option<usize>,
        on_data: &mut OnData<'_>,
    ) -> Option<Verdict> {
        for reply in genl::replies(datagram) {
            let reply = match reply {
                Ok(reply) => reply,
                Err(error) => return Some(Verdict::Garbled(error)),
            };
            if Some(reply.sequence) == self.barrier {
                return Some(Verdict::Swallowed);
            }
            if reply.sequence != self.sequence {
                continue;
            }
            if reply.interrupted {
                return Some(Verdict::Swallowed);
            }
            match reply.body {
                ReplyBody::Ack | ReplyBody::Done(None) => return Some(Verdict::Done(Ok(()))),
                ReplyBody::Done(Some(errno)) => return Some(Verdict::Done(Err((errno, None)))),
                ReplyBody::Error(errno, ext_ack) => {
                    return Some(Verdict::Done(Err((errno, ext_ack))));
                }
                ReplyBody::Data(family, attributes) if family == self.family_id => {
                    self.objects += 1;
                    *largest = (*largest).max(Some(attributes.len() + HEADERS));
                    match on_data(number, attributes) {
                        Ok(ControlFlow::Continue(())) => {}
                        Ok(ControlFlow::Break(())) => return Some(Verdict::Stopped),
                        Err(error) => _ = self.undecoded.get_or_insert(error),
                    }
                }
                ReplyBody::Data(..) => {}
            }
        }
        None
    }

    /// Whether another program adds objects as fast as they are read.
    ///
    /// The kernel goes on behind as many objects as it has sent, so one that is
    /// added meanwhile pushes one more behind that place. It puts as many into a
    /// datagram as there are, and 9 of them have room in the smallest: only many
    /// datagrams with next to nothing in them get this far.
    pub(super) fn never_ends(&self) -> bool {
        self.extent.datagrams > 64 + self.objects / 4
    }
}

#[cfg(test)]
mod tests;
