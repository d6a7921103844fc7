// SPDX-License-Identifier: MIT OR Apache-2.0

//! Processes, how long they take and how much memory; and how two of them are
//! compared.

use std::ffi::OsString;
use std::fs;
use std::io::{Seek, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

/// What a program of ours says of itself when it is done.
#[derive(Clone, Copy, Default)]
pub(crate) struct Report {
    /// How long its job took, without starting and connecting.
    pub(crate) job: Duration,
    /// The most memory it ever had (`VmHWM`), in KiB.
    pub(crate) peak: u32,
}

impl Report {
    /// Of a job that began at `clock` and ends now.
    pub(crate) fn since(clock: Instant) -> Self {
        let job = clock.elapsed();
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

/// A program to run.
#[derive(Clone)]
pub(crate) struct Program {
    path: OsString,
    arguments: Vec<String>,
    input: String,
    reports: bool,
}

/// How it ran.
pub(crate) struct Run {
    /// From its start to its end.
    pub(crate) whole: Duration,
    /// What it said of itself, if it is ours.
    pub(crate) report: Report,
}

impl Program {
    pub(crate) fn new<'a>(path: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            path: path.into(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            input: String::new(),
            reports: false,
        }
    }

    /// A job of this binary.
    pub(crate) fn own<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let path = std::env::current_exe().expect("the path of this program").into();
        Self { path, reports: true, ..Self::new("", arguments) }
    }

    /// The same of the other checkout, which has `-base` behind its name.
    pub(crate) fn of_base(&self) -> Self {
        let mut base = self.clone();
        match &mut base.arguments[..] {
            // Watched by this binary, whichever it is.
            [watched, program, ..] if watched == "watched" => program.push_str("-base"),
            _ => base.path.push("-base"),
        }
        base
    }

    /// Gives it a file with `text` as its standard input.
    pub(crate) fn input(self, text: String) -> Self {
        Self { input: text, ..self }
    }

    /// Runs it in the network namespace of this thread.
    pub(crate) fn run(&self) -> Run {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(self.input_file());
        command.stdout(if self.reports { Stdio::piped() } else { Stdio::null() });
        // Not the console: how far it is, which `rsctl` says there, is not the job.
        command.stderr(Stdio::piped());
        let clock = Instant::now();
        let output = command.spawn().and_then(|child| child.wait_with_output());
        let whole = clock.elapsed();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {}: {complaint}", command, output.status);
        let report = match self.reports {
            true => Report::parse(&String::from_utf8_lossy(&output.stdout)),
            false => Report::default(),
        };
        Run { whole, report }
    }

    fn input_file(&self) -> Stdio {
        if self.input.is_empty() {
            return Stdio::null();
        }
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(self.input.as_bytes()).and_then(|()| file.rewind()).expect("its text");
        file.into()
    }
}

/// Does `work` in a network namespace of its own, in which nothing was ever
/// deleted: destinations that were would be looked at whenever one is added,
/// for minutes.
pub(crate) fn in_namespace<V: Send>(work: impl FnOnce() -> V + Send) -> V {
    rest();
    let inside = || {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace (needs root)");
        // Without it every IPv4 destination is refused.
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.expect("ip").success());
        work()
    };
    thread::scope(|scope| scope.spawn(inside).join()).expect("the work")
}

/// Waits until the processor has nothing to do: the kernel tears the last
/// namespace down in its own time.
fn rest() {
    const WINDOW: Duration = Duration::from_millis(300);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let before = idle();
        let clock = Instant::now();
        thread::sleep(WINDOW);
        if idle() - before > clock.elapsed().mul_f64(0.9) {
            return;
        }
        assert!(Instant::now() < deadline, "the machine does not come to rest");
    }
}

/// How long the first processor has been idle.
fn idle() -> Duration {
    let stat = fs::read_to_string("/proc/stat").expect("/proc/stat");
    let ticks = stat.lines().find(|line| line.starts_with("cpu0")).expect("cpu0").split(' ').nth(4);
    let ticks: u64 = ticks.and_then(|ticks| ticks.parse().ok()).expect("ticks of cpu0");
    Duration::from_millis(ticks * 10) // USER_HZ is 100 wherever Linux runs
}

/// How many services and destinations there are, by the kernel's own list.
pub(crate) fn table_size() -> u32 {
    let list = fs::read_to_string("/proc/thread-self/net/ip_vs").expect("/proc/net/ip_vs");
    let heading = 3;
    u32::try_from(list.lines().count() - heading).expect("a size")
}

/// Two figures measured in turn.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(f64, f64)>);

/// The middle one of some figures, and the outermost.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Pairs {
    /// Measures both `rounds` times, each first in every other round, after one
    /// round that does not count.
    pub(crate) fn measure(
        rounds: usize,
        mut ours: impl FnMut() -> f64,
        mut other: impl FnMut() -> f64,
    ) -> Self {
        ours();
        other();
        let round = |number| {
            if number % 2 == 0 {
                let first = ours();
                (first, other())
            } else {
                let first = other();
                (ours(), first)
            }
        };
        Self((0..rounds).map(round).collect())
    }

    /// Ours ÷ other, pair by pair.
    pub(crate) fn ours_by_other(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, other)| ours / other))
    }

    /// Other ÷ ours, pair by pair.
    pub(crate) fn other_by_ours(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, other)| other / ours))
    }

    pub(crate) fn ours(&self) -> Spread {
        Spread::of(self.0.iter().map(|(ours, _)| *ours))
    }

    pub(crate) fn other(&self) -> Spread {
        Spread::of(self.0.iter().map(|(_, other)| *other))
    }
}

impl Spread {
    pub(crate) fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        Self {
            median: figures[figures.len() / 2],
            least: figures[0],
            most: figures[figures.len() - 1],
        }
    }
}
