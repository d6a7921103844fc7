// SPDX-License-Identifier: MIT OR Apache-2.0

//! The written form of a table, `ipvs-table/1`: JSON that holds everything, one
//! server a line. `docs/save-format.md` has every field.

mod flags;
mod objects;
mod pieces;
mod read;
mod text;
mod write;

use crate::desired::{Desired, Fault};
use crate::problem::Line;

pub use crate::problem::Problem;
pub use objects::{after, before};
pub use read::{MAX_BYTES, MAX_OBJECTS, read};
pub use write::write;

/// What the first field of every file says.
pub const FORMAT: &str = "ipvs-table/1";

/// Holds what a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What is wanted.
    pub desired: Desired,
    /// What of it is not sound, in the order of the file. It may be there already, and is
    /// refused where it is not ([`refused`](crate::refused)).
    pub doubts: Vec<Fault<Line>>,
}
