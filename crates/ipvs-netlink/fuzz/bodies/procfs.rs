// SPDX-License-Identifier: MIT OR Apache-2.0

//! A place for the parsers of /proc/net/ip_vs*, once there are any: a function
//! `run(data: &[u8])` here, a target like `fuzz_targets/text.rs`, its `[[bin]]`
//! in Cargo.toml, and its name in `tests/corpus.rs`.
