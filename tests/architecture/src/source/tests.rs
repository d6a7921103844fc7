// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

/// Reads the rooms of a crate of these files.
fn read(files: &[(&str, &str)]) -> BTreeMap<String, Room> {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    rooms(folder.path(), folder.path(), &["other_crate".to_owned()])
}

fn arrows(rooms: &BTreeMap<String, Room>) -> String {
    let of = |(name, room): (&String, &Room)| {
        let uses: Vec<&str> = room.uses.keys().map(String::as_str).collect();
        format!("{name}: {}", uses.join(" "))
    };
    rooms.iter().map(of).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_way_to_name_a_room_is_an_arrow() {
    let rooms = read(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e; pub use c::Thing; pub use d::*;"),
        ("a.rs", "use crate::b::{self, x as y}; mod deep;"),
        ("a/deep.rs", "fn f() { vec![super::super::c::g()] } pub(in crate::e) fn h() {}"),
        (
            "b/mod.rs",
            "//! Has [`crate::d`], see [there](crate::a). More.\nfn f(x: crate::Thing) {}",
        ),
        ("c.rs", "use super::d; use other_crate::a;"),
        ("d.rs", "/// \"crate::a\" is text.\nconst A: &str = \"crate::a\"; // crate::a\n"),
        ("e.rs", "#[arg(parser = crate::a::parse)] struct E(pub (crate::b::B));"),
    ]);
    assert_eq!(arrows(&rooms), "a: b c; b: c; c: d; d: ; e: a b");
    assert_eq!(rooms["b"].what, "Has `d`, see there");
    assert_eq!(rooms["a"].uses["c"], "a/deep.rs:1");
    assert_eq!(rooms["c"].crates, BTreeSet::from(["other-crate".to_owned()]));
}

#[test]
fn what_only_tests_compile_draws_no_arrow() {
    let rooms = read(&[
        ("lib.rs", "mod a; mod b; #[cfg(any(test, fuzzing))] pub mod fuzzing; #[cfg(test)] mod t;"),
        ("a.rs", "#[cfg(test)] mod tests { use crate::b; } #[cfg(all(test, x))] use crate::b;"),
        ("b.rs", "#[cfg(test)] #[path = \"x\"] mod x; #[cfg(any(test, x))] use crate::a;"),
    ]);
    assert_eq!(arrows(&rooms), "a: ; b: a");
}

#[test]
fn the_root_is_a_room_where_it_is_used() {
    let rooms = read(&[
        ("lib.rs", "mod a; mod b; pub struct Own; fn main() { a::run() }"),
        ("a.rs", "use crate::Own;"),
        ("b.rs", ""),
    ]);
    assert_eq!(arrows(&rooms), "a: lib; b: ; lib: a");
}
