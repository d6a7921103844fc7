// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `rs-agent` does, with the commands that it replaces beside it.

use crate::agent::{batch, check, links, run, script, setup};
use crate::case::{Bench, Case, FEW_ROUNDS, LEAST_ROUNDS, ROUNDS, apart};
use crate::program::{Figure, Program};
use crate::row::{Bar, Form};
use crate::scene::Scene;

pub(super) fn rows(bench: &mut Bench<'_>) {
    bench.section("rs-agent");
    let rows =
        |name: &str, vips, rounds| Case::new(name, Scene::adding_vips(vips), rounds, setup(vips));
    bench.case(rows("rs-agent setup of 1 VIP", 1, ROUNDS).ahead_of(
        "shell script",
        script(1),
        Bar::AtLeast(1.0),
    ));
    let many = "rs-agent setup of 1,000 VIPs";
    bench.case(rows(many, 1000, LEAST_ROUNDS).ahead_of(
        "shell script",
        script(1000),
        Bar::AtLeast(20.0),
    ));
    bench.case(
        rows(many, 1000, FEW_ROUNDS)
            .over("ip -batch", batch(1000), Bar::AtMost(1.1))
            .without_base(),
    );
    let host =
        |vips, with: u32| Scene::empty().prepared_by(links(with / 2, 0)).prepared_by(setup(vips));
    let mut ratio = |name: &str, limit, ours: (Scene, Program), other: (Scene, Program)| {
        bench.other(name, Form::AsLong, Bar::AtMost(limit), Figure::Whole, || {
            apart(LEAST_ROUNDS, (&ours.0, &ours.1), (&other.0, &other.1))
        });
    };
    ratio(
        "rs-agent check, 1,000 VIPs: 500 links ÷ 2",
        4.0,
        (host(1000, 500), check(1000)),
        (host(1000, 2), check(1000)),
    );
    ratio(
        "rs-agent check, 2 links: 5,000 VIPs ÷ 1,000",
        6.0,
        (host(5000, 2), check(5000)),
        (host(1000, 2), check(1000)),
    );
    // What base does with many may take minutes.
    for (with, rounds) in [(2, LEAST_ROUNDS), (500, 1)] {
        let name = format!("rs-agent check, 1,000 VIPs, {with} links");
        bench.case(Case::new(name, host(1000, with), rounds, check(1000)));
    }
    let running = |what: &str, rounds, program| {
        let scene = Scene::empty().prepared_by(links(1, 498)).fresh();
        Case::new(format!("rs-agent run, 1,000 VIPs, 500 links, {what}"), scene, rounds, program)
    };
    let spend = |what| run("spend", ["1000", what]);
    for (what, program, bar, rounds) in [
        ("until a lost VIP is back", run("repair", ["1000"]), 0.1, LEAST_ROUNDS),
        ("spent on a lost VIP", spend("loss"), 0.1, LEAST_ROUNDS),
        ("spent in an idle minute", spend("60"), 0.2, 1),
    ] {
        bench.case(running(what, rounds, program).of_base(Bar::AtMost(bar)));
    }
}
