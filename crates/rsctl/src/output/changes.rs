// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use crate::commands::{Action, Changed};

/// Writes one line per change.
pub(super) fn write(changes: &[Changed], dry_run: bool, out: &mut impl Write) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(out, "nothing to change");
    }
    for changed in changes {
        let (would, done, joint) = match changed.action {
            Action::Add => ("add", "added", "to"),
            Action::Edit => ("edit", "edited", "of"),
            Action::Delete => ("delete", "deleted", "of"),
            Action::Zero => ("zero", "zeroed", "of"),
            Action::SetTimeouts => ("set", "set", "of"),
            Action::StartDaemon => ("start", "started", "of"),
            Action::StopDaemon => ("stop", "stopped", "of"),
        };
        if dry_run {
            write!(out, "would {would} ")?;
        } else {
            write!(out, "{done} ")?;
        }
        match (changed.action, changed.service, changed.server, changed.role) {
            (Action::Zero, Some(service), ..) => writeln!(out, "the counters of {service}")?,
            (Action::Zero, ..) => writeln!(out, "all counters")?,
            (_, _, _, Some(role)) => writeln!(out, "the {role} sync daemon")?,
            (_, Some(service), Some(server), _) => {
                writeln!(out, "server {server} {joint} {service}")?
            }
            (_, Some(service), ..) => writeln!(out, "service {service}")?,
            _ => writeln!(out, "the timeouts")?,
        }
    }
    Ok(())
}
