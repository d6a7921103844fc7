// SPDX-License-Identifier: MIT OR Apache-2.0

//! The drawings in `docs/architecture.md`: written from the code, and read back.
//!
//! Each stands between a line `<!-- arrows: NAME -->` and a line `<!-- end -->`: `crates` is a
//! mermaid graph, `rooms of CRATE` a table from the top floor to the ground. `back`, which
//! is written by hand, has the arrows that may run the other way, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::{Arrow, Crate, circles, floors};

/// What the page draws.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Arrows between crates.
    pub crates: BTreeSet<Arrow>,
    /// Those that only tests and examples need.
    pub in_tests: BTreeSet<Arrow>,
    /// Arrows between the rooms of each crate.
    pub rooms: BTreeMap<String, BTreeSet<Arrow>>,
    /// Arrows in each crate that may be part of a circle.
    pub back: BTreeMap<String, BTreeSet<Arrow>>,
}

const END: &str = "<!-- end -->\n";

fn begin(name: &str) -> String {
    format!("<!-- arrows: {name} -->\n")
}

/// Reads the drawings of a page.
///
/// # Panics
///
/// Panics if a drawing has no end.
#[must_use]
pub fn drawn(page: &str) -> Drawn {
    let mut drawn = Drawn::default();
    for (name, text) in blocks(page) {
        match name.strip_prefix("rooms of ") {
            Some(of) => {
                let arrows = rows(text).flat_map(|row| {
                    let from = quoted(row[0]);
                    let to = quoted(row.get(2).copied().unwrap_or_default());
                    to.into_iter().map(move |to| (from.concat(), to))
                });
                drawn.rooms.insert(of.to_owned(), arrows.collect());
            }
            None if name == "crates" => {
                for line in text.lines() {
                    let (into, arrow) = match line.split_once(" -.-> ") {
                        Some(arrow) => (&mut drawn.in_tests, arrow),
                        None => match line.split_once(" --> ") {
                            Some(arrow) => (&mut drawn.crates, arrow),
                            None => continue,
                        },
                    };
                    let (from, to) = (arrow.0.trim().to_owned(), arrow.1.split(" & "));
                    into.extend(to.map(|to| (from.clone(), to.trim().to_owned())));
                }
            }
            None => {
                for row in rows(text) {
                    if let [from, to] = quoted(row.get(1).copied().unwrap_or_default()).as_slice() {
                        let of = drawn.back.entry(quoted(row[0]).concat()).or_default();
                        of.insert((from.clone(), to.clone()));
                    }
                }
            }
        }
    }
    drawn
}

/// Returns the page with its drawings made anew.
#[must_use]
pub fn bless(page: &str, crates: &BTreeMap<String, Crate>) -> String {
    let mut page = with(page, "crates", &graph(crates));
    // One at a time: of two that do for each other, one stays.
    let mut back = drawn(&page).back;
    while let Some(idle) = page.split_inclusive('\n').find(|line| is_idle(line, &back, crates)) {
        page = page.replacen(&idle.to_owned(), "", 1);
        back = drawn(&page).back;
    }
    for (name, of) in crates.iter().filter(|(_, of)| !of.rooms.is_empty()) {
        let back = back.get(name).cloned().unwrap_or_default();
        page = with(&page, &format!("rooms of {name}"), &table(of, &back));
    }
    page
}

/// Returns whether a line is an exception that closes no circle any more.
fn is_idle(
    line: &str,
    back: &BTreeMap<String, BTreeSet<Arrow>>,
    crates: &BTreeMap<String, Crate>,
) -> bool {
    let names = rows(line).next().map(|row| quoted(&row.join(" "))).unwrap_or_default();
    // A reason may have names in backquotes too.
    let [of, from, to, ..] = names.as_slice() else { return false };
    let arrow = (from.clone(), to.clone());
    line.contains(&format!("`{from}` -> `{to}`"))
        && back.get(of).is_some_and(|all| all.contains(&arrow))
        && crates.get(of).is_none_or(|room| is_needless(&arrow, &back[of], room))
}

/// Returns whether the rooms of a crate go in no more circles without this exception.
#[must_use]
pub fn is_needless(arrow: &Arrow, back: &BTreeSet<Arrow>, of: &Crate) -> bool {
    let all = of.arrows();
    let others: BTreeSet<Arrow> = back.iter().filter(|other| *other != arrow).cloned().collect();
    circles(&(&all - &others)) == circles(&(&all - back))
}

