// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the first inputs of each target: what was recorded of `ipvsadm` and
//! the kernel, and the texts a person would write.

#[allow(dead_code, reason = "the tests read more of it")]
#[path = "../../tests/support/recording.rs"]
mod recording;

use std::path::Path;

use recording::{Exchange, messages};

const IPVS_HEADERS: usize = 20;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const CTRL: u16 = 16;

const TEXTS: [&str; 37] = [
    "tcp/192.0.2.10:80",
    "udp/[2001:db8::1]:53",
    "sctp/192.0.2.10:0",
    "esp/[::]:0",
    "ah/192.0.2.10:0",
    "ip-99/192.0.2.10:7",
    "ip-006/192.0.2.10:7",
    "fwmark/7",
    "fwmark/007",
    "fwmark/4294967295/ipv6",
    "tcp/[::ffff:192.0.2.1]:80",
    "tcp/[fe80::1%3]:80",
    "10.0.0.11:8080",
    "[2001:db8::11]:65535",
    "[::1%0]:80",
    "255.255.255.0",
    "/24",
    "/0",
    "64",
    "/064",
    "128",
    "+24",
    "wrr",
    "wlc",
    "none",
    "my_scheduler_15",
    "sip",
    "a_scheduler_of16",
    "eth0",
    "interface.of.15",
    "interface.of..16",
    "bond0.100",
    "lo",
    ".",
    "..",
    "veth-\u{e4}",
    "a\u{a0}b",
];

fn main() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut messages_seen = Vec::new();
    let mut replies = Vec::new();
    let mut twice = Vec::new();
    for (_, run) in recording::read_all(&home.join("../tests/fixtures")) {
        for exchange in &run.exchanges {
            for datagram in [&exchange.request].into_iter().chain(&exchange.answers) {
                messages_seen.extend(messages(datagram).into_iter().filter_map(message));
            }
            replies.extend(answer(exchange));
            twice.extend(doubled(exchange));
        }
    }
    let texts = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    for (target, name, mut seeds) in [
        ("message", "seed", messages_seen),
        ("replies", "seed", replies),
        ("replies", "twice", twice),
        ("text", "seed", texts),
    ] {
        seeds.sort();
        seeds.dedup();
        let folder = home.join("corpus").join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("{name}-{number}")), seed).unwrap();
        }
    }
}

fn kind(message: &[u8]) -> u16 {
    u16::from_ne_bytes([message[4], message[5]])
}

/// As `bodies/message.rs` takes it.
fn message(bytes: &[u8]) -> Option<Vec<u8>> {
    let of_ipvs = !matches!(kind(bytes), ERROR | DONE | CTRL);
    of_ipvs.then(|| [&bytes[16..17], &bytes[IPVS_HEADERS..]].concat())
}

/// A dump whose objects come twice, as the kernel sends them when its table
/// changes meanwhile.
fn doubled(exchange: &Exchange) -> Option<Vec<u8>> {
    let [objects, end] = &exchange.answers[..] else { return None };
    let is_dump = exchange.request[7] & 3 != 0;
    let answers = vec![objects.clone(), objects.clone(), end.clone()];
    is_dump.then(|| answer(&Exchange { request: exchange.request.clone(), answers }))?
}

/// As `bodies/replies.rs` takes it.
fn answer(exchange: &Exchange) -> Option<Vec<u8>> {
    if kind(&exchange.request) == CTRL {
        return None;
    }
    let question = match exchange.request[16] {
        4 if exchange.request[7] & 3 != 0 => 0,
        4 => 5,
        8 => 1,
        13 => 2,
        11 => 3,
        15 => 4,
        1..=3 => 6,
        5..=7 => 7,
        10 => 8,
        12 => 9,
        _ => 11,
    };
    let mut seed = vec![question];
    for datagram in &exchange.answers {
        seed.push(0);
        seed.extend(u16::try_from(datagram.len()).unwrap().to_le_bytes());
        for message in messages(datagram) {
            let start = seed.len();
            seed.extend(message);
            // An answer to whatever is asked.
            seed[start + 8..start + 12].fill(0);
            // The padding of an odd length.
            seed.resize(start + message.len().next_multiple_of(4), 0);
        }
    }
    Some(seed)
}
