// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is measured against what: a function for each kind of row, and the list
//! of rows.

use crate::load::{Load, grouped};
use crate::measure::{Pairs, Program, Run, in_namespace, table_size};
use crate::table::{self, Bar, Row};
use crate::{agent, rival, rsctl};

pub(crate) const LOADS: [Load; 3] = [Load::new(1000, 10), Load::new(100, 100), Load::new(10, 1000)];
/// For the memory of a process that must not depend on it.
const SMALL: Load = Load::new(100, 100);
pub(crate) const LARGE: Load = Load::new(1000, 100);

/// Of 11,000 lines, and of 101,000.
pub(crate) const RESTORED: [Load; 2] = [LOADS[0], LARGE];

/// Rounds of pairs of what is over in some milliseconds, of others, and of pairs with a
/// program that takes its time.
pub(crate) const MANY_ROUNDS: usize = 51;
pub(crate) const ROUNDS: usize = 15;
pub(crate) const FEW_ROUNDS: usize = 5;
/// With one that takes half a minute.
const LEAST_ROUNDS: usize = 3;

/// Measures the rows that have `word` in their name, and prints the table. A
/// new row is one more call here and the function that measures it.
pub(crate) fn main(word: &str) {
    let mut bench = Bench::new(word);
    for load in LOADS {
        bench.row(format!("bulk add, {load}: ÷ raw socket"), |row| add_by_floor(row, load));
    }
    for load in LOADS {
        bench.row(format!("bulk add, {load}: × ipvsadm -R"), |row| add_by_rival(row, load));
    }
    for load in LOADS {
        bench.row(format!("dump, {load}: ÷ raw socket"), |row| dump_by_floor(row, load));
    }
    for load in LOADS {
        bench.row(format!("dump, {load}: × ipvsadm -Ln"), |row| dump_by_rival(row, load));
    }
    for load in LOADS {
        bench.row(format!("whole table, {load}: ÷ raw socket"), |row| table_by_floor(row, load));
    }
    bench.row("mh, 1,000 destinations: load × batch".to_owned(), mh_by_batch);
    bench.row("1,000 services one by one: ÷ raw socket".to_owned(), singly_by_floor);
    bench.row("one service: × ipvsadm -A".to_owned(), one_by_rival);
    let [large, small] = [LARGE, SMALL].map(|load| grouped(load.total_destinations()));
    bench.row(format!("memory: bulk add of {large} ÷ of {small}"), memory_of_add);
    bench.row(format!("memory: {large} destinations read and held"), memory_of_dump);
    bench.row("memory: 1,000,000 connections streamed".to_owned(), memory_of_connections);
    bench.row("rsctl add-service: ÷ ipvsadm -A".to_owned(), rsctl_one_by_rival);
    for load in LOADS {
        bench.row(format!("rsctl list, {load}: ÷ raw socket"), |row| {
            rsctl_list_by_floor(row, load)
        });
    }
    for load in LOADS {
        bench.row(format!("rsctl list, {load}: × ipvsadm -Ln"), |row| {
            rsctl_list_by_rival(row, load)
        });
    }
    for load in RESTORED {
        bench.row(format!("rsctl restore, {load}: × ipvsadm -R"), |row| {
            rsctl_restore_by_rival(row, load)
        });
    }
    for load in RESTORED {
        bench.row(format!("rsctl restore, {load}: ÷ library"), |row| {
            rsctl_restore_by_library(row, load, "add")
        });
    }
    for load in RESTORED {
        bench.row(format!("rsctl restore, {load}: ÷ library and a look"), |row| {
            rsctl_restore_by_library(row, load, "restore")
        });
    }
    bench.row(format!("memory: rsctl list of {large}"), memory_of_rsctl_list);
    bench.row(format!("memory: rsctl restore of {large}"), memory_of_rsctl_restore);
    bench.row("rs-agent setup of 1 VIP: × shell script".to_owned(), agent::one_vip);
    bench.row("rs-agent setup of 1,000 VIPs: × shell script".to_owned(), agent::a_thousand_vips);
    bench.print();
}

/// The rows that are asked for, as they are measured.
pub(crate) struct Bench<'a> {
    word: &'a str,
    rows: Vec<Row>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(word: &'a str) -> Self {
        Self { word, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: String, measure: impl FnOnce(String) -> Row) {
        if name.contains(self.word) {
            eprintln!("bench: {name}");
            self.rows.push(measure(name));
        }
    }

    pub(crate) fn print(self) {
        assert!(!self.rows.is_empty(), "no row has '{}' in its name", self.word);
        println!();
        table::print(&self.rows);
    }
}

