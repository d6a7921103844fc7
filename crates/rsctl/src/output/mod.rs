// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything `rsctl` writes, but for the question of `clear`.

mod changes;
mod columns;
mod connections;
mod ipvsadm;
mod json;
mod look;
mod progress;
mod restore;
#[cfg(test)]
mod sample;
mod save;
mod settings;
mod table;
mod views;
pub(crate) mod words;

use std::io::{self, BufWriter, Write};

use crate::cli::{Command, View};
use crate::commands::{Found, Outcome, Stream};
use crate::error::Error;

pub(crate) use look::Look;
pub(crate) use progress::Progress;
pub(crate) use restore::failures;

/// The form of the output.
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
            // A dry run that said nothing would be no use.
            Some(report) if !report.verbose && !report.dry_run => Self::Quiet,
            _ => Self::Text,
        }
    }
}

/// Writes to stdout. A reader that has seen enough, as in `| head`, is no
/// failure.
pub(crate) fn print(outcome: &mut Outcome, format: Format, look: Look) -> Result<(), Error> {
    if format == Format::Quiet {
        return Ok(());
    }
    if let Outcome::Restored(restored) = outcome
        && format == Format::Text
    {
        restore::warn(restored);
    }
    if let Outcome::Saved(saved) = outcome {
        save::warn(saved);
        if let Some(file) = &saved.to {
            return save::to_file(saved, file);
        }
    }
    let unanswered = match &outcome {
        Outcome::Listed(listing) => listing.names.unanswered,
        Outcome::Connections(Found::Stream(Stream { names, .. }) | Found::Groups { names, .. }) => {
            names.unanswered
        }
        _ => 0,
    };
    if unanswered > 0 {
        let plural = if unanswered == 1 { "" } else { "es" };
        warning(&format!("no answer in time for {unanswered} address{plural}, shown as numbers"));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match write(outcome, format, look, &mut out).and_then(|()| Ok(out.flush()?)) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
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
        Outcome::Changed { changed, dry_run } if json => {
            json::write_changes(changed, *dry_run, out)?;
        }
        Outcome::Changed { changed, dry_run } => changes::write(changed, *dry_run, out)?,
        Outcome::Listed(listing) if json => json::write_listing(listing, out)?,
        Outcome::Listed(listing) => match listing.view {
            View::Default => table::write(listing, look, out)?,
            _ => views::write(listing, look, out)?,
        },
        Outcome::Timeouts(timeouts) => settings::write_timeouts(timeouts, json, out)?,
        Outcome::Daemons(daemons) => settings::write_daemons(daemons, json, look, out)?,
        Outcome::DaemonStatus(status) => settings::write_status(status, json, look, out)?,
        Outcome::Connections(found) => connections::write(found, json, look, out)?,
        Outcome::Written(paths) => {
            for path in paths {
                writeln!(out, "{}", path.display())?;
            }
        }
        Outcome::Saved(saved) => save::write(saved, out)?,
        Outcome::Restored(restored) if json => json::write_restored(restored, out)?,
        Outcome::Restored(restored) => restore::write(restored, out)?,
    }
    Ok(())
}

/// Writes an error and its hints to stderr. If that fails, there is nobody to
/// tell.
pub(crate) fn error(error: &Error) {
    let _ = io::stderr().lock().write_all(error_text(error).as_bytes());
}

/// Writes a warning to stderr, as [`error`] does an error.
fn warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {}", one_line(text));
}

pub(crate) fn error_text(error: &Error) -> String {
    let mut text = format!("error: {}\n", one_line(&error.to_string()));
    for detail in error.details() {
        text += &format!("{}\n", one_line(&detail));
    }
    for hint in error.hints() {
        text += &format!("hint: {}\n", one_line(&hint));
    }
    text
}

/// What was typed may hold line ends and terminal controls.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_on_its_line() {
        assert_eq!(one_line("a `b\n\x1b[31m` c: é"), "a `b\\n\\u{1b}[31m` c: é");
    }
}
