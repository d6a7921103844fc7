// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the programs of this project speak to whoever started them.

pub mod escaped;
mod signals;
mod stdout;
mod text;

pub use signals::ignored_signals;
pub use stdout::{Stdout, check_stdout};
pub use text::is_harmful;
