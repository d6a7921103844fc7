// SPDX-License-Identifier: MIT OR Apache-2.0

//! The drawings in `docs/architecture.md` are those of the code, and no rooms go in a circle.
//!
//! `BLESS=1 cargo test -p architecture` draws them anew: read what has changed then.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use architecture::{Arrow, Crate, bless, circles, crates, drawn, is_needless, repository};

const REMEDY: &str = "If that is meant, `BLESS=1 cargo test -p architecture` draws it.";

static CRATES: LazyLock<BTreeMap<String, Crate>> = LazyLock::new(|| crates(&repository()));

fn page() -> PathBuf {
    repository().join("docs/architecture.md")
}

fn text() -> String {
    fs::read_to_string(page()).expect("docs/architecture.md can be read")
}

/// What is in one set only, in words.
fn differences(
    of: &str,
    drawn: &BTreeSet<Arrow>,
    real: &BTreeMap<Arrow, String>,
) -> impl Iterator<Item = String> {
    let new = real.iter().filter(|(arrow, _)| !drawn.contains(*arrow));
    let new = new.map(|((from, to), place)| {
        format!("{of}: `{from}` names `{to}` ({place}), which is not drawn")
    });
    let gone = drawn.iter().filter(|arrow| !real.contains_key(*arrow));
    let gone = gone.map(|(from, to)| {
        format!("{of}: `{from}` -> `{to}` is drawn, and nothing in the code is like it")
    });
    new.chain(gone).collect::<Vec<_>>().into_iter()
}

fn between_crates(
    crates: &BTreeMap<String, Crate>,
    uses: fn(&Crate) -> BTreeSet<String>,
) -> BTreeMap<Arrow, String> {
    let arrows = crates.iter().flat_map(|(from, of)| {
        let place = of
            .folder
            .join("Cargo.toml")
            .strip_prefix(repository())
            .expect("a crate is below")
            .display()
            .to_string();
        uses(of).into_iter().map(move |to| ((from.clone(), to), place.clone()))
    });
    arrows.collect()
}

fn between_rooms(of: &Crate) -> BTreeMap<Arrow, String> {
    let arrows = of.rooms.iter().flat_map(|(from, room)| {
        room.uses.iter().map(move |(to, place)| ((from.clone(), to.clone()), place.clone()))
    });
    arrows.collect()
}

#[test]
fn the_drawings_are_those_of_the_code() {
    let crates = &*CRATES;
    let old = text();
    let new = bless(&old, crates);
    if std::env::var_os("BLESS").is_some() {
        fs::write(page(), new).expect("docs/architecture.md can be written");
        return;
    }
    let drawn = drawn(&old);
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(differences(
        "crates",
        &drawn.crates,
        &between_crates(crates, |of| of.uses.clone()),
    ));
    let in_tests = between_crates(crates, |of| &of.uses_in_tests - &of.uses);
    wrong.extend(differences("crates, in tests", &drawn.in_tests, &in_tests));
    for (name, of) in crates {
        let arrows = drawn.rooms.get(name).cloned().unwrap_or_default();
        wrong.extend(differences(name, &arrows, &between_rooms(of)));
    }
    let gone = drawn.rooms.keys().filter(|name| !crates.contains_key(*name));
    wrong.extend(
        gone.map(|name| format!("{name}: is drawn, and is no crate of the workspace any more")),
    );
    assert!(wrong.is_empty(), "docs/architecture.md is not true:\n{}\n{REMEDY}", wrong.join("\n"));
    assert!(
        old == new,
        "docs/architecture.md describes a room otherwise than its first sentence.\n{REMEDY}"
    );
}

#[test]
fn no_rooms_go_in_a_circle() {
    let drawn = drawn(&text());
    let mut wrong = Vec::new();
    for (name, of) in &*CRATES {
        let arrows = between_rooms(of);
        let back = drawn.back.get(name).cloned().unwrap_or_default();
        for circle in circles(&(&of.arrows() - &back)) {
            let round: Vec<String> = arrows
                .iter()
                .filter(|((from, to), _)| circle.contains(from) && circle.contains(to))
                .map(|((from, to), place)| format!("  `{from}` -> `{to}` ({place})"))
                .collect();
            wrong.push(format!("{name}: these rooms go in a circle:\n{}", round.join("\n")));
        }
        // An exception that nothing needs would hide the next circle.
        for arrow in &back {
            if is_needless(arrow, &back, of) {
                let (from, to) = arrow;
                wrong.push(format!("{name}: `{from}` -> `{to}` closes no circle: take it out of the exceptions (BLESS=1 does)"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_manifest_asks_for_is_used() {
    for (name, of) in &*CRATES {
        for other in of.uses.union(&of.uses_in_tests) {
            assert!(of.names(other), "{name} depends on {other}, and no file of it says {other}");
        }
    }
}
