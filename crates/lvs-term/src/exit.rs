// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names the exit statuses that all programs share. Those above are a program's own.

/// Done, or there was nothing to do.
pub const DONE: u8 = 0;
/// Failed: refused by the kernel, or not to be had.
pub const FAILED: u8 = 1;
/// Bad usage or bad input; nothing was changed.
pub const USAGE: u8 = 2;
