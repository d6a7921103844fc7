// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes everything that `rsctl` writes, except the question of `clear`, whom a command waits for,
//! and the trace.

mod applying;
mod changes;
mod check_file;
mod columns;
mod connections;
mod difference;
mod drain;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod ipvsadm;
mod json;
mod kept;
mod numbers;
#[cfg(test)]
mod outside;
mod public;
mod restore;
#[cfg(test)]
mod sample;
mod save;
mod settings;
mod sums;
mod table;
mod views;
mod watch;

use std::io::{BufWriter, Write};

use lvs_term::{
    Complaint, JsonOut, Label, Look, Stdout, count, escaped, one_line, shortened, tell,
    unless_closed,
};

use crate::cli::{Command, Form, View};
use crate::commands::{Found, Outcome, Restored, Stream};
use crate::error::Error;

pub(crate) use drain::{Drains, shortfall as drain_shortfall, write_list as write_drains};
pub(crate) use watch::Lists;

/// Names the form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Nothing: a changing command that was not asked.
    Quiet,
    /// For people.
    Text,
    /// For programs, documented in `docs/json.md`.
    Json,
}

impl Format {
    pub(crate) fn of(command: &Command) -> Self {
        match command.report() {
            _ if command.json() => Self::Json,
            _ if matches!(command, Command::Rollback(args) if args.list) => Self::Text,
            // What is waited for is told.
            Some(_) if command.waits() => Self::Text,
            // A dry run that said nothing would be no use.
            Some(report) if !report.verbose && !report.dry_run => Self::Quiet,
            _ => Self::Text,
        }
    }
}

/// Writes to stdout. A reader that has seen enough, as in `| head`, is no
/// failure.
pub(crate) fn print(outcome: &mut Outcome, format: Format, look: Look) -> Result<(), Error> {
    // Warnings are not what was asked for; in JSON they are part of the document.
    match outcome {
        Outcome::Changed { made, .. } if format != Format::Json => {
            made.warnings.iter().for_each(|it| warning(&it.to_string()));
        }
        // Another order was there before: it is told to who asks.
        Outcome::Applying(applying) if format != Format::Json => applying::warn(applying),
        Outcome::Restored(restored) if format == Format::Text => restore::warn(&restored.converged),
        Outcome::History(records) => kept::warn(records),
        Outcome::Checked(checked) if format != Format::Json => check_file::warn(checked),
        _ => {}
    }
    // However quiet: who misses it loses the change.
    let converged = match outcome {
        Outcome::Restored(restored) => Some(&restored.converged),
        Outcome::Applying(applying) => Some(&applying.converged),
        _ => None,
    };
    if let Some(pending) = converged.and_then(|converged| converged.pending.as_ref()) {
        kept::remind(pending);
    }
    if format == Format::Quiet {
        return Ok(());
    }
    if let Outcome::Saved(saved) = outcome {
        save::check(saved)?;
        // As `restore -` reads stdin.
        if let Some(file) = saved.to.as_ref().filter(|file| file.as_os_str() != "-") {
            return save::to_file(saved, file);
        }
    }
    tell(&public::said_of(outcome, format));
    let unanswered = match &outcome {
        Outcome::Listed(listing) => listing.names.unanswered,
        Outcome::Connections(Found::Stream(Stream { names, .. }) | Found::Groups { names, .. }) => {
            names.unanswered
        }
        _ => 0,
    };
    if unanswered > 0 {
        let addresses = count(unanswered, "address");
        warning(&format!("no answer in time for {addresses}, shown as numbers"));
    }
    match render(outcome, format, look, &mut Stdout::lock()) {
        Err(Error::Output(error)) => Ok(unless_closed(Err(error))?),
        outcome => outcome,
    }
}

/// Bytes of a long output that leave in one piece.
const AT_ONCE: usize = 64 * 1024;

