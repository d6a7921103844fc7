// SPDX-License-Identifier: MIT OR Apache-2.0

//! Real conversations: what Debian's `ipvsadm` asked, what the kernel answered
//! (`tests/fixtures`, recorded by `tests/integration/lab/capture`).
//!
//! Three things are shown of them: that each message is understood and written
//! again byte for byte; that we ask for a thing as `ipvsadm` asks for it; and
//! that the kernel's answers mean to a client what the kernel meant.

// The fixtures are of a little-endian machine.
#![cfg(target_endian = "little")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod answers;
mod messages;
mod objects;
mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use ipvs_netlink::Client;
use ipvs_netlink::message::IpvsMessage;
use support::recording::{self, Exchange, Run, messages};
use support::tape::{Tape, parse};

fn runs() -> Vec<(String, Run)> {
    recording::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
}

fn run(file: &str, command: &str) -> Run {
    let wanted = |(name, run): &(String, Run)| name == file && run.command == command;
    runs().into_iter().find(wanted).unwrap_or_else(|| panic!("no '{command}' in {file}")).1
}

/// A client that hears what the kernel told `ipvsadm` at that command.
fn replayed(file: &str, command: &str) -> Client<Tape> {
    let mut exchanges = run("info", "ipvsadm --version").exchanges;
    // Only the look-up; what a test is about shall come from its own fixture.
    if file != "info" {
        exchanges.truncate(1);
    }
    exchanges.extend(run(file, command).exchanges);
    Client::with_transport(Tape::new(exchanges)).unwrap()
}

/// The messages of IPVS in an exchange: the request, then what it gave.
fn ipvs_messages(exchange: &Exchange) -> impl Iterator<Item = (&[u8], IpvsMessage)> {
    let datagrams = [&exchange.request].into_iter().chain(&exchange.answers);
    datagrams
        .flat_map(|datagram| messages(datagram))
        .filter_map(|bytes| Some((bytes, parse(bytes)?)))
}

/// The request of a run that makes one.
fn request(file: &str, command: &str) -> IpvsMessage {
    parse(&run(file, command).exchanges[0].request).unwrap()
}

/// `IPVS_STATS_ATTR_PAD` holds nothing.
fn without_padding(fact: &str) -> String {
    fact.replace("Other(DefaultNla { kind: 11, value: [] })", "")
}
