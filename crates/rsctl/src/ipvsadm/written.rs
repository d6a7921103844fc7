// SPDX-License-Identifier: MIT OR Apache-2.0

//! Cuts a line for `ipvsadm` into its options, and judges none of it: for whoever says the same in
//! other words.

use super::option::{Opt, SPECS, Spec};
use super::popt::Words;

/// Holds a line as it is written.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    /// Its first option, by its long name: what is to be done.
    pub(crate) command: WrittenOption<'a>,
    /// The other options, in order.
    pub(crate) options: Vec<WrittenOption<'a>>,
    /// The words that are no options.
    pub(crate) arguments: Vec<&'a str>,
    /// Whether there is nothing in it that `ipvsadm` does not know.
    pub(crate) is_whole: bool,
}

/// Holds an option as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenOption<'a> {
    /// Its long name.
    pub(crate) name: &'static str,
    /// Its letter, if it has one.
    pub(crate) letter: Option<char>,
    /// Its value.
    pub(crate) value: Option<&'a str>,
}

/// Cuts the words behind the program's name; `None` if the first is no command of `ipvsadm`.
pub(crate) fn read(words: &[String]) -> Option<Written<'_>> {
    // Words that are no options may stand anywhere.
    if !words.first()?.starts_with('-') {
        return None;
    }
    let mut reader = Words::new(words);
    let (opt, value) = reader.next()?.ok()?;
    if !matches!(opt, Opt::Command(_)) {
        return None;
    }
    let (command, mut options, mut is_whole) = (option(opt, value)?, Vec::new(), true);
    while let Some(next) = reader.next() {
        match next {
            Ok((opt, value)) => options.extend(option(opt, value)),
            Err(_) => is_whole = false,
        }
    }
    let arguments = reader.into_arguments().collect();
    Some(Written { command, options, arguments, is_whole })
}

fn option(opt: Opt, value: Option<&str>) -> Option<WrittenOption<'_>> {
    let Spec { long: name, short: letter, .. } = *SPECS.iter().find(|spec| spec.opt == opt)?;
    Some(WrittenOption { name, letter, value })
}