/// Writes what a terminal may be shown.
fn render(
    outcome: &mut Outcome,
    format: Format,
    look: Look,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut json;
    let out: &mut dyn Write = if is_json(outcome, format) {
        json = JsonOut::new(out);
        &mut json
    } else {
        out
    };
    let mut out = BufWriter::with_capacity(AT_ONCE, out);
    write(outcome, format, look, &mut out)?;
    Ok(out.flush()?)
}

fn is_json(outcome: &Outcome, format: Format) -> bool {
    match outcome {
        Outcome::Saved(saved) => saved.form == Form::Json,
        _ => format == Format::Json,
    }
}

/// Returns what a command that did not do all that was asked for has to say, once that it did is
/// printed.
pub(crate) fn shortfall(outcome: &Outcome) -> Option<Complaint> {
    match outcome {
        Outcome::Changed { made, .. } if !made.failed.is_empty() => Some(changes::shortfall(made)),
        Outcome::Restored(Restored { converged, .. }) if converged.fell_short() => {
            Some(restore::shortfall(converged))
        }
        Outcome::Applying(applying) if applying.converged.fell_short() => {
            Some(applying::shortfall(applying))
        }
        _ => None,
    }
}

fn write(
    outcome: &mut Outcome,
    format: Format,
    look: Look,
    out: &mut impl Write,
) -> Result<(), Error> {
    let json = format == Format::Json;
    match outcome {
        Outcome::Changed { made, dry_run } if json => {
            json::write_changes(made, *dry_run, out)?;
        }
        Outcome::Changed { made, dry_run } => changes::write(made, *dry_run, out)?,
        Outcome::Listed(listing) if json => json::write_listing(listing, out)?,
        Outcome::Listed(listing) => match listing.view {
            _ if !listing.shape.columns.is_empty() => columns::write(listing, look, out)?,
            View::Default => table::write(listing, look, out)?,
            _ => views::write(listing, look, out)?,
        },
        Outcome::Timeouts(timeouts) => settings::write_timeouts(timeouts, json, out)?,
        Outcome::Daemons(daemons) => settings::write_daemons(daemons, json, look, out)?,
        Outcome::DaemonStatus(status) => settings::write_status(status, json, look, out)?,
        Outcome::Connections(found) => connections::write(found, json, look, out)?,
        Outcome::Written(paths) => {
            for path in paths {
                writeln!(out, "{}", one_line(&escaped(path.as_os_str())))?;
            }
        }
        Outcome::Saved(saved) => save::write(saved, out)?,
        Outcome::Checked(checked) if json => json::write_checked(checked, out)?,
        Outcome::Checked(checked) => check_file::write(checked, out)?,
        Outcome::Applying(applying) if json => json::write_applying(applying, out)?,
        Outcome::Applying(applying) => applying::write(applying, look, out)?,
        Outcome::Restored(restored) if json => json::write_restored(&restored.converged, out)?,
        Outcome::Restored(restored) => restore::write(&restored.converged, out)?,
        Outcome::Confirmed(confirmed) if json => json::write_confirmed(confirmed, out)?,
        Outcome::Confirmed(confirmed) => kept::write_confirmed(confirmed, out)?,
        Outcome::Checkpoints(checkpoints) if json => json::write_checkpoints(checkpoints, out)?,
        Outcome::Checkpoints(checkpoints) => kept::write_checkpoints(checkpoints, look, out)?,
        Outcome::History(records) if json => json::write_history(records, out)?,
        Outcome::History(records) => kept::write_history(records, out)?,
    }
    Ok(())
}

/// Writes a warning to standard error.
fn warning(text: &str) {
    Label::Warning.tell(&shortened(text));
}

/// Writes a note to standard error.
fn note(text: &str) {
    Label::Note.tell(&shortened(text));
}

/// Writes a hint to standard error, behind a warning or a note.
fn hint(text: &str) {
    Label::Hint.tell(&shortened(text));
}
