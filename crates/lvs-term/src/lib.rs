// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the programs of this project speak to whoever started them.

mod stdout;

pub use stdout::{Stdout, check_stdout};
