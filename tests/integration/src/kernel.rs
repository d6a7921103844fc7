// SPDX-License-Identifier: MIT OR Apache-2.0

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
