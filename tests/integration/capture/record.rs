// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the guest printed: which commands ran, and what the monitor heard.

use std::mem;

use crate::names::{CTRL, GET_INFO};

/// `NETLINK_GENERIC`
const GENERIC: u16 = 16;
/// `NLM_F_REQUEST`, in all that goes to the kernel and in nothing it answers. The
/// monitor itself does not tell the direction.
const REQUEST: u16 = 1;
/// A port is the process id, which libnl puts a number above for each socket.
const PROCESS: u32 = (1 << 22) - 1;

pub(crate) struct Record {
    /// Debian's version of it.
    pub(crate) ipvsadm: String,
    /// `uname -r`
    pub(crate) kernel: String,
    pub(crate) runs: Vec<Run>,
}

/// One command and the messages it caused.
pub(crate) struct Run {
    /// The fixture it belongs to; `-` for none.
    pub(crate) file: String,
    pub(crate) command: String,
    process: u32,
    pub(crate) exchanges: Vec<Exchange>,
}

/// A request and its answers, datagram by datagram.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) request: Vec<u8>,
    pub(crate) answers: Vec<Vec<u8>>,
}

impl Record {
    pub(crate) fn parse(text: &str) -> Self {
        let (notes, pcap) = text.split_once("\npcap\n").expect("the record has no capture");
        let mut record = Self { ipvsadm: String::new(), kernel: String::new(), runs: Vec::new() };
        for note in notes.lines() {
            match note.splitn(4, ' ').collect::<Vec<_>>()[..] {
                ["ipvsadm", version] => record.ipvsadm = version.to_owned(),
                ["kernel", release] => record.kernel = release.to_owned(),
                ["run", process, file, command] => record.runs.push(Run {
                    file: file.to_owned(),
                    command: command.to_owned(),
                    process: process.parse().unwrap(),
                    exchanges: Vec::new(),
                }),
                _ => panic!("what is '{note}'?"),
            }
        }
        let bytes: Vec<_> = pcap
            .split_ascii_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        for exchange in exchanges(&bytes) {
            let process = exchange.process();
            if let Some(run) = record.runs.iter_mut().find(|run| run.process == process) {
                run.exchanges.push(exchange);
            }
        }
        for run in &mut record.runs {
            run.leave_out_the_start();
            assert!(!run.exchanges.is_empty(), "nothing heard of {}", run.command);
        }
        record
    }
}

impl Run {
    /// Every run looks the family up for each request, and asks for the version
    /// first. One example of both is enough.
    fn leave_out_the_start(&mut self) {
        let is_lookup = |exchange: &Exchange| kind(&exchange.request) == CTRL;
        if self.file == "info" {
            let mut first = true;
            self.exchanges.retain(|exchange| !is_lookup(exchange) || mem::take(&mut first));
        } else {
            self.exchanges
                .retain(|exchange| !is_lookup(exchange) && exchange.request[16] != GET_INFO);
        }
    }
}

impl Exchange {
    /// Who asked. A client may leave that to the kernel, whose answers say it.
    fn process(&self) -> u32 {
        let ports = [&self.request].into_iter().chain(&self.answers).map(|datagram| port(datagram));
        ports.map(|port| port & PROCESS).find(|process| *process != 0).unwrap_or(0)
    }
}

/// Requests in order, each with the answers up to the next: those who ran in
/// the guest asked one thing after the other.
fn exchanges(pcap: &[u8]) -> Vec<Exchange> {
    assert_eq!(pcap[..4], 0xa1b2_c3d4_u32.to_le_bytes(), "not a capture of this machine's order");
    let mut rest = &pcap[24..];
    let mut found: Vec<Exchange> = Vec::new();
    while !rest.is_empty() {
        let (length, whole) = (number(&rest[8..12]), number(&rest[12..16]));
        assert_eq!(length, whole, "a datagram was cut");
        let (packet, after) = rest[16..].split_at(length as usize);
        rest = after;
        // The monitor's own header, which ends in the protocol.
        let (head, datagram) = packet.split_at(16);
        if u16::from_be_bytes([head[14], head[15]]) != GENERIC {
            continue;
        }
        if u16::from_le_bytes([datagram[6], datagram[7]]) & REQUEST != 0 {
            found.push(Exchange { request: datagram.to_vec(), answers: Vec::new() });
        } else if let Some(exchange) = found.last_mut() {
            exchange.answers.push(datagram.to_vec());
        }
    }
    found
}

/// The message's type.
pub(crate) fn kind(message: &[u8]) -> u16 {
    u16::from_le_bytes([message[4], message[5]])
}

fn port(message: &[u8]) -> u32 {
    number(&message[12..16])
}

pub(crate) fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().unwrap())
}