/// Ours against the bare socket, by the clocks of the two programs: neither
/// starting nor connecting counts.
fn add_by_floor(name: String, load: Load) -> Row {
    // The bare socket gets the best of four sizes of a send, so that ours is not
    // measured against a bad choice.
    let floor = [64, 128, 256, 512]
        .map(|size| floor_add(load, size))
        .into_iter()
        .min_by_key(|floor| (0..2).map(|_| loaded(load, floor).report.job).min())
        .expect("one of four");
    let ours = ours("add", load);
    let job = |program| loaded(load, program).report.job.as_secs_f64();
    let pairs = Pairs::measure(ROUNDS, || job(&ours), || job(&floor));
    Row::times_as_long(name, &pairs, Bar::AtMost(1.15))
}

/// Process against process.
fn add_by_rival(name: String, load: Load) -> Row {
    let (ours, rival) = (ours("add", load), rival::restore(load));
    let whole = |program| loaded(load, program).whole.as_secs_f64();
    let pairs = Pairs::measure(FEW_ROUNDS, || whole(&ours), || whole(&rival));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(10.0))
}

/// One pass each, by the clocks of the two programs.
fn dump_by_floor(name: String, load: Load) -> Row {
    Row::times_as_long(name, &read_by_floor("dump", load), Bar::AtMost(1.15))
}

/// What it costs to be sure: all that takes more than one datagram is read until
/// two reads agree, so twice where nothing changes, and kept.
fn table_by_floor(name: String, load: Load) -> Row {
    Row::times_as_long(name, &read_by_floor("table", load), Bar::None)
}

fn read_by_floor(job: &str, load: Load) -> Pairs {
    let (ours, floor) = (ours(job, load), floor_dump(load));
    let job = |program: &Program| program.run().report.job.as_secs_f64();
    in_loaded_namespace(load, || Pairs::measure(ROUNDS, || job(&ours), || job(&floor)))
}

/// The cheap path for a service that is not in use yet against server by server.
fn mh_by_batch(name: String) -> Row {
    let load = Load::new(1, 1000);
    let mh = |way| Program::own(["ours", "mh", way, &load.arguments()[1]]);
    let job = |program| loaded(load, program).report.job.as_secs_f64();
    let (cheap, dear) = (mh("load"), mh("batch"));
    let pairs = Pairs::measure(FEW_ROUNDS, || job(&cheap), || job(&dear));
    Row::times_as_fast(name, &pairs, Bar::None)
}

/// Process against process.
fn dump_by_rival(name: String, load: Load) -> Row {
    let (ours, rival) = (ours("dump", load), rival::list());
    let whole = |program: &Program| program.run().whole.as_secs_f64();
    let pairs =
        in_loaded_namespace(load, || Pairs::measure(ROUNDS, || whole(&ours), || whole(&rival)));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(2.0))
}

/// What one change costs once connected: a thousand, each answered before the
/// next is sent.
fn singly_by_floor(name: String) -> Row {
    let load = Load::new(1000, 0);
    let (ours, floor) = (Program::own(["ours", "singly", "1000"]), floor_add(load, 1));
    let job = |program| loaded(load, program).report.job.as_secs_f64();
    let pairs = Pairs::measure(ROUNDS, || job(&ours), || job(&floor));
    Row::times_as_long(name, &pairs, Bar::AtMost(1.15))
}

/// Process against process: start, connect, add one service, end.
fn one_by_rival(name: String) -> Row {
    let load = Load::new(1, 0);
    let (ours, rival) = (Program::own(["ours", "one"]), rival::add_one());
    let whole = |program| loaded(load, program).whole.as_secs_f64();
    let pairs = Pairs::measure(MANY_ROUNDS, || whole(&ours), || whole(&rival));
    Row::times_as_fast(name, &pairs, Bar::None)
}

/// Process against process.
fn rsctl_one_by_rival(name: String) -> Row {
    let load = Load::new(1, 0);
    let (ours, rival) = (rsctl::add_one(), rival::add_one());
    let whole = |program| loaded(load, program).whole.as_secs_f64();
    let pairs = Pairs::measure(MANY_ROUNDS, || whole(&ours), || whole(&rival));
    Row::times_as_long(name, &pairs, Bar::AtMost(1.15))
}

