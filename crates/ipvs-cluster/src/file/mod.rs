// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes a table as a file, `ipvs-table/2`: JSON that holds everything, one
//! server a line. `docs/save-format.md` has every field.

mod flags;
mod objects;
mod pieces;
mod problem;
mod read;
mod text;
mod write;

use crate::desired::{Desired, Fault};

pub use objects::{Object, after, before};
pub use problem::{Line, Problem};
pub use read::{MAX_BYTES, MAX_OBJECTS, read};
pub use write::{write, write_server};

/// Names the format: what the first field of every file that is written says.
pub const FORMAT: &str = "ipvs-table/2";

/// The formats that are read. They differ in words only, and those of each are read in both.
const READ: [&str; 2] = ["ipvs-table/1", FORMAT];

/// Holds what a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// What is wanted.
    pub desired: Desired,
    /// What of it is not sound, in the order of the file. It may be there already, and is
    /// refused where it is not ([`refused`](crate::refused)).
    pub doubts: Vec<Fault<Line>>,
}
