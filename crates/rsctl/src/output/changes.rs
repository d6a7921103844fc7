// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use lvs_term::{Complaint, one_line};

use super::difference;
use crate::commands::{Action, Changed, Made};

/// Writes one line per change, and per object that is so already.
pub(super) fn write(made: &Made, dry_run: bool, out: &mut impl Write) -> io::Result<()> {
    let Made { changed, unchanged, failed, .. } = made;
    if changed.is_empty() && unchanged.is_empty() && failed.is_empty() {
        return writeln!(out, "nothing to change");
    }
    for changed in changed {
        writeln!(out, "{}", one_line(&line(changed, dry_run)))?;
    }
    for unchanged in unchanged {
        writeln!(out, "nothing to change: {unchanged}")?;
    }
    Ok(())
}

fn line(changed: &Changed, dry_run: bool) -> String {
    let (would, done, joint) = match changed.action {
        Action::Add => ("add", "added", "to"),
        Action::Edit => ("edit", "edited", "of"),
        Action::Delete => ("delete", "deleted", "of"),
        Action::Zero => ("zero", "zeroed", "of"),
        Action::SetTimeouts => ("set", "set", "of"),
        Action::StartDaemon => ("start", "started", "of"),
        Action::StopDaemon => ("stop", "stopped", "of"),
    };
    let would_be = if dry_run { format!("would {would}") } else { done.to_owned() };
    let what = match (changed.action, changed.service, changed.server, changed.role) {
        (Action::Zero, Some(service), ..) => format!("the counters of {service}"),
        (Action::Zero, ..) => "all counters".to_owned(),
        (_, _, _, Some(role)) => format!("the {role} sync daemon"),
        (_, Some(service), Some(server), _) => format!("server {server} {joint} {service}"),
        (_, Some(service), ..) => format!("service {service}"),
        _ => "the timeouts".to_owned(),
    };
    let details = changed.states.as_ref().map_or_else(String::new, |states| {
        let [before, after] = [&states.before, &states.after].map(|it| it.as_ref());
        let [before, after] = [before, after].map(|state| state.map(|state| state.object()));
        difference::text(before.as_ref(), after.as_ref())
    });
    match details.as_str() {
        "" => format!("{would_be} {what}"),
        details => format!("{would_be} {what}: {details}"),
    }
}

/// Returns what several changes have to say of which some failed: how many, which, and why.
pub(super) fn shortfall(made: &Made) -> Complaint {
    let (done, failed) = (made.changed.len(), made.failed.len());
    let message =
        format!("cannot make all changes: {failed} of {} failed, {done} made", done + failed);
    // Without -v this is the only place that says so.
    let done = made.changed.iter().map(|changed| line(changed, false));
    let failed = made.failed.iter().map(|error| format!("failed: {error}"));
    let hints = made.failed.first().map(|error| error.hints()).unwrap_or_default();
    Complaint { message, details: done.chain(failed).collect(), hints }.shortened()
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{Change, Errno, KernelError, SyncRole};

    use super::*;

    #[test]
    fn what_failed_is_told_with_what_was_made() {
        let service = "tcp/192.0.2.10:80".parse().unwrap();
        let server = "10.0.0.11:80".parse().unwrap();
        let changed = Changed {
            action: Action::Edit,
            service: Some(service),
            server: Some(server),
            role: None,
            states: None,
            with: Vec::new(),
        };
        let denied = KernelError::new(Change::StopDaemon(SyncRole::Master), Errno::ESRCH);
        let failed = vec![ipvs_netlink::Error::from(denied).into()];
        let made = Made { changed: vec![changed], failed, ..Made::default() };
        assert_eq!(
            shortfall(&made).to_string(),
            "error: cannot make all changes: 1 of 2 failed, 1 made\n\
             edited server 10.0.0.11:80 of tcp/192.0.2.10:80\n\
             failed: cannot stop the master sync daemon: it does not run (ESRCH)\n\
             hint: list the daemons: a backup is stopped by its own role\n"
        );
    }
}
