// SPDX-License-Identifier: MIT OR Apache-2.0

//! `compare LIBRARY list|once|tunnel|bulk|error`: the same jobs by three crates, each as its
//! documentation shows it; `compare time PROGRAM…` says how long a program took.

mod nlrs;
mod ours;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Instant;

/// What `bulk` adds: 10,000 changes.
const SERVICES: u32 = 1000;
const SERVERS: u32 = 9;

fn vip(place: u32) -> SocketAddr {
    (Ipv4Addr::from_bits(0x0a00_0000 + place), 80).into()
}

fn rip(number: u32) -> SocketAddr {
    (Ipv4Addr::from_bits(0xac10_0000 + number), 8080).into()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["time", program, ref arguments @ ..] => {
            let clock = Instant::now();
            let status = Command::new(program).args(arguments).status().expect("a program");
            let passed = clock.elapsed();
            println!("{passed:?} {status}");
        }
        ["ours", job] => ours::main(job),
        ["nlrs", job] => nlrs::main(job),
        ["wire", job] => wire::main(job),
        _ => panic!("usage: compare ours|nlrs|wire list|once|tunnel|bulk|error"),
    }
}
