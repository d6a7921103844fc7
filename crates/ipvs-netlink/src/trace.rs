// SPDX-License-Identifier: MIT OR Apache-2.0

//! What passes between a client and the kernel, one message at a time and in words: for
//! logs and bug reports ([`ConnectOptions::trace`](crate::ConnectOptions::trace)).
//!
//! The text of an [`Event`] is one line without control characters:
//!
//! ```text
//! > #2 NewService ack Service={AddressFamily=2 Protocol=6 Address=192.0.2.10 Port=80 …}
//! < #2 error EEXIST
//! > #3 GetService dump
//! ! nothing received: "No buffer space available (os error 105)"
//! ? asked again: "cannot list the services: the kernel's answer was lost"
//! ```
//!
//! With the feature `tracing` the subscriber of the crate of that name sees all of it too:
//! [`guide::errors`](crate::guide::errors) has the table.
//!
//! Commands and attributes have the names of the module `message`; what is not known there
//! stands as bytes. The text is for people and may change.

use std::fmt::{self, Formatter};
use std::{io, iter};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NetlinkBuffer};

use crate::error::Error;
use crate::genl::{self, Errno, ExtAck, ReplyBody};
use crate::message::{Attribute, Command, InfoAttribute, next_attribute, show};
use crate::model::Change;

#[cfg(not(feature = "tracing"))]
mod no_subscriber;
mod observer;
#[cfg(feature = "tracing")]
mod subscriber;

pub(crate) use observer::Observer;

/// An event shows something that passed, or should have.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request is about to be sent.
    Request(Message<'a>),
    /// An answer arrived.
    Answer(Message<'a>),
    /// The request could not be sent.
    NotSent(&'a io::Error),
    /// No answer could be received, for this reason.
    NotReceived(&'a io::Error),
    /// A question is asked again, because its answer was lost.
    AskedAgain(&'a Error),
    /// The table is read to find out what became of a change, or of a batch, because the
    /// answer was lost.
    ReadBack(&'a Error),
    /// The table shows whether a change was made. One that was not is made once more,
    /// unless a later one of its batch hides what it did.
    Shown {
        /// The change.
        change: &'a Change,
        /// Whether the table is as it leaves it.
        made: bool,
    },
    /// The kernel's module was loaded anew, and its family has another id. What was sent
    /// with the old one, and not looked at, is sent again.
    FamilyMoved {
        /// The id until now.
        from: u16,
        /// The id from now on.
        to: u16,
    },
}

/// The type holds one netlink message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// The id of IPVS among the families of generic netlink.
    family: u16,
}

impl<'a> Message<'a> {
    /// Returns the message as it is on the wire, its header included.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Writes one line: `>` and the request, `<` and the answer, `!` and a failure, `?` and what
/// the client does about one.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(message) => {
                f.write_str("> ")?;
                message.write(true, f)
            }
            Self::Answer(message) => {
                f.write_str("< ")?;
                message.write(false, f)
            }
            // As texts of attributes are written: with escapes for all that is not printable.
            Self::NotSent(error) => write!(f, "! not sent: {:?}", error.to_string()),
            Self::NotReceived(error) => write!(f, "! nothing received: {:?}", error.to_string()),
            Self::AskedAgain(error) => write!(f, "? asked again: {:?}", error.to_string()),
            Self::ReadBack(error) => write!(f, "? read back: {:?}", error.to_string()),
            Self::Shown { change, made: true } => write!(f, "? made: {change}"),
            Self::Shown { change, made: false } => write!(f, "? not made: {change}"),
            Self::FamilyMoved { from, to } => write!(f, "? family {from} is {to} now"),
        }
    }
}

impl Message<'_> {
    fn write(&self, is_request: bool, f: &mut Formatter<'_>) -> fmt::Result {
        let Ok(buffer) = NetlinkBuffer::new_checked(self.bytes) else {
            return self.write_unread(f);
        };
        let Ok(reply) = genl::decode(&buffer) else { return self.write_unread(f) };
        write!(f, "#{} ", buffer.sequence_number())?;
        let Some(reply) = reply else { return f.write_str("nothing") };
        match reply.body {
            ReplyBody::Ack => f.write_str("done"),
            ReplyBody::Done(None) => f.write_str("end of list"),
            ReplyBody::Done(Some(errno)) => write_error("end of list, error", errno, None, f),
            ReplyBody::Error(errno, ext_ack) => write_error("error", errno, ext_ack, f),
            ReplyBody::Data(family, attributes) => {
                let command = buffer.payload().first().copied().unwrap_or_default();
                let flags = if is_request { buffer.flags() } else { 0 };
                self.write_data(family, command, flags, attributes, f)
            }
        }?;
        // In requests the bit has another meaning.
        if reply.interrupted && !is_request { f.write_str(" (interrupted)") } else { Ok(()) }
    }

    fn write_data(
        &self,
        family: u16,
        command: u8,
        flags: u16,
        attributes: &[u8],
        f: &mut Formatter<'_>,
    ) -> fmt::Result {
        let ipvs = Command::from(command);
        match (family, ipvs) {
            (genl::CONTROL, _) => match command {
                genl::NEW_FAMILY => f.write_str("NewFamily"),
                genl::GET_FAMILY => f.write_str("GetFamily"),
                other => write!(f, "control-command-{other}"),
            },
            (family, _) if family != self.family => write!(f, "family-{family}-command-{command}"),
            (_, Command::Other(number)) => write!(f, "command-{number}"),
            (_, known) => write!(f, "{known:?}"),
        }?;
        if flags & NLM_F_DUMP == NLM_F_DUMP {
            f.write_str(" dump")?;
        }
        if flags & NLM_F_ACK != 0 {
            f.write_str(" ack")?;
        }
        if attributes.is_empty() {
            return Ok(());
        }
        f.write_str(" ")?;
        match (family, ipvs) {
            (genl::CONTROL, _) => write_family(attributes, f),
            (family, _) if family != self.family => show::bytes(attributes, f),
            // Its attributes are numbered anew.
            (_, Command::SetInfo) => show::show_payload::<InfoAttribute>(attributes, f),
            _ => show::show_payload::<Attribute>(attributes, f),
        }
    }

    /// What is no message, as bytes.
    fn write_unread(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("no message: ")?;
        show::bytes(self.bytes, f)
    }
}

