// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `ipvs-netlink` does, with a bare socket, `ipvsadm` and another crate beside it.

use super::{LARGE, LOADS};
use crate::case::{Bench, Case, FEW_ROUNDS, MANY_ROUNDS, ROUNDS, apart};
use crate::load::{Load, grouped};
use crate::program::{Figure, Program};
use crate::rival;
use crate::row::{Bar, Form};
use crate::scene::Scene;
use crate::text::Kind;

/// For the memory of a process that must not depend on it.
const SMALL: Load = Load::new(100, 100);

/// Where the machine has the program of `peers/nlrs`, if it was built.
const NLRS: &str = "/usr/bin/peer-nlrs";

pub(super) fn rows(bench: &mut Bench<'_>) {
    bench.section("library");
    for load in LOADS {
        let name = format!("bulk add, {load}");
        let (scene, ours) = (Scene::adding(load), load.ours("add"));
        let sizes = [64, 128, 256, 512].map(|size| load.adding(size)).to_vec();
        bench.case(Case::new(&name, scene.clone(), ROUNDS, ours.clone()).over_best(
            "raw socket",
            sizes,
            Bar::AtMost(1.15),
        ));
        bench.case(
            Case::new(&name, scene.clone(), FEW_ROUNDS, ours.clone().by_process())
                .ahead_of("ipvsadm -R", rival::restore(load, Kind::Plain), Bar::AtLeast(10.0))
                .without_base(),
        );
        beside_nlrs(bench, Case::new(&name, scene, FEW_ROUNDS, ours), "add", load);
    }
    for load in LOADS {
        let name = format!("dump, {load}");
        let (scene, ours) = (Scene::table(load), load.ours("dump"));
        bench.case(Case::new(&name, scene.clone(), ROUNDS, ours.clone()).over(
            "raw socket",
            load.raw_dump(),
            Bar::AtMost(1.15),
        ));
        bench.case(
            Case::new(&name, scene.clone(), ROUNDS, ours.clone().by_process())
                .ahead_of("ipvsadm -Ln", rival::ipvsadm("-Ln"), Bar::AtLeast(2.0))
                .without_base(),
        );
        beside_nlrs(bench, Case::new(&name, scene, FEW_ROUNDS, ours), "dump", load);
    }
    for load in LOADS {
        // What it costs to be sure, where nobody writes.
        let table = load.ours("table");
        let case = Case::new(format!("whole table, {load}"), Scene::table(load), ROUNDS, table);
        bench.case(case.over("one dump", load.ours("dump"), Bar::AtMost(1.3)));
    }
    // The cheap path for a service that is not in use yet, against server by server.
    let load = Load::new(1, 1000);
    let mh = |way| Program::own(["ours", "mh", way, "1000"]);
    bench.case(
        Case::new("mh, 1,000 destinations: load", Scene::adding(load), FEW_ROUNDS, mh("load"))
            .ahead_of("batch", mh("batch"), Bar::None),
    );
    // What one change costs once connected: a thousand, each answered before the next.
    let load = Load::new(1000, 0);
    let singly = Program::own(["ours", "singly", "1000"]);
    bench.case(Case::new("1,000 services one by one", Scene::adding(load), ROUNDS, singly).over(
        "raw socket",
        load.adding(1),
        Bar::AtMost(1.15),
    ));
    let one = Program::own(["ours", "one"]).by_process();
    bench.case(
        Case::new("one service", Scene::adding(Load::new(1, 0)), MANY_ROUNDS, one).ahead_of(
            "ipvsadm -A",
            rival::add_one(),
            Bar::None,
        ),
    );
    memory(bench);
}

/// One row more, if the machine has the other crate's program.
fn beside_nlrs(bench: &mut Bench<'_>, case: Case, job: &str, load: Load) {
    if std::fs::exists(NLRS).is_ok_and(|there| there) {
        let [services, destinations] = load.arguments();
        let nlrs = Program::reporting(NLRS, [job, &services, &destinations]);
        bench.case(case.ahead_of("nlrs", nlrs, Bar::None).without_base());
    }
}

fn memory(bench: &mut Bench<'_>) {
    let [large, small] = [LARGE, SMALL].map(|load| grouped(load.total_destinations()));
    let add = |load: Load| load.ours("add").by_memory();
    bench.other(
        &format!("memory: bulk add of {large} ÷ of {small}"),
        Form::AsLong,
        Bar::AtMost(1.1),
        Figure::Peak,
        || {
            let (large, small) = (Scene::adding(LARGE), Scene::adding(SMALL));
            apart(FEW_ROUNDS, (&large, &add(LARGE)), (&small, &add(SMALL)))
        },
    );
    bench.case(Case::new(
        format!("memory: bulk add of {large}"),
        Scene::adding(LARGE),
        FEW_ROUNDS,
        add(LARGE),
    ));
    let held = LARGE.ours("hold").by_memory();
    bench.case(
        Case::new(
            format!("memory: {large} destinations read and held"),
            Scene::table(LARGE),
            FEW_ROUNDS,
            held,
        )
        .alone(Bar::AtMost(64.0)),
    );
    let connections = Program::own(["ours", "connections", "1000000"]).by_memory();
    let name = "memory: 1,000,000 connections streamed";
    bench.case(Case::new(name, Scene::empty(), FEW_ROUNDS, connections).alone(Bar::AtMost(16.0)));
}
