// SPDX-License-Identifier: MIT OR Apache-2.0

//! How far from the least the kernel asks for, and how far ahead of `ipvsadm`:
//! one table of ratios, each measured in pairs within this run (`make bench`).
//!
//! Every measured program is a process of its own, in a network namespace that
//! nothing was ever deleted from; this binary is also the programs `floor`,
//! `ours` and `watched`. What is measured against what stands in `cases`, and in
//! `base` for two checkouts.

mod agent;
mod base;
mod cases;
mod floor;
mod load;
mod measure;
mod ours;
mod rival;
mod rsctl;
mod table;
mod watched;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", job @ ..] => floor::main(job),
        ["ours", job @ ..] => ours::main(job),
        ["watched", program @ ..] => watched::main(program),
        [] => cases::main(""),
        ["base"] => base::main(""),
        ["base", word] => base::main(word),
        [word] => cases::main(word),
        _ => panic!("usage: bench [base] [WORD OF THE ROWS TO MEASURE]"),
    }
}
