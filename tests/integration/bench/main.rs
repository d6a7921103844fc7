// SPDX-License-Identifier: MIT OR Apache-2.0

//! How far from the least the kernel asks for, and how far ahead of `ipvsadm`:
//! tables of ratios, each measured in pairs within one run (`make bench`).
//!
//! Every measured program is a process of its own, in a network namespace that
//! nothing was ever deleted from; this binary is also most of those programs. What is
//! measured against what stands in `cases`. In the machine it prints each row as a line;
//! outside, it makes the table, the page and the plots of such lines.

mod agent;
mod case;
mod cases;
mod floor;
mod keeper;
mod load;
mod masked;
mod measure;
mod ours;
mod page;
mod plot;
mod program;
mod reload;
mod rival;
mod row;
mod rsctl;
mod scene;
mod swap;
mod table;
mod text;
mod watched;

use load::Load;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", job @ ..] => floor::main(job),
        ["ours", job @ ..] => ours::main(job),
        ["watched", program @ ..] => watched::main(program),
        ["masked", program @ ..] => masked::main(program),
        ["connections", lines] => masked::make(lines.parse().expect("LINES")),
        ["repair", program, vips] => keeper::repair(program, vips),
        ["spend", program, vips, what] => keeper::spend(program, vips, what),
        ["reload", services, destinations] => reload::main(Load::parse(services, destinations)),
        ["swap", who, services, destinations] => {
            swap::main(who, Load::parse(services, destinations));
        }
        ["show"] => page::show(None),
        &["show", data] => page::show(Some(data)),
        ["page", data, page, plots] => page::write(data, page, plots),
        [] => cases::main("", false),
        ["base"] => cases::main("", true),
        ["base", word] => cases::main(word, true),
        [word] => cases::main(word, false),
        _ => panic!("usage: bench [base] [WORD OF THE ROWS TO MEASURE]"),
    }
}
