// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done by `ipvsadm`.

use crate::load::{Key, Load, PORTS, SCHEDULER};
use crate::program::Program;
use crate::text::{Kind, lines};

/// `ipvsadm -R`, which reads what `ipvsadm -S` wrote.
pub(crate) fn restore(load: Load, kind: Kind) -> Program {
    Program::new("ipvsadm", ["-R"]).input(lines(load, kind))
}

/// `ipvsadm` with one option; nobody reads what it prints.
pub(crate) fn ipvsadm(option: &str) -> Program {
    Program::new("ipvsadm", [option])
}

/// `ipvsadm -A` for one service.
pub(crate) fn add_one() -> Program {
    Program::new("ipvsadm", ["-A", "-t", &one_service(), "-s", SCHEDULER])
}

/// `ipvsadm -e`: gives the server another weight each time.
pub(crate) fn edit_server(server: &str) -> Program {
    let edit = |weight| {
        Program::new("ipvsadm", ["-e", "-t", &one_service(), "-r", server, "-m", "-w", weight])
    };
    edit("2").in_turn_with(edit("1"))
}

/// The service of a table of one.
pub(crate) fn one_service() -> String {
    match Load::new(1, 0).keys().next() {
        Some(Key::Address(vip)) => format!("{vip}:{}", PORTS.0),
        _ => unreachable!("a service has an address"),
    }
}
