// SPDX-License-Identifier: MIT OR Apache-2.0

//! The same work done by `rsctl`.

use crate::load::{Load, PORTS, SCHEDULER};
use crate::measure::Program;
use crate::rival;

/// `rsctl list`; nobody reads what it prints.
pub(crate) fn list() -> Program {
    Program::new("rsctl", ["list"])
}

/// The same, watched for its memory.
pub(crate) fn watched_list() -> Program {
    Program::own(["watched", "rsctl", "list"])
}

/// `rsctl add-service` for one service.
pub(crate) fn add_one() -> Program {
    let vip = Load::new(1, 0).vips().next().expect("a service");
    let service = format!("{vip}:{}", PORTS.0);
    Program::new("rsctl", ["add-service", "-t", &service, "-s", SCHEDULER])
}

/// `rsctl restore` of the very text that `ipvsadm -R` is given.
pub(crate) fn restore(load: Load) -> Program {
    Program::new("rsctl", ["restore"]).input(rival::lines(load))
}

/// The same, watched for its memory.
pub(crate) fn watched_restore(load: Load) -> Program {
    Program::own(["watched", "rsctl", "restore"]).input(rival::lines(load))
}