/// Process against process: the other only reads, ours prints it all.
fn rsctl_list_by_floor(name: String, load: Load) -> Row {
    let (ours, floor) = (rsctl::list(), floor_dump(load));
    let whole = |program: &Program| program.run().whole.as_secs_f64();
    let pairs =
        in_loaded_namespace(load, || Pairs::measure(ROUNDS, || whole(&ours), || whole(&floor)));
    Row::times_as_long(name, &pairs, Bar::AtMost(1.3))
}

/// Process against process, each printing into nothing.
fn rsctl_list_by_rival(name: String, load: Load) -> Row {
    let (ours, rival) = (rsctl::list(), rival::list());
    let whole = |program: &Program| program.run().whole.as_secs_f64();
    let pairs =
        in_loaded_namespace(load, || Pairs::measure(ROUNDS, || whole(&ours), || whole(&rival)));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(2.0))
}

/// Process against process, both given the same text.
fn rsctl_restore_by_rival(name: String, load: Load) -> Row {
    let (ours, rival) = (rsctl::restore(load), rival::restore(load));
    let rounds = if load.total_destinations() > 10_000 { LEAST_ROUNDS } else { FEW_ROUNDS };
    let whole = |program| loaded(load, program).whole.as_secs_f64();
    let pairs = Pairs::measure(rounds, || whole(&ours), || whole(&rival));
    Row::times_as_fast(name, &pairs, Bar::AtLeast(10.0))
}

/// Process against process: the other makes its changes as it goes, without a
/// text to read.
fn rsctl_restore_by_library(name: String, load: Load, job: &str) -> Row {
    let (restore, library) = (rsctl::restore(load), ours(job, load));
    let whole = |program| loaded(load, program).whole.as_secs_f64();
    let pairs = Pairs::measure(FEW_ROUNDS, || whole(&restore), || whole(&library));
    Row::times_as_long(name, &pairs, Bar::AtMost(1.3))
}

fn memory_of_rsctl_restore(name: String) -> Row {
    let program = rsctl::watched_restore(LARGE);
    let peak = || f64::from(loaded(LARGE, &program).report.peak);
    let peaks: Vec<f64> = (0..FEW_ROUNDS).map(|_| peak()).collect();
    Row::memory(name, &peaks, Bar::AtMost(64.0))
}

fn memory_of_rsctl_list(name: String) -> Row {
    let program = rsctl::watched_list();
    let peaks = in_loaded_namespace(LARGE, || {
        (0..FEW_ROUNDS).map(|_| f64::from(program.run().report.peak)).collect::<Vec<_>>()
    });
    Row::memory(name, &peaks, Bar::AtMost(64.0))
}

fn memory_of_add(name: String) -> Row {
    let peak = |load| f64::from(loaded(load, &ours("add", load)).report.peak);
    let pairs = Pairs::measure(FEW_ROUNDS, || peak(LARGE), || peak(SMALL));
    Row::times_the_memory(name, &pairs, Bar::AtMost(1.1))
}

fn memory_of_dump(name: String) -> Row {
    let program = ours("hold", LARGE);
    let peaks = in_loaded_namespace(LARGE, || {
        (0..FEW_ROUNDS).map(|_| f64::from(program.run().report.peak)).collect::<Vec<_>>()
    });
    Row::memory(name, &peaks, Bar::AtMost(64.0))
}

fn memory_of_connections(name: String) -> Row {
    let program = Program::own(["ours", "connections", "1000000"]);
    let peaks = in_namespace(|| {
        (0..FEW_ROUNDS).map(|_| f64::from(program.run().report.peak)).collect::<Vec<_>>()
    });
    Row::memory(name, &peaks, Bar::AtMost(16.0))
}

pub(crate) fn ours(job: &str, load: Load) -> Program {
    let [services, destinations] = load.arguments();
    Program::own(["ours", job, &services, &destinations])
}

fn floor_add(load: Load, per_send: usize) -> Program {
    let [services, destinations] = load.arguments();
    Program::own(["floor", "add", &services, &destinations, &per_send.to_string()])
}

fn floor_dump(load: Load) -> Program {
    let [services, destinations] = load.arguments();
    Program::own(["floor", "dump", &services, &destinations])
}

/// Runs `program`, which adds `load`, in a fresh namespace.
pub(crate) fn loaded(load: Load, program: &Program) -> Run {
    in_namespace(|| {
        let run = program.run();
        assert_eq!(table_size(), load.services + load.total_destinations());
        run
    })
}

/// Does `work` in a fresh namespace that `load` has been added to.
pub(crate) fn in_loaded_namespace<V: Send>(load: Load, work: impl FnOnce() -> V + Send) -> V {
    in_namespace(|| {
        floor_add(load, 256).run();
        work()
    })
}
