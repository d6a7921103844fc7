// SPDX-License-Identifier: MIT OR Apache-2.0

//! The written form of a table, `ipvs-table/1`: JSON that holds everything, one
//! server a line. `docs/save-format.md` has every field.

mod flags;
mod objects;
mod pieces;
mod read;
mod text;
mod write;

pub use objects::{after, before};
pub use read::{MAX_BYTES, MAX_OBJECTS, read};
pub use write::write;

/// What the first field of every file says.
pub const FORMAT: &str = "ipvs-table/1";

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}
