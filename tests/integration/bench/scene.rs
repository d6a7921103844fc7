// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where a program runs: a network namespace of its own, prepared for it.

use std::cell::Cell;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

use crate::load::Load;
use crate::measure::Pairs;
use crate::program::Program;

/// What a namespace holds before a program runs in it, and afterwards.
#[derive(Clone)]
pub(crate) struct Scene {
    prepared_by: Vec<Program>,
    /// Whether each run has a namespace to itself: what the program makes is there for good.
    fresh: bool,
    afterwards: Afterwards,
}

#[derive(Clone, Copy)]
enum Afterwards {
    Anything,
    /// So many services and servers.
    Table(u32),
    /// So many VIPs.
    Vips(u32),
}

impl Scene {
    /// A namespace with nothing in it, for all runs.
    pub(crate) fn empty() -> Self {
        Self { prepared_by: Vec::new(), fresh: false, afterwards: Afterwards::Anything }
    }

    /// A namespace with the table `load`, for all runs.
    pub(crate) fn table(load: Load) -> Self {
        Self::empty().prepared_by(load.adding(256))
    }

    /// A new namespace for each run, to which the program adds `load`.
    pub(crate) fn adding(load: Load) -> Self {
        let afterwards = Afterwards::Table(load.services + load.total_destinations());
        Self { afterwards, ..Self::empty().fresh() }
    }

    /// A new namespace for each run, to which the program adds so many VIPs.
    pub(crate) fn adding_vips(count: u32) -> Self {
        Self { afterwards: Afterwards::Vips(count), ..Self::empty().fresh() }
    }

    /// Lets `program` run before anything is measured.
    pub(crate) fn prepared_by(mut self, program: Program) -> Self {
        self.prepared_by.push(program);
        self
    }

    /// Gives each run a namespace to itself.
    pub(crate) fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    /// Measures the two in turn.
    pub(crate) fn pairs(&self, rounds: usize, ours: &Program, other: &Program) -> Pairs {
        if self.fresh {
            return Pairs::measure(rounds, || self.once(ours), || self.once(other));
        }
        self.within(|| {
            // Two programs that change the same table undo each other's change.
            let changes = Cell::new(0);
            let turn = |program: &Program| {
                let turn = changes.get();
                changes.set(turn + usize::from(program.has_turns()));
                turn
            };
            Pairs::measure(rounds, || ours.measure(turn(ours)), || other.measure(turn(other)))
        })
    }

    /// Measures one program alone.
    pub(crate) fn figures(&self, rounds: usize, program: &Program) -> Vec<f64> {
        if self.fresh {
            return (0..rounds).map(|_| self.once(program)).collect();
        }
        self.within(|| (0..rounds).map(|round| program.measure(round)).collect())
    }

    /// Measures the first run of a program against each of those that follow.
    pub(crate) fn first_and_later(&self, rounds: usize, program: &Program) -> Pairs {
        self.within(|| {
            let first = program.measure(0);
            Pairs::measure(rounds, || first, || program.measure(0))
        })
    }

    /// Runs `program` once, in a namespace that nobody had before.
    pub(crate) fn once(&self, program: &Program) -> f64 {
        self.within(|| {
            let figure = program.measure(0);
            match self.afterwards {
                Afterwards::Anything => {}
                Afterwards::Table(size) => assert_eq!(table_size(), size, "the table"),
                Afterwards::Vips(count) => assert_eq!(vips_on_lo(), count, "VIPs"),
            }
            figure
        })
    }

    fn within<V: Send>(&self, work: impl FnOnce() -> V + Send) -> V {
        in_namespace(|| {
            self.prepared_by.iter().for_each(Program::run);
            work()
        })
    }
}

/// Does `work` in a network namespace of its own, in which nothing was ever
/// deleted: destinations that were would be looked at whenever one is added,
/// for minutes.
fn in_namespace<V: Send>(work: impl FnOnce() -> V + Send) -> V {
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
pub(crate) fn rest() {
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

/// By the kernel's list of local addresses.
fn vips_on_lo() -> u32 {
    let trie = fs::read_to_string("/proc/thread-self/net/fib_trie").expect("fib_trie");
    let local = trie.lines().map(str::trim).filter(|line| line.starts_with("|-- 10.9."));
    let main_and_local = local.collect::<std::collections::BTreeSet<_>>();
    u32::try_from(main_and_local.len()).expect("a count")
}