fn write_error(
    what: &str,
    errno: Errno,
    ext_ack: Option<ExtAck>,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    match errno.name() {
        Some(name) => write!(f, "{what} {name}"),
        None => write!(f, "{what} {}", errno.number()),
    }?;
    let ExtAck { message, offset } = ext_ack.unwrap_or_default();
    if let Some(message) = message {
        write!(f, " message={message:?}")?;
    }
    if let Some(offset) = offset {
        write!(f, " offset={offset}")?;
    }
    Ok(())
}

/// Writes what the controller says of a family, as far as a client looks at it.
fn write_family(mut attributes: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    let mut blank = "";
    while let Some((kind, value)) = next_attribute(&mut attributes) {
        f.write_str(blank)?;
        blank = " ";
        match (kind, value) {
            (genl::FAMILY_ID, &[a, b]) => write!(f, "FamilyId={}", u16::from_ne_bytes([a, b])),
            (genl::FAMILY_NAME, name) => {
                let name = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(name));
                write!(f, "FamilyName={name:?}")
            }
            (kind, value) => {
                write!(f, "attribute-{kind}=")?;
                show::bytes(value, f)
            }
        }?;
    }
    if attributes.is_empty() { Ok(()) } else { show::bytes(attributes, f) }
}

/// Says in words what is in a datagram, a line for each message.
pub(crate) fn lines(
    datagram: &[u8],
    family: u16,
    is_request: bool,
) -> impl Iterator<Item = String> {
    messages(datagram).map(move |bytes| {
        let message = Message { bytes, family };
        let event = if is_request { Event::Request(message) } else { Event::Answer(message) };
        event.to_string()
    })
}

/// The messages of a datagram, of which what has no end is the last.
fn messages(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    iter::from_fn(move || {
        let length = rest.first_chunk().map(|length| u32::from_ne_bytes(*length));
        let length = length.and_then(|length| usize::try_from(length).ok());
        let whole = length.filter(|length| (HEADER..=rest.len()).contains(length));
        let end = whole.unwrap_or(rest.len());
        let (message, _) = rest.split_at(end);
        rest = rest.get(end.next_multiple_of(4)..).unwrap_or_default();
        (!message.is_empty()).then_some(message)
    })
}

/// `struct nlmsghdr`, which every message has.
const HEADER: usize = 16;

#[cfg(test)]
mod tests;
