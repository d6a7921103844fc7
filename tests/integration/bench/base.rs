// SPDX-License-Identifier: MIT OR Apache-2.0

//! The programs of this checkout against those of another one, which the machine has
//! beside them under names with `-base` (`make bench BASE=FOLDER`).

use crate::cases::{
    Bench, FEW_ROUNDS, LARGE, LOADS, MANY_ROUNDS, RESTORED, ROUNDS, in_loaded_namespace, loaded,
    ours,
};
use crate::load::Load;
use crate::measure::{Pairs, Program, Run};
use crate::table::{Bar, Row};
use crate::{agent, rsctl};

/// Nothing may take more than this many times what it took.
const BAR: Bar = Bar::AtMost(1.05);

/// Measures the rows that have `word` in their name, and prints the table.
pub(crate) fn main(word: &str) {
    let mut bench = Bench::new(word);
    for load in LOADS {
        bench.row(format!("bulk add, {load}: ÷ base"), |row| adds(row, load, &ours("add", load)));
    }
    for job in ["dump", "table"] {
        for load in LOADS {
            bench.row(format!("{job}, {load}: ÷ base"), |row| reads(row, load, &ours(job, load)));
        }
    }
    bench.row("mh, 1,000 destinations: load ÷ base".to_owned(), |row| {
        adds(row, Load::new(1, 1000), &Program::own(["ours", "mh", "load", "1000"]))
    });
    bench.row("1,000 services one by one: ÷ base".to_owned(), |row| {
        adds(row, Load::new(1000, 0), &Program::own(["ours", "singly", "1000"]))
    });
    bench.row("memory: bulk add of 100,000: ÷ base".to_owned(), |row| {
        memory_of_add(row, &ours("add", LARGE))
    });
    bench.row("memory: 100,000 destinations held: ÷ base".to_owned(), |row| {
        memory_of_read(row, &ours("hold", LARGE))
    });
    bench.row("rsctl add-service: ÷ base".to_owned(), |row| {
        whole_adds(row, Load::new(1, 0), MANY_ROUNDS, &rsctl::add_one())
    });
    for load in LOADS {
        bench.row(format!("rsctl list, {load}: ÷ base"), |row| whole_reads(row, load));
    }
    for load in RESTORED {
        bench.row(format!("rsctl restore, {load}: ÷ base"), |row| {
            whole_adds(row, load, FEW_ROUNDS, &rsctl::restore(load))
        });
    }
    bench.row("memory: rsctl list of 100,000: ÷ base".to_owned(), |row| {
        memory_of_read(row, &rsctl::watched_list())
    });
    bench.row("memory: rsctl restore of 100,000: ÷ base".to_owned(), |row| {
        memory_of_add(row, &rsctl::watched_restore(LARGE))
    });
    for (vips, rounds) in agent::CASES {
        bench.row(format!("rs-agent setup, VIPs: {vips}: ÷ base"), |row| {
            pairs(row, rounds, &agent::setup(vips), |program| {
                agent::set_up(vips, program).whole.as_secs_f64()
            })
        });
    }
    bench.print();
}

/// By the clocks of the programs, which add `load` to nothing.
fn adds(name: String, load: Load, program: &Program) -> Row {
    pairs(name, ROUNDS, program, |program| job(&loaded(load, program)))
}

/// By the clocks of the programs, which read `load`.
fn reads(name: String, load: Load, program: &Program) -> Row {
    in_loaded_namespace(load, || pairs(name, ROUNDS, program, |program| job(&program.run())))
}

/// From start to end.
fn whole_adds(name: String, load: Load, rounds: usize, program: &Program) -> Row {
    pairs(name, rounds, program, |program| loaded(load, program).whole.as_secs_f64())
}

/// From start to end.
fn whole_reads(name: String, load: Load) -> Row {
    in_loaded_namespace(load, || {
        pairs(name, ROUNDS, &rsctl::list(), |program| program.run().whole.as_secs_f64())
    })
}

fn memory_of_add(name: String, program: &Program) -> Row {
    memory(name, program, |program| peak(&loaded(LARGE, program)))
}

fn memory_of_read(name: String, program: &Program) -> Row {
    in_loaded_namespace(LARGE, || memory(name, program, |program| peak(&program.run())))
}

fn memory(name: String, program: &Program, peak: impl Fn(&Program) -> f64) -> Row {
    let base = program.of_base();
    let pairs = Pairs::measure(FEW_ROUNDS, || peak(program), || peak(&base));
    Row::times_the_memory(name, &pairs, BAR)
}

fn pairs(name: String, rounds: usize, program: &Program, time: impl Fn(&Program) -> f64) -> Row {
    let base = program.of_base();
    Row::times_as_long(name, &Pairs::measure(rounds, || time(program), || time(&base)), BAR)
}

fn job(run: &Run) -> f64 {
    run.report.job.as_secs_f64()
}

fn peak(run: &Run) -> f64 {
    f64::from(run.report.peak)
}
