// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a command line that is not finished, as clap will read it once it is.

use clap::{Arg, ArgAction, ArgGroup, Command, ValueHint};

use super::{Candidate, Offer};
use crate::options::{
    every, has_long, has_short, is_optional, is_single, takes_next_word, takes_value,
};

/// Holds a command line up to the cursor.
#[derive(Debug)]
pub struct Line<'a> {
    /// The innermost command named so far.
    command: &'a Command,
    /// Options of a command that is still to be named.
    front: Vec<&'a Arg>,
    /// Whether no command has been named.
    is_front: bool,
    /// What was given, and the values.
    given: Vec<(&'a Arg, String)>,
    /// The option whose value comes next.
    pending: Option<&'a Arg>,
    /// Which argument without a name comes next.
    index: usize,
    /// Whether `--` has been there: no option comes behind it.
    is_escaped: bool,
    /// Whether there is a word that clap will refuse: nothing can follow it.
    is_refused: bool,
    /// The word that the cursor is in.
    word: &'a str,
}

/// Says what the word at the cursor is.
enum Place<'a> {
    /// A value of this, behind so many bytes of the word.
    Value(&'a Arg, usize),
    Option,
    Other,
}

impl<'a> Line<'a> {
    /// Reads the words before the cursor, and the one that it is in.
    pub(super) fn read(command: &'a Command, done: &[String], word: &'a str) -> Self {
        let mut line = Self {
            command,
            front: Vec::new(),
            is_front: true,
            given: Vec::new(),
            pending: None,
            index: 1,
            is_escaped: false,
            is_refused: false,
            word,
        };
        done.iter().for_each(|word| line.take(word));
        line.end_optional(word);
        line
    }

