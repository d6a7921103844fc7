// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done by `ipvsadm`.

use std::fmt::Write;

use crate::load::{Item, Load, PORTS, SCHEDULER};
use crate::measure::Program;

/// `ipvsadm -R`, which reads what `ipvsadm -S` wrote.
pub(crate) fn restore(load: Load) -> Program {
    Program::new("ipvsadm", ["-R"]).input(lines(load))
}

/// `load` in the form of `ipvsadm -Sn`.
pub(crate) fn lines(load: Load) -> String {
    let mut rules = String::new();
    for item in load.items() {
        match item {
            Item::Service(vip) => writeln!(rules, "-A -t {vip}:{} -s {SCHEDULER}", PORTS.0),
            Item::Destination { service, address } => {
                let (port, target) = PORTS;
                writeln!(rules, "-a -t {service}:{port} -r {address}:{target} -m -w 1")
            }
        }
        .expect("a String takes all");
    }
    rules
}

/// `ipvsadm -Ln`; nobody reads what it prints.
pub(crate) fn list() -> Program {
    Program::new("ipvsadm", ["-Ln"])
}

/// `ipvsadm -A` for one service.
pub(crate) fn add_one() -> Program {
    let vip = Load::new(1, 0).vips().next().expect("a service");
    let service = format!("{vip}:{}", PORTS.0);
    Program::new("ipvsadm", ["-A", "-t", &service, "-s", SCHEDULER])
}
