// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names a place in the file, and collects what is wrong there.

use std::fmt;

/// Says what is wrong, or doubtful, at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What helps, if that can be said.
    pub hint: Option<String>,
    /// The line itself without what the terminal would not show as one character each; of a long
    /// line the part around the place.
    pub snippet: String,
    /// How many characters of the snippet stand before the place.
    pub caret: usize,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Lists all that is wrong with a file, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A place in a file: the origin of what is read there.
///
/// It takes 8 bytes, since each of a million objects may have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    line: u32,
    column: u32,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place of that line and column, both from 1.
    pub(super) fn new(line: usize, column: usize) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { line: number(line), column: number(column) }
    }

    /// The place behind so much text, from the start of it.
    pub(super) fn behind(text: &str) -> Self {
        let (line, last) = lines(text).enumerate().last().unwrap_or_default();
        Self::new(line + 1, last.chars().count() + 1)
    }
}

/// Reads well behind "in".
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}

/// Returns the lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    Lines(text)
}

/// The lines of a text as YAML has them: `\n`, `\r\n` and `\r` end one. The last may be empty.
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        // A text that is at its end is marked by one that is no part of any.
        let text = std::mem::replace(&mut self.0, "\0");
        if text == "\0" {
            return None;
        }
        let Some(end) = text.find(['\n', '\r']) else { return Some(text) };
        let (line, rest) = text.split_at(end);
        self.0 = rest.strip_prefix("\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
        Some(line)
    }
}

/// The most problems that are told. A file with more is none of ours.
const MAX_PROBLEMS: usize = 10_000;

/// Collects what is wrong, in any order.
#[derive(Default)]
pub(super) struct Found {
    problems: Vec<Note>,
    warnings: Vec<Note>,
    is_full: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    at: Place,
    message: String,
    hint: Option<String>,
}

impl Found {
    /// Notes what is wrong. What helps stands at the end of most messages of ipvs-netlink.
    pub(super) fn problem(&mut self, at: Place, message: impl Into<String>) {
        let message = message.into();
        let parts =
            [": use ", "; use ", ": expected ", "; write "].into_iter().find_map(|before| {
                let (what, hint) = message.split_once(before)?;
                let verb = before.trim_matches([':', ';', ' ']);
                Some((what.to_owned(), format!("{} {hint}", verb.replace("expected", "write"))))
            });
        match parts {
            Some((message, hint)) => self.note(at, message, Some(hint)),
            None => self.note(at, message, None),
        }
    }

    /// Notes what is wrong and what helps.
    pub(super) fn hinted(
        &mut self,
        at: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.note(at, message.into(), Some(hint.into()));
    }

    /// Notes that a key is not there, unless something was told since there were `before`: one of
    /// the unknown keys may be meant.
    pub(super) fn missing(
        &mut self,
        before: usize,
        at: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.problems.len() == before {
            self.hinted(at, message, hint);
        }
    }

    pub(super) fn note(&mut self, at: Place, message: String, hint: Option<String>) {
        let (message, hint) = (clipped(message), hint.map(clipped));
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Note { at, message, hint });
        } else if !self.is_full {
            self.is_full = true;
            let message = "too many problems to go on".to_owned();
            self.problems.push(Note { at, message, hint: None });
        }
    }

    /// Notes what is allowed and hardly meant.
    pub(super) fn warn(&mut self, at: Place, message: impl Into<String>, hint: impl Into<String>) {
        if self.warnings.len() < MAX_PROBLEMS {
            let hint = Some(hint.into());
            self.warnings.push(Note { at, message: message.into(), hint });
        }
    }

    /// Says whether there are too many to go on.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Counts the problems so far.
    pub(super) fn count(&self) -> usize {
        self.problems.len()
    }

    pub(super) fn is_fine(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the problems and the warnings, each in the order of the file and once.
    pub(super) fn shown(self, text: &str) -> (Problems, Vec<Problem>) {
        (Problems(show(text, self.problems)), show(text, self.warnings))
    }
}

fn show(text: &str, mut notes: Vec<Note>) -> Vec<Problem> {
    if notes.is_empty() {
        return Vec::new();
    }
    // To the parser, the end of a text is a line of its own.
    let end = Place::behind(text);
    // Of bytes that are no text there is none.
    for note in notes.iter_mut().filter(|_| !text.is_empty()) {
        note.at = note.at.min(end);
    }
    notes.sort();
    // A server of a pool may be wrong in the same way for each service.
    notes.dedup();
    let mut lines = Lines(text);
    let mut number = 0;
    // The rest of the line from a column on, and what is before.
    let (mut line, mut column, mut before) = ("", 0, 0);
    let shown = notes.into_iter().map(|Note { at, message, hint }| {
        while number < at.line {
            (line, column, before) = (lines.next().unwrap_or_default(), 1, 0);
            number += 1;
        }
        let rest = line.get(before..).unwrap_or_default();
        let further = (at.column - column) as usize;
        before += rest.char_indices().nth(further).map_or(rest.len(), |(place, _)| place);
        column = at.column;
        let (snippet, caret) = snippet(line.split_at(before));
        let (line, column) = (at.line as usize, at.column as usize);
        Problem { line, column, message, hint, snippet, caret }
    });
    shown.collect()
}

/// The most characters of a line that are shown before and behind a place.
const SHOWN: usize = 60;

/// Returns the part of a line around a place, and how many characters are before that.
fn snippet((before, behind): (&str, &str)) -> (String, usize) {
    let start = before.char_indices().rev().take(SHOWN).last().map_or(before.len(), |(it, _)| it);
    let before = before.get(start..).unwrap_or_default();
    let shown = before.chars().chain(behind.chars().take(SHOWN));
    let snippet: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
    (snippet.trim_end().to_owned(), before.chars().count())
}

/// The most bytes of a message: it may have a word of the file in it.
const MAX_MESSAGE: usize = 600;

fn clipped(mut text: String) -> String {
    if text.len() > MAX_MESSAGE {
        let end = (0..=MAX_MESSAGE).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}
