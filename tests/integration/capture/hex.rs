// SPDX-License-Identifier: MIT OR Apache-2.0

//! Messages as commented rows of bytes.

use std::fmt::Write as _;

use crate::names::{self, COMMANDS, CTRL, DONE, ERROR, EXT_ACK, FAMILY, NEWFAMILY, Table};
use crate::record::{Record, Run, kind, number};

/// `NLM_F_CAPPED`, `NLM_F_ACK_TLVS`, `NLA_F_NESTED`
const CAPPED: u16 = 0x100;
const ACK_TLVS: u16 = 0x200;
const NESTED: u16 = 0x8000;

const HEADER: usize = 16;
const COMMENT_COLUMN: usize = 62;

pub(crate) fn header(record: &Record) -> String {
    format!(
        "\
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Recorded, not written: Debian's ipvsadm {} and Linux {}, heard by
# a netlink monitor (nlmon) in a guest of the lab. Little-endian, as its machine.
# Written by tests/integration/lab/capture, which records anew.
#
# $  the command typed. What every command starts with is left out: looking the
#    family up and GET_INFO, both in info.hex.
# >  a request
# <  an answer, in a datagram of its own
# +  another one in the same datagram
",
        record.ipvsadm, record.kernel,
    )
}

pub(crate) fn conversation(text: &mut String, run: &Run) {
    writeln!(text, "\n$ {}", run.command).unwrap();
    for exchange in &run.exchanges {
        // The kernel's answers to the controller have no mark of their own.
        let is_control = kind(&exchange.request) == CTRL;
        let mut writer = Writer { text, is_control };
        writer.datagram('>', &exchange.request);
        for datagram in &exchange.answers {
            writer.datagram('<', datagram);
        }
    }
}

struct Writer<'a> {
    text: &'a mut String,
    is_control: bool,
}

impl Writer<'_> {
    fn datagram(&mut self, mark: char, mut rest: &[u8]) {
        let mut mark = mark;
        while !rest.is_empty() {
            let length = number(&rest[..4]) as usize;
            let (message, after) = rest.split_at(length.next_multiple_of(4).min(rest.len()));
            self.message(mark, message);
            mark = '+';
            rest = after;
        }
    }

    fn message(&mut self, mark: char, message: &[u8]) {
        let (head, body) = message.split_at(HEADER);
        let flags = u16::from_le_bytes([head[6], head[7]]);
        let title = match kind(message) {
            ERROR => format!("NLMSG_ERROR {}", names::errno(number(&body[..4]).wrapping_neg())),
            DONE => "NLMSG_DONE".to_owned(),
            _ => self.command(body[0]),
        };
        writeln!(self.text, "{mark} {title}").unwrap();
        self.row(0, head, &format!("nlmsghdr, flags {flags:#x}"));
        match kind(message) {
            ERROR => self.error(flags, body),
            DONE => self.row(0, body, "error"),
            _ => {
                self.row(0, &body[..4], "genlmsghdr");
                let table = if self.is_control { &FAMILY } else { names::top_level(body[0]) };
                self.attributes(0, &body[4..], table);
            }
        }
    }

    fn command(&self, number: u8) -> String {
        match (self.is_control, number) {
            (true, NEWFAMILY) => "CTRL_CMD_NEWFAMILY".to_owned(),
            (true, _) => "CTRL_CMD_GETFAMILY".to_owned(),
            (false, number) => format!("IPVS_CMD_{}", COMMANDS[usize::from(number)]),
        }
    }

    fn error(&mut self, flags: u16, body: &[u8]) {
        self.row(0, &body[..4], "error");
        let echoed = if flags & CAPPED != 0 { HEADER } else { number(&body[4..8]) as usize };
        let (echo, rest) = body[4..].split_at(echoed.next_multiple_of(4).min(body.len() - 4));
        self.row(0, &echo[..HEADER], "the request's nlmsghdr");
        if echo.len() > HEADER {
            self.row(0, &echo[HEADER..], "the rest of the request");
        }
        if flags & ACK_TLVS != 0 {
            self.attributes(0, rest, &EXT_ACK);
        }
    }

    fn attributes(&mut self, depth: usize, mut rest: &[u8], table: &Table) {
        while rest.len() >= 4 {
            let length = u16::from_le_bytes([rest[0], rest[1]]);
            let kind = u16::from_le_bytes([rest[2], rest[3]]);
            let whole = usize::from(length).next_multiple_of(4).min(rest.len());
            let (attribute, after) = rest.split_at(whole);
            rest = after;
            let name = table.name(kind & !NESTED);
            let flag = if kind & NESTED != 0 { ", NLA_F_NESTED" } else { "" };
            match table.nest(kind & !NESTED) {
                Some(inner) => {
                    self.row(depth, &attribute[..4], &format!("{name}{flag}"));
                    self.attributes(depth + 1, &attribute[4..], inner);
                }
                None => self.row(depth, attribute, &format!("{name}{flag}")),
            }
        }
        assert!(rest.is_empty(), "{} bytes after the last attribute", rest.len());
    }

    /// The bytes, 16 a row; an attribute's header goes with the first ones.
    fn row(&mut self, depth: usize, bytes: &[u8], comment: &str) {
        let first = if bytes.len() == 20 { 20 } else { 16 };
        let (head, rest) = bytes.split_at(first.min(bytes.len()));
        let indent = 2 * depth;
        writeln!(self.text, "{:<COMMENT_COLUMN$}# {comment}", line(indent, head)).unwrap();
        for row in rest.chunks(16) {
            writeln!(self.text, "{}", line(indent, row)).unwrap();
        }
    }
}

fn line(indent: usize, bytes: &[u8]) -> String {
    let mut line = " ".repeat(indent);
    for (at, byte) in bytes.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        write!(line, "{space}{byte:02x}").unwrap();
    }
    line
}
