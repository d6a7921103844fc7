// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes the file that describes a cluster, `ipvs-cluster/1`.

mod export;
mod node;

pub use export::{Export, LeftOut, export};
