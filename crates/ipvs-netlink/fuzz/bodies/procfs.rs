// SPDX-License-Identifier: MIT OR Apache-2.0

//! The connection table: any bytes for a file, of either form.

use std::io::BufReader;

use ipvs_netlink::procfs::ConnectionTable;

const HEADS: [&str; 2] = [
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n",
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n",
];

pub(crate) fn run(data: &[u8]) {
    // As it is, and behind each head, without which nothing is read.
    for head in HEADS.iter().copied().chain([""]) {
        let text = [head.as_bytes(), data].concat();
        // A small buffer, so that lines come in pieces as they do from the kernel.
        let Ok(table) = ConnectionTable::from_reader(BufReader::with_capacity(16, &*text)) else {
            continue;
        };
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        let mut read = 0;
        for connection in table {
            read += 1;
            if let Ok(connection) = connection {
                // What was understood can be shown.
                let _ = connection.is_template();
                let shown =
                    format!("{} {} {}", connection.client, connection.service, connection.state);
                assert!(!shown.is_empty());
                // A head of the data's own may say either.
                let origins = head.contains("Origin");
                assert!(head.is_empty() || connection.origin.is_some() == origins);
            }
        }
        assert!(read <= lines + 1, "{read} connections in {lines} lines");
    }
}
