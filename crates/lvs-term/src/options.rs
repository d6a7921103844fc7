// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says which option of a command a word is, and whether it takes the next word.

use clap::{Arg, Command};

/// Returns how many of the words are options, with their values, of those that are `known`: up to
/// the first that is none. `None` if the last one lacks its value. The options are those of a
/// command that is built.
#[must_use]
pub fn reads_options(words: &[&str], known: &[&Arg]) -> Option<usize> {
    let mut read = 0;
    while let Some(used) = reads_option(words.get(read..)?, known) {
        read += used;
    }
    Some(read)
}

/// Returns how many words the option has with which they begin, its value included, be it there or
/// not; `None` if they begin with none that is `known`.
pub(crate) fn reads_option(words: &[&str], known: &[&Arg]) -> Option<usize> {
    let (arg, has_value) = option(words.first()?, known)?;
    // One whose value may be left out would take the command for it.
    (!takes_value(arg) || is_single(arg))
        .then(|| 1 + usize::from(takes_next_word(arg) && !has_value))
}

/// Returns the option that the word is, and whether its value is in it.
fn option<'a>(word: &str, known: &[&'a Arg]) -> Option<(&'a Arg, bool)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, has_value) =
            long.split_once('=').map_or((long, false), |(name, _)| (name, true));
        return Some((known.iter().find(|arg| has_long(arg, name))?, has_value));
    }
    let mut letters = word.strip_prefix('-')?.chars();
    let letter = letters.next()?;
    let arg = known.iter().find(|arg| has_short(arg, letter))?;
    let has_value = !letters.as_str().is_empty();
    // Letters in one word are left to clap.
    (!has_value || takes_value(arg)).then_some((arg, has_value))
}

/// Returns the options of the command and of all below it: which of them is meant is not known.
pub(crate) fn every(command: &Command) -> Vec<&Arg> {
    let own = command.get_arguments().filter(|arg| !arg.is_positional());
    own.chain(command.get_subcommands().flat_map(every)).collect()
}

pub(crate) fn has_long(arg: &Arg, name: &str) -> bool {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    arg.get_long() == Some(name) || aliases.contains(&name)
}

pub(crate) fn has_short(arg: &Arg, c: char) -> bool {
    let aliases = arg.get_all_short_aliases().unwrap_or_default();
    arg.get_short() == Some(c) || aliases.contains(&c)
}

pub(crate) fn takes_value(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.takes_values())
}

/// Returns whether the option takes the next word, if its value is not in its own.
pub(crate) fn takes_next_word(option: &Arg) -> bool {
    takes_value(option) && !option.is_require_equals_set()
}

pub(crate) fn is_single(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|range| (range.min_values(), range.max_values()) == (1, 1))
}

pub(crate) fn is_optional(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|range| range.min_values() == 0)
}
