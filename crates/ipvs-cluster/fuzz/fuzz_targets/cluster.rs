// SPDX-License-Identifier: MIT OR Apache-2.0
#![no_main]

#[path = "../bodies/cluster.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