fn graph(crates: &BTreeMap<String, Crate>) -> String {
    let mut text = "\n```mermaid\ngraph TD\n".to_owned();
    let of = |arrow: &str, text: &mut String, uses: &dyn Fn(&Crate) -> BTreeSet<String>| {
        for (name, of) in crates {
            let uses: Vec<String> = uses(of).into_iter().collect();
            if !uses.is_empty() {
                let _ = writeln!(text, "    {name} {arrow} {}", uses.join(" & "));
            }
        }
    };
    of("-->", &mut text, &|of| of.uses.clone());
    of("-.->", &mut text, &|of| &of.uses_in_tests - &of.uses);
    text + "```\n\n"
}

fn table(of: &Crate, back: &BTreeSet<Arrow>) -> String {
    let floors = floors(of.rooms.keys(), &(&of.arrows() - back));
    let mut rooms: Vec<_> = of.rooms.iter().collect();
    rooms.sort_by_key(|(name, _)| (std::cmp::Reverse(floors[*name]), (*name).clone()));
    let list = |names: &mut dyn Iterator<Item = &String>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let mut text =
        "\n| room | what it is | stands on | other crates |\n|---|---|---|---|\n".to_owned();
    for (name, room) in rooms {
        let uses = list(&mut room.uses.keys());
        let others = list(&mut room.crates.iter());
        let _ =
            writeln!(text, "| `{name}` | {} | {uses} | {others} |", room.what.replace('|', "\\|"));
    }
    text + "\n"
}

/// Returns the page with this text in the block of this name, a new one at the end if it has none.
fn with(page: &str, name: &str, text: &str) -> String {
    let begin = begin(name);
    match page.split_once(&begin) {
        Some((before, rest)) => {
            let (_, behind) = rest.split_once(END).expect("a drawing has an end");
            format!("{before}{begin}{text}{END}{behind}")
        }
        None => {
            let title = name.trim_start_matches("rooms of ");
            format!("{page}\n## {title}\n\n{begin}{text}{END}")
        }
    }
}

fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("<!-- arrows: ").skip(1).map(|block| {
        let (name, text) = block.split_once(" -->\n").expect("a drawing has a name");
        (name, text.split_once(END).expect("a drawing has an end").0)
    })
}

/// The cells of each row of a table that begins with a name in backquotes.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter(|row| row.starts_with('`')).map(|row| row.split(" | ").collect())
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Room;

    #[test]
    fn what_is_written_is_read() {
        let room = |uses: &[&str]| Room {
            what: "Says a | b".to_owned(),
            uses: uses.iter().map(|&to| (to.to_owned(), String::new())).collect(),
            crates: BTreeSet::from(["two".to_owned()]),
        };
        let one = Crate {
            folder: "one".into(),
            uses: BTreeSet::from(["two".to_owned(), "three".to_owned()]),
            uses_in_tests: BTreeSet::from(["two".to_owned(), "four".to_owned()]),
            rooms: [("a", room(&["b", "c"])), ("b", room(&["a"])), ("c", room(&[]))]
                .map(|(name, room)| (name.to_owned(), room))
                .into(),
        };
        let page = "x\n<!-- arrows: crates -->\nold\n<!-- end -->\ny\n<!-- arrows: back -->\n\
                    | `one` | `b` -> `a` | so |\n\
                    | `one` | `c` -> `a` | as `b` -> `a` |\n<!-- end -->\n";
        let page = bless(page, &BTreeMap::from([("one".to_owned(), one)]));
        let drawn = drawn(&page);
        let shown = |arrows: &BTreeSet<Arrow>| {
            arrows.iter().map(|(from, to)| format!("{from}>{to}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&drawn.crates), "one>three one>two");
        assert_eq!(shown(&drawn.in_tests), "one>four");
        assert_eq!(shown(&drawn.rooms["one"]), "a>b a>c b>a");
        assert_eq!(shown(&drawn.back["one"]), "b>a");
        let order: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("| `")?.get(..1)).collect();
        assert_eq!(
            order,
            ["o", "a", "b", "c"],
            "an exception is still needed, the other one is not"
        );
        assert!(page.starts_with("x\n") && !page.contains("old") && page.contains("\ny\n"));
    }
}
