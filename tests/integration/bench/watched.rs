// SPDX-License-Identifier: MIT OR Apache-2.0

//! Another program's memory, seen by a parent that has no other child.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use crate::program::Report;

/// `watched PROGRAM ARGUMENT…`: runs it, its output thrown away, and reports how
/// long it took and the most memory it had.
pub(crate) fn main(program: &[&str]) {
    let [program, arguments @ ..] = program else { panic!("watched PROGRAM ARGUMENT…") };
    let clock = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let job = clock.elapsed();
    let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage");
    Report { job, peak: u32::try_from(usage.max_rss()).expect("KiB") }.print();
}