    /// Returns the name of the innermost command that was named.
    #[must_use]
    pub fn command(&self) -> &'a str {
        self.command.get_name()
    }

    /// Returns the value that was given to the argument of this id; the last of several. An option
    /// without a value has an empty one.
    #[must_use]
    pub fn value_of(&self, id: &str) -> Option<&str> {
        let of = self.given.iter().rev().find(|(arg, _)| arg.get_id() == id);
        of.map(|(_, value)| value.as_str())
    }

    /// Returns the word that the cursor is in, as far as it has been typed.
    #[must_use]
    pub fn word(&self) -> &'a str {
        self.word
    }

    /// Ends an option that may have a value, if `word` is another option.
    fn end_optional(&mut self, word: &str) {
        if let Some(option) =
            self.pending.take_if(|option| word.starts_with('-') && is_optional(option))
        {
            self.given.push((option, String::new()));
        }
    }

    fn take(&mut self, word: &str) {
        self.end_optional(word);
        if let Some(option) = self.pending.take() {
            self.given.push((option, word.to_owned()));
            return;
        }
        if self.is_escaped {
            self.take_unnamed(word);
        } else if word == "--" {
            self.is_escaped = true;
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
            if let Some(option) = self.long(name) {
                self.take_option(option, value);
            } else if let Some(option) = self.behind(&|arg| has_long(arg, name)) {
                self.front.push(option);
                self.take_option(option, value);
            }
        } else if word.starts_with('-') && word.len() > 1 {
            self.take_short(word);
        } else if let Some(command) = self.command.find_subcommand(word) {
            (self.command, self.index, self.is_front) = (command, 1, false);
            self.is_refused |= !self.has_front(command);
        } else {
            self.take_unnamed(word);
        }
    }

    fn take_unnamed(&mut self, word: &str) {
        let Some(arg) = self.unnamed() else {
            self.is_refused = true;
            return;
        };
        self.given.push((arg, word.to_owned()));
        if !is_repeated(arg) {
            self.index += 1;
        }
    }

    fn take_option(&mut self, option: &'a Arg, value: Option<&str>) {
        match value {
            None if takes_next_word(option) => self.pending = Some(option),
            _ => self.given.push((option, value.unwrap_or_default().to_owned())),
        }
    }

    /// Takes `-n`, `-nX`, `-t192.0.2.1:80` or `-t=192.0.2.1:80`.
    fn take_short(&mut self, word: &str) {
        for (place, c) in word.char_indices().skip(1) {
            let Some(option) = self.short(c) else {
                // Letters in one word are left to the command.
                let alone = Some(c).filter(|_| word.len() == 1 + c.len_utf8());
                let option = alone.and_then(|c| self.behind(&|arg| has_short(arg, c)));
                if let Some(option) = option {
                    self.front.push(option);
                    self.take_option(option, None);
                }
                return;
            };
            if takes_value(option) {
                let value = word.get(place + c.len_utf8()..).unwrap_or_default();
                let value = value.strip_prefix('=').unwrap_or(value);
                self.take_option(option, Some(value).filter(|value| !value.is_empty()));
                return;
            }
            self.given.push((option, String::new()));
        }
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| has_long(arg, name))
    }

    fn short(&self, c: char) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| has_short(arg, c))
    }

    /// Returns an option that a command has, if none has been named yet. One whose value may be
    /// left out would take the command for it.
    fn behind(&self, is: &dyn Fn(&Arg) -> bool) -> Option<&'a Arg> {
        let options = if self.is_front { every(self.command) } else { Vec::new() };
        let option = options.into_iter().find(|option| is(option))?;
        (!takes_value(option) || is_single(option)).then_some(option)
    }

    /// Returns whether the command, or one of its own, has what was given in front.
    fn has_front(&self, command: &Command) -> bool {
        let same = |one: &Arg, other: &Arg| {
            (one.get_long(), one.get_short()) == (other.get_long(), other.get_short())
        };
        let has = every(command);
        self.front.iter().all(|option| has.iter().any(|arg| same(arg, option)))
    }

    fn unnamed(&self) -> Option<&'a Arg> {
        self.command.get_positionals().find(|arg| arg.get_index() == Some(self.index))
    }

    fn place(&self) -> Place<'a> {
        let word = self.word;
        match self.pending {
            Some(option) => return Place::Value(option, 0),
            None if self.is_escaped || !word.starts_with('-') => return Place::Other,
            None => {}
        }
        if let Some(long) = word.strip_prefix("--") {
            let option = long.split_once('=').and_then(|(name, value)| {
                Some(Place::Value(self.long(name)?, word.len() - value.len()))
            });
            return option.unwrap_or(Place::Option);
        }
        for (place, c) in word.char_indices().skip(1) {
            let Some(option) = self.short(c) else { break };
            let value = word.get(place + c.len_utf8()..).unwrap_or_default();
            if takes_value(option) && !value.is_empty() {
                let value = value.strip_prefix('=').unwrap_or(value);
                return Place::Value(option, word.len() - value.len());
            }
        }
        Place::Option
    }

    /// Offers what may be typed at the cursor; of words, only whole ones that begin like that.
    pub(super) fn offer(&self, live: impl Fn(&Self, &str) -> Option<Offer>) -> Offer {
        let mut values = match self.place() {
            _ if self.is_refused => Vec::new(),
            Place::Value(arg, start) => match self.values(arg, start, live) {
                Offer::Values(values) => values,
                names => return names,
            },
            Place::Option => self.options(),
            Place::Other => {
                let mut values = if self.is_escaped { Vec::new() } else { self.commands() };
                match self.unnamed().filter(|arg| self.may_follow(arg)) {
                    Some(arg) => match self.values(arg, 0, live) {
                        Offer::Values(more) => values.extend(more),
                        names if values.is_empty() => return names,
                        _ => {}
                    },
                    None if values.is_empty() && !self.is_escaped => values = self.options(),
                    None => {}
                }
                values
            }
        };
        values.retain(|candidate| candidate.value.starts_with(self.word) && candidate.is_plain());
        Offer::Values(values)
    }

    /// Offers values of an argument, behind what stands before them in the same word: the option,
    /// or other values and a comma.
    fn values(
        &self,
        arg: &Arg,
        start: usize,
        live: impl Fn(&Self, &str) -> Option<Offer>,
    ) -> Offer {
        let offer = live(self, arg.get_id().as_str()).unwrap_or_else(|| described(arg));
        let Offer::Values(mut values) = offer else { return offer };
        let last = arg.get_value_delimiter().and_then(|delimiter| self.word.rfind(delimiter));
        let start = last.map_or(start, |place| start.max(place + 1));
        let before = self.word.get(..start).unwrap_or_default();
        for candidate in &mut values {
            candidate.value.insert_str(0, before);
        }
        Offer::Values(values)
    }

    fn commands(&self) -> Vec<Candidate> {
        let shown = self.command.get_subcommands().filter(|command| !command.is_hide_set());
        let shown = shown.filter(|command| self.has_front(command));
        shown.map(|command| Candidate::helped(command.get_name(), command.get_about())).collect()
    }

    /// Offers options by their long names, after a single hyphen by their short ones too.
    fn options(&self) -> Vec<Candidate> {
        let named = |arg: &Arg| {
            let short = arg.get_short().filter(|_| self.word.starts_with('-'));
            let names = short.map(|c| format!("-{c}")).into_iter();
            let names = names.chain(arg.get_long().map(|name| format!("--{name}")));
            names.map(|name| Candidate::helped(name, arg.get_help())).collect::<Vec<_>>()
        };
        let options = self.command.get_arguments().filter(|arg| !arg.is_positional());
        let options = options.filter(|arg| !arg.is_hide_set() && self.may_follow(arg));
        options.flat_map(named).collect()
    }

    /// Returns whether clap would accept the argument beside those that were given.
    fn may_follow(&self, arg: &Arg) -> bool {
        let command = self.command;
        let conflicts = |one: &Arg, other: &Arg| {
            command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id())
        };
        let excludes = |group: &ArgGroup, one: &Arg, other: &Arg| {
            let holds = |arg: &Arg| group.get_args().any(|id| id == arg.get_id());
            !group.clone().is_multiple() && holds(one) && holds(other)
        };
        // What was given to a command further out is not among those of this one.
        let given = |arg: &&Arg| self.given.iter().any(|(given, _)| given.get_id() == arg.get_id());
        command.get_arguments().filter(given).all(|given| {
            if given.get_id() == arg.get_id() {
                return is_repeated(arg);
            }
            let excluded = command.get_groups().any(|group| excludes(group, arg, given));
            !excluded && !conflicts(arg, given) && !conflicts(given, arg)
        })
    }
}

/// Offers what the command's description says of an argument's values.
fn described(arg: &Arg) -> Offer {
    let possible = arg.get_possible_values();
    match arg.get_value_hint() {
        _ if !possible.is_empty() => Offer::possible(&possible),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::ExecutablePath => Offer::Files,
        ValueHint::DirPath => Offer::Folders,
        _ => Offer::Values(Vec::new()),
    }
}

fn is_repeated(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
        || arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}
