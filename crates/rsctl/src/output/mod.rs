// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything `rsctl` writes, but for the question of `clear`.

mod changes;
mod columns;
mod connections;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod ipvsadm;
mod json;
mod look;
mod numbers;
mod progress;
mod public;
mod restore;
#[cfg(test)]
mod sample;
mod save;
mod settings;
mod table;
mod views;
pub(crate) mod words;

use std::io::{self, BufWriter, Write};

use lvs_term::{Stdout, is_harmful};

use crate::cli::{Command, View};
use crate::commands::{Found, Listing, Outcome, Stream};
use crate::error::Error;
use crate::lock;

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
    // Warnings are not what was asked for; in JSON they are part of the document.
    match outcome {
        Outcome::Changed { made, .. } if format != Format::Json => {
            made.warnings.iter().for_each(|it| warning(&it.to_string()));
        }
        // Another order was there before: it is told to who asks.
        Outcome::Restored(restored) if format == Format::Text => restore::warn(restored),
        _ => {}
    }
    if format == Format::Quiet {
        return Ok(());
    }
    if let Outcome::Saved(saved) = outcome {
        save::warn(saved);
        // As `restore -` reads stdin.
        if let Some(file) = saved.to.as_ref().filter(|file| file.as_os_str() != "-") {
            return save::to_file(saved, file);
        }
    }
    if let Outcome::Listed(Listing { public: Some(settled), .. }) = &outcome {
        public::warn(*settled);
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
    let mut out = BufWriter::new(Stdout::lock());
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
        Outcome::Changed { made, dry_run } if json => {
            json::write_changes(made, *dry_run, out)?;
        }
        Outcome::Changed { made, dry_run } => changes::write(&made.changed, *dry_run, out)?,
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
                writeln!(out, "{}", one_line(&path.display().to_string()))?;
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

/// Tells on stderr of the lock on the table.
pub(crate) fn lock_notice(notice: &lock::Notice) {
    match notice {
        lock::Notice::Waits(..) => {
            let _ = writeln!(io::stderr().lock(), "{}", one_line(&notice.to_string()));
        }
        _ => warning(&notice.to_string()),
    }
}

/// Writes a hint to stderr, behind a warning.
fn hint(text: &str) {
    let _ = writeln!(io::stderr().lock(), "hint: {}", one_line(text));
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

/// The most characters of a line about what was typed or read, and how many of
/// them are kept of its end, where the reason stands.
const LONGEST: usize = 1000;
const END: usize = 300;

/// What was typed, or stands in a file, may hold line ends and terminal controls,
/// and be of any length.
pub(crate) fn one_line(text: &str) -> String {
    let length = text.chars().count();
    if length > LONGEST {
        let (start, end) = (LONGEST - END, length - END);
        let start: String = text.chars().take(start).collect();
        let end: String = text.chars().skip(end).collect();
        return format!("{} [...] {}", one_line(&start), one_line(&end));
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_on_its_line() {
        assert_eq!(one_line("a `b\n\x1b[31m` c: é"), "a `b\\n\\u{1b}[31m` c: é");
        assert_eq!(one_line("\u{9b}2J \u{202e}gpj\u{61c}"), "\\u{9b}2J \\u{202e}gpj\\u{61c}");
    }

    #[test]
    fn what_is_endless_is_cut_and_keeps_its_reason() {
        let line = one_line(&format!("`{}` is not an IP address", "\u{e9}".repeat(1_000_000)));
        assert!(line.starts_with("`\u{e9}") && line.ends_with("` is not an IP address"));
        assert_eq!(line.chars().count(), LONGEST + 7);
        assert_eq!(one_line(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
