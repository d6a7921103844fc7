// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rsctl` shows, and what it does to one thing.

use super::{LARGE, LOADS, NO_SERVERS};
use crate::case::{Bench, Case, FEW_ROUNDS, LEAST_ROUNDS, MANY_ROUNDS, ROUNDS};
use crate::load::{Load, PORTS};
use crate::program::{Figure, Program};
use crate::rival;
use crate::row::{Bar, Form};
use crate::rsctl::{self, rsctl};
use crate::scene::Scene;

const MARKS: Load = Load::marks(50_000, 0);
const CONNECTIONS: &str = "100000";

/// One run of a program that this machine has never run, against those behind it.
pub(super) fn first_run(bench: &mut Bench<'_>) {
    bench.section("views");
    let list = rsctl(["list"]);
    bench.other(
        "rsctl list, 1,000 × 10: the first run ÷ a later one",
        Form::AsLong,
        Bar::None,
        Figure::Whole,
        || Scene::table(LOADS[0]).first_and_later(FEW_ROUNDS, &list),
    );
}

pub(super) fn rows(bench: &mut Bench<'_>) {
    bench.section("views");
    let bars = [(0.55, 4.0), (1.3, 2.0), (1.3, 2.0)];
    for (load, bars) in LOADS.into_iter().zip(bars) {
        list(bench, load, bars, ROUNDS);
    }
    list(bench, NO_SERVERS, (0.25, 4.0), FEW_ROUNDS);
    list(bench, MARKS, (0.25, 4.0), LEAST_ROUNDS);
    let json = ["list", "--json"];
    let large = Scene::table(LARGE);
    bench.case(
        Case::new(format!("rsctl list --json, {LARGE}"), large.clone(), FEW_ROUNDS, rsctl(json))
            .over("raw socket", LARGE.raw_dump().by_process(), Bar::AtMost(1.6)),
    );
    let memory = |name: &str, words, limit| {
        let name = format!("memory: rsctl {name} of 100,000");
        Case::new(name, large.clone(), FEW_ROUNDS, words).alone(Bar::AtMost(limit))
    };
    bench.case(memory("list", rsctl::memory(["list"]), 64.0));
    bench.case(memory("list --json", rsctl::memory(json), 16.0));
    bench.section("save");
    for load in [LOADS[0], LOADS[1], LOADS[2], NO_SERVERS, Load::marks(5000, 0)] {
        bench.case(
            Case::new(
                format!("rsctl save, {load}"),
                Scene::table(load),
                FEW_ROUNDS,
                rsctl(["save"]),
            )
            .over(
                "ipvsadm -Sn",
                Program::new("ipvsadm", ["-S", "-n"]),
                Bar::AtMost(0.8),
            ),
        );
    }
}

fn list(bench: &mut Bench<'_>, load: Load, (of_raw, of_ipvsadm): (f64, f64), rounds: usize) {
    let table = Program::new("cat", ["/proc/net/ip_vs"]);
    bench.case(
        Case::new(format!("rsctl list, {load}"), Scene::table(load), rounds, rsctl(["list"]))
            .over("raw socket", load.raw_dump().by_process(), Bar::AtMost(of_raw))
            .ahead_of("ipvsadm -Ln", rival::ipvsadm("-Ln"), Bar::AtLeast(of_ipvsadm))
            .over("cat /proc/net/ip_vs", table, Bar::None),
    );
}

pub(super) fn small_rows(bench: &mut Bench<'_>) {
    bench.section("one thing");
    let one = Load::new(1, 0);
    bench.case(
        Case::new("rsctl add-service", Scene::adding(one), MANY_ROUNDS, rsctl::add_one()).over(
            "ipvsadm -A",
            rival::add_one(),
            Bar::AtMost(1.15),
        ),
    );
    let many = Scene::table(LOADS[0]);
    let service = Load::new(1, 10_000);
    // In the middle of what the kernel tells.
    let server = format!("172.16.19.136:{}", PORTS.1);
    bench.case(
        Case::new(
            "rsctl edit-server, one of 10,000",
            Scene::table(service),
            ROUNDS,
            rsctl::edit_server(&server),
        )
        .over("raw socket that reads all", service.raw_dump().by_process(), Bar::AtMost(0.6))
        .over("ipvsadm -e", rival::edit_server(&server), Bar::None),
    );
    let tab = rsctl(["__complete", "bash", "rsctl edit-server -r "]);
    bench.case(
        Case::new(format!("TAB behind rsctl edit-server -r, {}", LOADS[0]), many, ROUNDS, tab)
            .over("ipvsadm -Ln", rival::ipvsadm("-Ln"), Bar::AtMost(1.0)),
    );
    for option in ["--version", "--help"] {
        bench.case(
            Case::new(format!("rsctl {option}"), Scene::empty(), MANY_ROUNDS, rsctl([option]))
                .over(&format!("ipvsadm {option}"), rival::ipvsadm(option), Bar::AtMost(1.2)),
        );
    }
    bench.section("connections");
    let masked = |words: &[&str]| {
        Program::own(["masked"].into_iter().chain(words.iter().copied())).by_process()
    };
    let table = Scene::empty().prepared_by(Program::own(["connections", CONNECTIONS]).by_process());
    bench.case(
        Case::new(
            "rsctl connections, 100,000",
            table.clone(),
            FEW_ROUNDS,
            masked(&["rsctl", "connections"]),
        )
        .over("ipvsadm -Lnc", masked(&["ipvsadm", "-L", "-n", "-c"]), Bar::AtMost(0.5)),
    );
}
