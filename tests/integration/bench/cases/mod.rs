// SPDX-License-Identifier: MIT OR Apache-2.0

//! The list of rows. A new row is one more call in one of these files.

mod agent;
mod library;
mod restore;
mod views;

use crate::case::Bench;
use crate::load::Load;

const LOADS: [Load; 3] = [Load::new(1000, 10), Load::new(100, 100), Load::new(10, 1000)];
const LARGE: Load = Load::new(1000, 100);
const NO_SERVERS: Load = Load::new(10_000, 0);

/// Measures the rows that have `word` in their name, against those of another checkout if
/// `base`, and prints each as a line.
pub(crate) fn main(word: &str, base: bool) {
    let mut bench = Bench::new(word, base);
    // What a first run is like can be seen once in the life of a machine.
    views::first_run(&mut bench);
    library::rows(&mut bench);
    views::rows(&mut bench);
    restore::rows(&mut bench);
    views::small_rows(&mut bench);
    agent::rows(&mut bench);
    bench.end();
}
