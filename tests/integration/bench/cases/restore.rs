// SPDX-License-Identifier: MIT OR Apache-2.0

//! `rsctl restore`: of a new table, of lines of every kind, and of a table that is there.

use super::{LARGE, LOADS};
use crate::case::{Bench, Case, FEW_ROUNDS, LEAST_ROUNDS, apart};
use crate::load::Load;
use crate::program::Figure;
use crate::row::{Bar, Form};
use crate::scene::Scene;
use crate::text::{KINDS, Kind};
use crate::{reload, rival, rsctl, swap};

/// Of lines that are more than plain.
const SMALL: Load = Load::new(100, 10);
const MARKS: [Load; 2] = [Load::marks(100, 10), Load::marks(5000, 0)];

pub(super) fn rows(bench: &mut Bench<'_>) {
    bench.section("restore");
    for (load, rounds) in [(LOADS[0], FEW_ROUNDS), (LARGE, LEAST_ROUNDS)] {
        let name = format!("rsctl restore, {load}");
        let (scene, ours) = (Scene::adding(load), rsctl::restore(load, Kind::Plain));
        let rival = rival::restore(load, Kind::Plain);
        let case = Case::new(&name, scene.clone(), rounds, ours.clone());
        bench.case(case.ahead_of("ipvsadm -R", rival, Bar::AtLeast(10.0)).without_base());
        let library = |job| load.ours(job).by_process();
        bench.case(
            Case::new(&name, scene, FEW_ROUNDS, ours)
                .over("library", library("add"), Bar::AtMost(1.3))
                .over("library and a look", library("restore"), Bar::AtMost(1.3)),
        );
    }
    bench.case(
        Case::new(
            "memory: rsctl restore of 100,000",
            Scene::adding(LARGE),
            FEW_ROUNDS,
            rsctl::memory(["restore"]).input(crate::text::lines(LARGE, Kind::Plain)),
        )
        .alone(Bar::AtMost(64.0)),
    );
    kinds(bench);
    bench.section("change");
    for (load, bar) in [(LOADS[0], 1.2), (LARGE, 1.5)] {
        let rounds = if load.total_destinations() > 10_000 { LEAST_ROUNDS } else { FEW_ROUNDS };
        let raw = load.raw_dump().by_process();
        let case = |what: &str, ours| {
            let name = format!("rsctl restore, {load}: {what}");
            Case::new(name, Scene::table(load), rounds, ours)
        };
        let one = case("one change", rsctl::change_one(load));
        bench.case(one.over("raw socket", raw.clone(), Bar::AtMost(bar)));
        let none = case("no change", rsctl::restore(load, Kind::Plain));
        bench.case(none.over("raw socket", raw, Bar::AtMost(1.0)));
    }
    let load = LOADS[0];
    bench.other(
        &format!("rsctl restore, {load}: one change: ÷ keepalived's reload"),
        Form::AsLong,
        Bar::AtMost(1.0),
        Figure::Whole,
        || {
            let (ours, theirs) = (rsctl::change_one(load), reload::program(load));
            let (table, nothing) = (Scene::table(load), Scene::empty());
            apart(LEAST_ROUNDS, (&table, &ours), (&nothing, &theirs))
        },
    );
    let load = Load::new(1000, 4);
    bench.other(
        &format!(
            "rsctl apply, {load}: all servers swapped: time without one ÷ keepalived's reload"
        ),
        Form::AsLong,
        // Not a single look without one.
        Bar::AtMost(0.0),
        Figure::Job,
        || {
            // In namespaces of their own: what is deleted is looked at later.
            let scene = Scene::empty().fresh();
            apart(1, (&scene, &swap::by_apply(load)), (&scene, &swap::by_keepalived(load)))
        },
    );
}

/// Every line that `ipvsadm -Sn` can write, against plain ones, and against `ipvsadm -R`.
fn kinds(bench: &mut Bench<'_>) {
    // It waits for the kernel, which no instruction tells of.
    let ahead =
        if std::env::var_os("CLOCK").is_some_and(|clock| !clock.is_empty()) { 5.0 } else { 10.0 };
    let mut compare = |what: &str, load: Load, kind| {
        let plain = Load::new(load.services, load.destinations);
        bench.case(
            Case::new(
                format!("rsctl restore, {plain}, {what}"),
                Scene::adding(load),
                FEW_ROUNDS,
                rsctl::restore(load, kind),
            )
            .over("plain", rsctl::restore(plain, Kind::Plain), Bar::AtMost(1.15))
            .ahead_of("ipvsadm -R", rival::restore(load, kind), Bar::AtLeast(ahead)),
        );
    };
    for kind in KINDS {
        compare(&kind.to_string(), SMALL, kind);
    }
    for load in MARKS {
        compare("-f", load, Kind::Plain);
    }
}
