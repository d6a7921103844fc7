// SPDX-License-Identifier: MIT OR Apache-2.0

//! Starts `rsctl`, without Rust's own start where there is another way.
//!
//! Rust's own start reads `/proc/self/maps` to find the end of the stack, which lets it tell
//! an overflow from other faults. That is nearly a tenth of what adding a service takes as a
//! whole, and scripts call `rsctl` a thousand times (docs/performance.md). What else it does,
//! `start` does.

// Only glibc tells a program its arguments without it.
#![cfg_attr(all(target_os = "linux", target_env = "gnu"), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod start;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() -> std::process::ExitCode {
    rsctl::main().into()
}
