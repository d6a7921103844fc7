// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done by `rsctl`.

use crate::load::{Load, SCHEDULER};
use crate::program::Program;
use crate::rival::one_service;
use crate::text::{self, Kind};

/// `rsctl` with these words; nobody reads what it prints.
pub(crate) fn rsctl<const N: usize>(words: [&str; N]) -> Program {
    Program::new("rsctl", words)
}

/// The most memory that `rsctl` has with these words.
pub(crate) fn memory<const N: usize>(words: [&str; N]) -> Program {
    Program::own(["watched", "rsctl"].into_iter().chain(words)).by_memory()
}

/// `rsctl add-service` for one service.
pub(crate) fn add_one() -> Program {
    rsctl(["add-service", "-t", &one_service(), "-s", SCHEDULER])
}

/// `rsctl edit-server`: gives the server another weight each time.
pub(crate) fn edit_server(server: &str) -> Program {
    let edit = |weight| rsctl(["edit-server", "-t", &one_service(), "-r", server, "-w", weight]);
    edit("2").in_turn_with(edit("1"))
}

/// `rsctl restore` of the very text that `ipvsadm -R` is given.
pub(crate) fn restore(load: Load, kind: Kind) -> Program {
    rsctl(["restore"]).input(text::lines(load, kind))
}

/// The same, which changes one server each time, of a table that is there.
pub(crate) fn change_one(load: Load) -> Program {
    rsctl(["restore"]).input(text::changed(load)).in_turn_with(restore(load, Kind::Plain))
}
