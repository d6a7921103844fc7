// SPDX-License-Identifier: MIT OR Apache-2.0

//! A program that reads a file of ours instead of one in `/proc/net`: a table of
//! connections as large as wanted, which no kernel has to be given first.

use std::fmt::Write;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::mount::{MsFlags, mount};

/// What stands in place of `/proc/net`, until the machine ends.
const FOLDER: &str = "/tmp/net";

/// `connections LINES`: makes the table that `masked` shows.
pub(crate) fn make(lines: u32) {
    let mut text =
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
            .to_owned();
    for client in 1..=lines {
        let expires = client % 900;
        writeln!(text, "TCP {client:08X} D431 C000020A 0050 0A00000B 1F90 ESTABLISHED {expires:7}")
            .expect("a String takes all");
    }
    fs::create_dir_all(FOLDER).expect("a folder");
    for (name, text) in [("ip_vs_conn", text.as_str()), ("ip_vs", "")] {
        fs::write(format!("{FOLDER}/{name}"), text).expect("the table of connections");
    }
}

/// `masked PROGRAM ARGUMENT…`: becomes that program, which sees the table as its
/// `/proc/net/ip_vs_conn`. The mounts end with the process: they are in its own folder.
/// (A file below `net` cannot be mounted over: the kernel looks each up anew.)
pub(crate) fn main(program: &[&str]) {
    let [program, arguments @ ..] = program else { panic!("masked PROGRAM ARGUMENT…") };
    for target in ["/proc/self/net", "/proc/thread-self/net"] {
        mount(Some(FOLDER), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .unwrap_or_else(|error| panic!("mount over {target}: {error}"));
    }
    // A file of the kernel would have no length.
    let shown = fs::metadata("/proc/net/ip_vs_conn").expect("the table of connections");
    assert!(shown.len() > 0, "the kernel's own table of connections");
    panic!("{program}: {}", Command::new(program).args(arguments).exec());
}
