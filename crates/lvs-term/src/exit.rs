// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names the exit statuses that all programs share. Those above are a program's own.

/// It is done, or there was nothing to do.
pub const DONE: u8 = 0;
/// It has failed: the kernel refused, or something is not to be had.
pub const FAILED: u8 = 1;
/// The usage or the input is bad; nothing was changed.
pub const USAGE: u8 = 2;
