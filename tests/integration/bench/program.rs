// SPDX-License-Identifier: MIT OR Apache-2.0

//! Programs as processes of their own: what of one is measured, and how it is run.

use std::ffi::OsString;
use std::fs;
use std::io::{Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program of ours says of itself when it is done.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    /// How long its job took, without starting and connecting.
    pub(crate) job: Duration,
    /// The most memory it ever had (`VmHWM`), in KiB.
    pub(crate) peak: u32,
}

impl Report {
    /// Of a job that began at `clock` and ends now.
    pub(crate) fn since(clock: Instant) -> Self {
        Self::of(clock.elapsed())
    }

    /// Of a job that took so long and ended now.
    pub(crate) fn of(job: Duration) -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("/proc/self/status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")).expect("VmHWM");
        Self { job, peak: peak.parse().expect("VmHWM") }
    }

    pub(crate) fn print(self) {
        println!("{} {}", self.job.as_nanos(), self.peak);
    }

    fn parse(text: &str) -> Self {
        let (nanoseconds, peak) = text.trim().split_once(' ').expect("a report");
        Self {
            job: Duration::from_nanos(nanoseconds.parse().expect("nanoseconds")),
            peak: peak.parse().expect("KiB"),
        }
    }
}

/// What of a run is measured.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// Seconds from the start of the process to its end.
    Whole,
    /// The seconds that a program of ours reports for its job.
    Job,
    /// The KiB that a program of ours reports.
    Peak,
}

/// A program to run, with the figure that counts.
#[derive(Clone)]
pub(crate) struct Program {
    path: OsString,
    /// What it is given, one after the other: more than one if it makes a change, which
    /// the next run has to undo.
    turns: Vec<Turn>,
    figure: Figure,
    /// Whether it is a job of this binary.
    own: bool,
    /// Exit statuses that are no failure.
    statuses: &'static [i32],
}

#[derive(Clone, Default)]
struct Turn {
    arguments: Vec<String>,
    input: String,
}

/// Jobs of this binary that run the program named behind them.
const RUNNERS: [&str; 4] = ["watched", "masked", "repair", "spend"];

impl Program {
    /// A process, measured from start to end.
    pub(crate) fn new<'a>(path: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let turns = vec![Turn { arguments, input: String::new() }];
        Self { path: path.into(), turns, figure: Figure::Whole, own: false, statuses: &[0] }
    }

    /// A job of this binary, measured by what it reports.
    pub(crate) fn own<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let path = std::env::current_exe().expect("the path of this program").into();
        Self { path, figure: Figure::Job, own: true, ..Self::new("", arguments) }
    }

    /// Another program that reports as a job of this binary does.
    pub(crate) fn reporting<'a>(path: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self { figure: Figure::Job, ..Self::new(path, arguments) }
    }

    /// The same program, measured from start to end.
    pub(crate) fn by_process(self) -> Self {
        Self { figure: Figure::Whole, ..self }
    }

    /// The same job of this binary, measured by the memory that it reports.
    pub(crate) fn by_memory(self) -> Self {
        Self { figure: Figure::Peak, ..self }
    }

    /// Gives it a file with `text` as its standard input.
    pub(crate) fn input(mut self, text: String) -> Self {
        for turn in &mut self.turns {
            turn.input.clone_from(&text);
        }
        self
    }

    /// Runs it as `other` every second time.
    pub(crate) fn in_turn_with(mut self, other: Self) -> Self {
        self.turns.extend(other.turns);
        self
    }

    /// Takes these exit statuses for success, too.
    pub(crate) fn may_exit(self, statuses: &'static [i32]) -> Self {
        Self { statuses, ..self }
    }

    /// The same of the other checkout, which has `-base` behind its name.
    pub(crate) fn of_base(&self) -> Self {
        let mut base = self.clone();
        let is_runner = |turn: &Turn| RUNNERS.contains(&turn.arguments[0].as_str());
        if self.own && self.turns.iter().all(is_runner) {
            base.turns.iter_mut().for_each(|turn| turn.arguments[1].push_str("-base"));
        } else {
            base.path.push("-base");
        }
        base
    }

    pub(crate) fn figure(&self) -> Figure {
        self.figure
    }

    /// Tells whether its runs undo one another.
    pub(crate) fn has_turns(&self) -> bool {
        self.turns.len() > 1
    }

    /// Runs it in the network namespace of this thread and returns its figure.
    pub(crate) fn measure(&self, turn: usize) -> f64 {
        let turn = &self.turns[turn % self.turns.len()];
        let mut command = Command::new(&self.path);
        command.args(&turn.arguments).stdin(turn.input_file());
        let reports = self.figure != Figure::Whole;
        command.stdout(if reports { Stdio::piped() } else { Stdio::null() });
        // Not the console: how far it is, which `rsctl` says there, is not the job.
        command.stderr(Stdio::piped());
        let clock = Instant::now();
        let output = command.spawn().and_then(|child| child.wait_with_output());
        let whole = clock.elapsed();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let complaint = String::from_utf8_lossy(&output.stderr);
        let ended_well = output.status.code().is_some_and(|code| self.statuses.contains(&code));
        assert!(ended_well, "{command:?}: {}: {complaint}", output.status);
        let report = || Report::parse(&String::from_utf8_lossy(&output.stdout));
        match self.figure {
            Figure::Whole => whole.as_secs_f64(),
            Figure::Job => report().job.as_secs_f64(),
            Figure::Peak => f64::from(report().peak),
        }
    }

    /// Runs it for what it does.
    pub(crate) fn run(&self) {
        self.measure(0);
    }
}

impl Turn {
    fn input_file(&self) -> Stdio {
        if self.input.is_empty() {
            return Stdio::null();
        }
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(self.input.as_bytes()).and_then(|()| file.rewind()).expect("its text");
        file.into()
    }
}
