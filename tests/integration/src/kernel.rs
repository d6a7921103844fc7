// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::Write;
use std::panic::Location;
use std::process::Command;

/// The running kernel's version, for example (6, 12), for what differs.
pub fn kernel() -> (u32, u32) {
    let uname = nix::sys::utsname::uname().expect("uname");
    let release = uname.release().to_string_lossy();
    let mut numbers = release.split('.').map(|part| part.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor),
        _ => panic!("a kernel release that is no version: {release}"),
    }
}

/// Whether the kernel has no such module, so that the calling test is left to another one.
///
/// Only the newest kernel of the lab may be without one: Debian builds it with no firewall.
#[track_caller]
pub fn skips(module: &str) -> bool {
    let missing = is_missing(module);
    if missing {
        skip(&format!("no {module}"));
    }
    missing
}

/// The same for a part of the calling test: `what` is left to another kernel.
#[track_caller]
pub fn skips_part(module: &str, what: &str) -> bool {
    let missing = is_missing(module);
    if missing {
        tell("skipped in part", &format!("no {module} for {what}"));
    }
    missing
}

/// Says that the calling test, which ends then, is left to another kernel: `make test` counts
/// it apart from those that passed, and names it at its end.
#[track_caller]
pub fn skip(why: &str) {
    tell("skipped", why);
}

#[track_caller]
fn is_missing(module: &str) -> bool {
    let found = Command::new("modprobe").args(["-q", module]).status();
    let missing = !found.is_ok_and(|status| status.success());
    assert!(!missing || kernel() >= (7, 0), "there is no {module}");
    missing
}

#[track_caller]
fn tell(how: &str, why: &str) {
    // A test that has the kernel to itself runs in the thread `main`.
    let (thread, place) = (std::thread::current(), Location::caller());
    let test = match thread.name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", place.file(), place.line()),
    };
    // Not by a macro, whose output a test that passes keeps to itself.
    let line = format!("{how}: {test} ({why})\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error");
}
