// SPDX-License-Identifier: MIT OR Apache-2.0

//! Cuts command lines into options by the grammar of the library popt, which `ipvsadm` uses.
//!
//! Letters bundle (`-Ln`), values stand in the same word (`-w7`, `-w=7`,
//! `--weight=7`) or in the next, long words are not abbreviated, and `--` ends
//! the options.

use std::fmt;

use super::option::{Opt, SPECS, Spec, Value};

/// Reads a command line, word by word.
#[derive(Debug)]
pub(super) struct Words<'a> {
    words: &'a [String],
    /// The next word to look at.
    next: usize,
    /// Letters of the last word that are still to be looked at.
    bundle: Option<&'a str>,
    /// Whether `--` was there.
    ended: bool,
    /// Words that are no options, in order.
    arguments: Vec<&'a str>,
}

/// Says why an option word cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadWord {
    Unknown,
    NoValue,
    Unwanted,
}

impl fmt::Display for BadWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown option",
            Self::NoValue => "missing argument",
            Self::Unwanted => "option does not take an argument",
        })
    }
}

impl<'a> Words<'a> {
    pub(super) fn new(words: &'a [String]) -> Self {
        Self { words, next: 0, bundle: None, ended: false, arguments: Vec::new() }
    }

    /// Returns the word that was looked at last: what complaints are about.
    pub(super) fn last(&self) -> &'a str {
        self.next.checked_sub(1).and_then(|last| self.words.get(last)).map_or("", String::as_str)
    }

    /// Returns the next option with its value, or `None` at the end.
    pub(super) fn next(&mut self) -> Option<Result<(Opt, Option<&'a str>), BadWord>> {
        loop {
            if let Some(letters) = self.bundle.take() {
                return Some(self.letter(letters));
            }
            let word = self.take()?;
            match word.strip_prefix('-') {
                Some(letters) if !self.ended && !letters.is_empty() => match letters {
                    "-" => self.ended = true,
                    letters => match letters.strip_prefix('-') {
                        Some(long) => return Some(self.long(long)),
                        None => self.bundle = Some(letters),
                    },
                },
                _ => self.arguments.push(word),
            }
        }
    }

    /// Returns what is left when there are no more options.
    pub(super) fn into_arguments(mut self) -> impl Iterator<Item = &'a str> {
        while let Some(word) = self.take() {
            self.arguments.push(word);
        }
        self.arguments.into_iter()
    }

    fn take(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    fn long(&mut self, text: &'a str) -> Result<(Opt, Option<&'a str>), BadWord> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let spec = SPECS.iter().find(|spec| spec.long == name).ok_or(BadWord::Unknown)?;
        match (spec.value, value) {
            (Value::None, Some(_)) => Err(BadWord::Unwanted),
            (Value::None, None) => Ok((spec.opt, None)),
            (_, value) => self.value(spec, value),
        }
    }

    fn letter(&mut self, letters: &'a str) -> Result<(Opt, Option<&'a str>), BadWord> {
        let mut chars = letters.chars();
        let letter = chars.next().ok_or(BadWord::Unknown)?;
        let spec = SPECS.iter().find(|spec| spec.short == Some(letter)).ok_or(BadWord::Unknown)?;
        let rest = Some(chars.as_str()).filter(|rest| !rest.is_empty());
        if spec.value == Value::None {
            if rest.is_some_and(|rest| rest.starts_with('=')) {
                return Err(BadWord::Unwanted);
            }
            self.bundle = rest;
            return Ok((spec.opt, None));
        }
        self.value(spec, rest.map(|rest| rest.strip_prefix('=').unwrap_or(rest)))
    }

    /// Returns the value that stood in the word itself, or else the next word.
    fn value(
        &mut self,
        spec: &Spec,
        own: Option<&'a str>,
    ) -> Result<(Opt, Option<&'a str>), BadWord> {
        if own.is_some() {
            return Ok((spec.opt, own));
        }
        let optional = spec.value == Value::Optional;
        match self.words.get(self.next) {
            Some(word) if optional && word.starts_with('-') => Ok((spec.opt, None)),
            Some(_) => Ok((spec.opt, self.take())),
            None if optional => Ok((spec.opt, None)),
            None => Err(BadWord::NoValue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the options of a line, how it ended, and what was left.
    fn read(line: &str) -> (Vec<String>, Option<(BadWord, String)>, Vec<String>) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut reader = Words::new(&words);
        let mut options = Vec::new();
        let mut bad = None;
        while let Some(next) = reader.next() {
            match next {
                Ok((opt, value)) => {
                    let spec = SPECS.iter().find(|spec| spec.opt == opt).unwrap();
                    options.push(match value {
                        Some(value) => format!("{}={value}", spec.long),
                        None => spec.long.to_owned(),
                    });
                }
                Err(why) => {
                    bad = Some((why, reader.last().to_owned()));
                    break;
                }
            }
        }
        (options, bad, reader.into_arguments().map(str::to_owned).collect())
    }

    #[test]
    fn letters_bundle_and_values_attach() {
        for line in ["-at V -r R -mw 3", "-atV -rR -mw3", "-at=V -r=R -mw=3"] {
            let expected =
                ["add-server", "tcp-service=V", "real-server=R", "masquerading", "weight=3"];
            assert_eq!(read(line).0, expected, "{line}");
        }
        assert_eq!(
            read("--list --scheduler=rr --weight 3").0,
            ["list", "scheduler=rr", "weight=3"]
        );
        assert_eq!(read("-w -1").0, ["weight=-1"]);
    }

    #[test]
    fn persistence_takes_the_next_word_unless_it_is_an_option() {
        assert_eq!(read("-p 600 -n").0, ["persistent=600", "numeric"]);
        assert_eq!(read("-p -n").0, ["persistent", "numeric"]);
        assert_eq!(read("-p600").0, ["persistent=600"]);
        assert_eq!(read("--persistent=600").0, ["persistent=600"]);
        assert_eq!(read("-n -p").0, ["numeric", "persistent"]);
    }

    #[test]
    fn what_is_no_option_is_left() {
        assert_eq!(read("-n x - -- -L y").2, ["x", "-", "-L", "y"]);
        assert_eq!(read("--num").1, Some((BadWord::Unknown, "--num".to_owned())));
        assert_eq!(read("-nq").1, Some((BadWord::Unknown, "-nq".to_owned())));
        assert_eq!(read("-t").1, Some((BadWord::NoValue, "-t".to_owned())));
        assert_eq!(read("--list=5").1, Some((BadWord::Unwanted, "--list=5".to_owned())));
        assert_eq!(read("-Ln=").1, Some((BadWord::Unwanted, "-Ln=".to_owned())));
    }
}
