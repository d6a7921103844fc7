// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers a shell in which somebody has pressed TAB: what may be typed there.
//!
//! The scripts that `generate` writes call the program with the line up to the cursor:
//!
//! ```text
//! PROGRAM __complete SHELL LINE [TYPED]
//! ```
//!
//! The first line of the answer is `values`, `files` or `folders`; the shell completes names of
//! files by itself, and of values there is a line each. What is wrong is no answer, and no
//! complaint: it would stand in the middle of what is being typed.

mod line;
mod offer;
mod shell;
mod words;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Command;

use crate::familiar::{Arranged, Familiar, arranged};

pub use line::Line;
pub use offer::{Candidate, Offer, interfaces};
use shell::Shell;

/// The word after the program that asks for completions: no command has such a name.
const ASKED: &str = "__complete";

/// Answers a shell that asks for completions, if `args` do; else the program has to go on.
///
/// Words that are `familiar` mean what they do when the line is run ([`crate::read_again()`]).
/// `live` offers values of an argument, by its id, that only the program knows of; `None` leaves
/// it to the command's description. It should change nothing and take no time that a typist
/// notices.
pub fn complete(
    args: &[OsString],
    command: impl FnOnce() -> Command,
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
    live: impl Fn(&Line<'_>, &str) -> Option<Offer>,
) -> Option<ExitCode> {
    let words = args.get(1..).filter(|words| words.first().is_some_and(|word| word == ASKED))?;
    let mut texts = words.iter().skip(1).map(|word| word.to_string_lossy());
    if let (Some(shell), Some(line)) =
        (texts.next().and_then(|name| Shell::of(&name)), texts.next())
    {
        let mut command = command();
        command.build();
        let text = answer(&command, shell, &line, texts.next().as_deref(), familiar, live);
        // A shell that no longer listens has its reasons.
        let _ = crate::Stdout::lock().write_all(text.as_bytes());
    }
    Some(ExitCode::SUCCESS)
}

/// `typed` is what the shell will replace: the end of the last word, or all of it.
fn answer(
    command: &Command,
    shell: Shell,
    line: &str,
    typed: Option<&str>,
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
    live: impl Fn(&Line<'_>, &str) -> Option<Offer>,
) -> String {
    let words = words::of(line);
    if words.is_redirected {
        return shell.write(&Offer::Files, 0);
    }
    let Some((word, done)) = words.words.split_last() else { return String::new() };
    let line = Line::read(command, &as_run(command, done, familiar), word);
    let kept = typed.and_then(|typed| word.strip_suffix(typed)).map_or(0, str::len);
    shell.write(&line.offer(live), kept)
}

/// Returns the words in front of the cursor as they are read when the line is run.
fn as_run(
    command: &Command,
    done: &[String],
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
) -> Vec<String> {
    let args: Vec<OsString> = std::iter::once(command.get_name())
        .chain(done.iter().map(String::as_str))
        .map(OsString::from)
        .collect();
    match arranged(command, &args, familiar) {
        // Behind `help` stand names of commands only.
        Arranged::Line(line) if done.first().is_none_or(|word| word != "help") => {
            line.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
        }
        // What is refused has nothing behind it that could be offered.
        _ => done.to_vec(),
    }
}

#[cfg(test)]
mod tests;
