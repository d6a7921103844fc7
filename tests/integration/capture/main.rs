// SPDX-License-Identifier: MIT OR Apache-2.0

//! The two programs behind `lab/capture`: `write FOLDER` makes fixtures of a
//! record on standard input, `malformed` sends the kernel what `ipvsadm` never
//! would.

mod hex;
mod names;
mod record;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use ipvs_netlink::{Client, NetlinkTransport, SetTimeouts, Transport};
use record::Record;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(Path::new(folder)),
        ["malformed"] => malformed(),
        _ => panic!("usage: capture write FOLDER | capture malformed"),
    }
}

fn write(folder: &Path) {
    let record = Record::parse(&io::read_to_string(io::stdin()).unwrap());
    let mut files: BTreeMap<_, String> = BTreeMap::new();
    for run in record.runs.iter().filter(|run| run.file != "-") {
        let text = files.entry(&run.file).or_insert_with(|| hex::header(&record));
        hex::conversation(text, run);
    }
    for (name, text) in files {
        let path = folder.join(name).with_extension("hex");
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Sets a timeout of two bytes, to which the kernel objects with words and an
/// offset. They are asked for by the library's transport, not by `ipvsadm`.
fn malformed() {
    let mut client = Client::with_transport(Shortening(NetlinkTransport::open().unwrap())).unwrap();
    let error = client
        .apply(ipvs_netlink::Change::SetTimeouts(SetTimeouts::new().tcp(900).unwrap()))
        .unwrap_err();
    println!("{error}");
}

/// Makes the first attribute of `SET_CONFIG` two bytes shorter.
struct Shortening(NetlinkTransport);

const COMMAND: usize = 16;
const SET_CONFIG: u8 = 12;
const ATTRIBUTE_LENGTH: usize = 20;

impl Transport for Shortening {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let mut datagram = datagram.to_vec();
        if datagram[COMMAND] == SET_CONFIG {
            datagram[ATTRIBUTE_LENGTH] -= 2;
        }
        self.0.send(&datagram)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buffer)
    }

    fn receive_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive_now(buffer)
    }
}
