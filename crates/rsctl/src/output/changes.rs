// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use crate::commands::{Action, Changed};

/// One line per change.
pub(super) fn write(changes: &[Changed], out: &mut impl Write) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(out, "nothing to change");
    }
    for Changed { action, service, server } in changes {
        let (done, joint) = match action {
            Action::Add => ("added", "to"),
            Action::Edit => ("edited", "of"),
            Action::Delete => ("deleted", "of"),
        };
        match server {
            Some(server) => writeln!(out, "{done} server {server} {joint} {service}")?,
            None => writeln!(out, "{done} service {service}")?,
        }
    }
    Ok(())
}
