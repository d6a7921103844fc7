// SPDX-License-Identifier: MIT OR Apache-2.0

//! A transport that answers as it was told to, for what a client makes of answers. What a
//! kernel answers is another matter: that is seen on kernels.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use super::{Client, RECEIVE_BUFFER};
use crate::convert;
use crate::genl::{self, Errno};
use crate::message::{Command, IpvsMessage};
use crate::model::Change;
use crate::trace::Observer;
use crate::transport::Transport;

/// The id that the family has in a script.
const FAMILY: u16 = 40;
/// `NLMSG_ERROR`, `NLMSG_DONE` and `NLM_F_DUMP`
const ERROR: u16 = 2;
const DONE: u16 = 3;
const DUMP: u16 = 0x300;
const HEADER: usize = 16;

/// How one request is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// It is done, or the list is empty.
    Done,
    /// It is not, and why.
    Refused(Errno),
    /// With these objects: an answer holds what the request does that would make it.
    Shows(Vec<Change>),
    /// With these, each in a datagram of its own.
    ShowsApart(Vec<Change>),
    /// Nothing comes in time.
    Lost,
    /// The socket breaks.
    Broken,
}

pub(super) struct Script {
    answers: VecDeque<Answer>,
    /// Whether the family's id is told on each new connection.
    pub(super) renewals: VecDeque<bool>,
    /// Whether it is on this one.
    tells_family: bool,
    /// The commands that were sent.
    asked: Rc<RefCell<Vec<Command>>>,
    /// What is to be received.
    coming: VecDeque<io::Result<Vec<u8>>>,
    /// Whether it ends with a dump, as long as there is any of it.
    dumping: bool,
}

/// A client whose requests are answered like that, one after another, and what it asks.
pub(super) fn scripted(
    answers: impl IntoIterator<Item = Answer>,
) -> (Client<Script>, Rc<RefCell<Vec<Command>>>) {
    scripted_over(answers, [], RECEIVE_BUFFER)
}

/// The same with that many new connections, on each of which the family's id is told or
/// not, and a receive buffer of that size.
pub(super) fn scripted_over(
    answers: impl IntoIterator<Item = Answer>,
    renewals: impl IntoIterator<Item = bool>,
    receive_buffer: usize,
) -> (Client<Script>, Rc<RefCell<Vec<Command>>>) {
    let asked = Rc::default();
    let script = Script {
        answers: answers.into_iter().collect(),
        renewals: renewals.into_iter().collect(),
        tells_family: true,
        asked: Rc::clone(&asked),
        coming: VecDeque::new(),
        dumping: false,
    };
    (Client::over(script, receive_buffer, Observer::default()).unwrap(), asked)
}

/// A message with its header in front.
fn message(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(u32::try_from(HEADER + payload.len()).unwrap().to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(0_u16.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(payload);
    bytes
}

/// An acknowledgement, or a refusal: the number, and the header it is about.
fn end(sequence: u32, errno: i32) -> Vec<u8> {
    message(ERROR, sequence, &[&(-errno).to_ne_bytes()[..], &[0; HEADER]].concat())
}

impl Script {
    fn answer(&mut self, kind: u16, flags: u16, sequence: u32, command: u8) {
        if kind == genl::CONTROL && !self.tells_family {
            self.coming.push_back(Err(io::ErrorKind::WouldBlock.into()));
            return;
        }
        if kind == genl::CONTROL {
            // CTRL_CMD_NEWFAMILY with the family's id.
            let id = [&[1, 2, 0, 0, 6, 0, 1, 0][..], &FAMILY.to_ne_bytes(), &[0, 0]].concat();
            self.coming.push_back(Ok(message(genl::CONTROL, sequence, &id)));
            self.coming.push_back(Ok(end(sequence, 0)));
            return;
        }
        self.asked.borrow_mut().push(command.into());
        // As in the kernel, one dump at a time goes on (`__netlink_dump_start`).
        if flags & DUMP == DUMP && self.dumping && !self.coming.is_empty() {
            self.coming.push_back(Ok(end(sequence, libc::EBUSY)));
            return;
        }
        let ends = |errno: i32| match flags & DUMP {
            DUMP => message(DONE, sequence, &(-errno).to_ne_bytes()),
            _ => end(sequence, errno),
        };
        match self.answers.pop_front().expect("no answer is left") {
            Answer::Done => self.coming.push_back(Ok(ends(0))),
            Answer::Refused(errno) => self.coming.push_back(Ok(ends(errno.number()))),
            Answer::Lost => self.coming.push_back(Err(io::ErrorKind::WouldBlock.into())),
            Answer::Broken => {
                self.coming.push_back(Err(io::Error::from_raw_os_error(libc::EIO)));
            }
            Answer::Shows(objects) => {
                let mut datagram = Vec::new();
                for object in objects {
                    genl::pack(&mut datagram, FAMILY, IpvsMessage::VERSION, sequence, 0, |bytes| {
                        convert::pack_change(&object, bytes)
                    });
                }
                datagram.extend(ends(0));
                self.coming.push_back(Ok(datagram));
            }
            Answer::ShowsApart(objects) => {
                for object in objects {
                    let mut datagram = Vec::new();
                    genl::pack(&mut datagram, FAMILY, IpvsMessage::VERSION, sequence, 0, |bytes| {
                        convert::pack_change(&object, bytes)
                    });
                    self.coming.push_back(Ok(datagram));
                }
                self.coming.push_back(Ok(ends(0)));
                self.dumping = true;
            }
        }
    }
}

impl Transport for Script {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let mut rest = datagram;
        while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes)) {
            let (request, behind) = rest.split_at(length as usize);
            rest = behind;
            let short = |at: usize| u16::from_ne_bytes([request[at], request[at + 1]]);
            let sequence = u32::from_ne_bytes(*request[8..].first_chunk().unwrap());
            self.answer(short(4), short(6), sequence, request[HEADER]);
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = self.coming.pop_front().unwrap_or(Err(io::ErrorKind::WouldBlock.into()))?;
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Ok(datagram.len())
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.coming.front() {
            Some(Ok(_)) => self.receive(buffer),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn renew(&mut self) -> io::Result<()> {
        self.tells_family = self.renewals.pop_front().ok_or(io::ErrorKind::Unsupported)?;
        self.coming.clear();
        Ok(())
    }
}
