// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything `rsctl` writes, but for the question of `clear`.

mod changes;
mod ipvsadm;
mod json;
mod progress;
mod restore;
#[cfg(test)]
mod sample;
mod save;
mod table;
pub(crate) mod words;

use std::io::{self, BufWriter, Write};

use crate::cli::Command;
use crate::commands::Outcome;
use crate::error::Error;

pub(crate) use progress::Progress;
pub(crate) use restore::failures;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Nothing: a changing command that was not asked.
    Quiet,
    /// For people.
    Text,
    /// For programs, documented in `output/json/schema.rs`.
    Json,
}

impl Format {
    pub(crate) fn of(command: &Command) -> Self {
        let report = match command {
            Command::AddService(args) => &args.report,
            Command::EditService(args) => &args.report,
            Command::DeleteService(args) => &args.report,
            Command::AddServer(args) => &args.report,
            Command::EditServer(args) => &args.report,
            Command::DeleteServer(args) => &args.report,
            Command::Clear(args) => &args.report,
            Command::Restore(args) if args.dry_run && !args.report.json => return Self::Text,
            Command::Restore(args) => &args.report,
            Command::Save(_) => return Self::Text,
            Command::List(args) => return if args.json { Self::Json } else { Self::Text },
        };
        match (report.json, report.verbose) {
            (true, _) => Self::Json,
            (false, true) => Self::Text,
            (false, false) => Self::Quiet,
        }
    }
}

/// Writes to stdout. A reader that has seen enough, as in `| head`, is no
/// failure.
pub(crate) fn print(outcome: &Outcome, format: Format) -> Result<(), Error> {
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
    let mut out = BufWriter::new(io::stdout().lock());
    match write(outcome, format, &mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

fn write(outcome: &Outcome, format: Format, out: &mut impl Write) -> io::Result<()> {
    match (outcome, format) {
        (_, Format::Quiet) => Ok(()),
        (Outcome::Changed(changes), Format::Text) => changes::write(changes, out),
        (Outcome::Changed(changes), Format::Json) => json::write_changes(changes, out),
        (Outcome::Listed(listing), Format::Text) => table::write(listing, out),
        (Outcome::Listed(listing), Format::Json) => json::write_listing(listing, out),
        (Outcome::Saved(saved), _) => save::write(saved, out),
        (Outcome::Restored(restored), Format::Text) => restore::write(restored, out),
        (Outcome::Restored(restored), Format::Json) => json::write_restored(restored, out),
    }
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
