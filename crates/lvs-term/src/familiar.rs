// SPDX-License-Identifier: MIT OR Apache-2.0
//! Understands command lines as other programs want them: options in front of the command, and
//! words that are commands elsewhere.
//!
//! It is asked for lines that cannot be read as they are, so no line means anything else for it.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::options::{every, reads_option, reads_options};
use crate::shell::quoted_words;
use crate::usage::Usage;

/// Says what the words at which a command should begin mean to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Familiar {
    /// How many words mean it.
    pub words: usize,
    /// What they mean.
    pub meaning: Meaning,
}

/// Says what is done about a word that is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// These words are read in its place.
    Words(&'static [&'static str]),
    /// Nothing: it would change something, or may mean several things. These are the hints.
    Hints(Vec<String>),
}

/// Holds what a line that could not be read turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arranged {
    /// A line that may be read, perhaps the same.
    Line(Vec<OsString>),
    /// One that is refused, with what to write instead.
    Refused(Usage),
}

/// Where a command may begin: what stands in front of it are a few options.
const FARTHEST: usize = 16;

/// Puts a line in order: the options in front of the command behind it, if all of them are the
/// command's, and its own words in the place of those that are `familiar`. `root` is the whole
/// program's description, built.
pub(crate) fn arranged(
    root: &Command,
    args: &[OsString],
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
) -> Arranged {
    let [program, help, asked @ ..] = args else { return in_order(root, args, familiar) };
    if help != "help" || asked.is_empty() {
        return in_order(root, args, familiar);
    }
    // The help of what the words behind it mean.
    let asked: Vec<_> = std::iter::once(program).chain(asked).cloned().collect();
    match in_order(root, &asked, familiar) {
        Arranged::Line(line) if line == asked => Arranged::Line(args.to_vec()),
        Arranged::Line(mut line) => {
            line.push("--help".into());
            Arranged::Line(line)
        }
        refused => refused,
    }
}

fn in_order(
    root: &Command,
    args: &[OsString],
    familiar: impl Fn(&[&str]) -> Option<Familiar>,
) -> Arranged {
    // What is not UTF-8 is neither a command nor an option.
    let words: Vec<&str> = args.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    for at in 1..end.min(FARTHEST) {
        let (front, rest) = (&words[1..at], &words[at..end]);
        // A command of our own is one, but for what it means with the next word.
        let is_command = root.find_subcommand(rest[0]).is_some();
        let (used, path) = match familiar(rest).filter(|it| !is_command || it.words > 1) {
            Some(Familiar { words, meaning: Meaning::Words(path) }) => (words, path),
            Some(Familiar { words, meaning: Meaning::Hints(hints) }) => {
                if reads_options(front, &every(root)) != Some(front.len()) {
                    continue;
                }
                let message = format!("there is no command `{}`", rest[..words].join(" "));
                return Arranged::Refused(Usage { message, hints: with_front(root, front, hints) });
            }
            None if is_command => (1, &[][..]),
            None => continue,
        };
        let typed = if path.is_empty() { &rest[..1] } else { path };
        let mut command = root;
        let mut behind = at + used;
        for word in typed {
            command = command.find_subcommand(word).unwrap_or(command);
        }
        let mut line: Vec<OsString> = args[..1].to_vec();
        line.extend(typed.iter().map(OsString::from));
        while let Some(next) = words.get(behind).and_then(|word| command.find_subcommand(word)) {
            (command, behind) = (next, behind + 1);
            line.push(next.get_name().into());
        }
        let known: Vec<&Arg> = command.get_arguments().collect();
        if reads_options(front, &known) == Some(front.len()) {
            line.extend(args[1..at].iter().chain(&args[behind..]).cloned());
            return Arranged::Line(line);
        }
    }
    Arranged::Line(args.to_vec())
}

/// Returns the hints with the options in front of the command that was typed: where it works, and
/// whether it only says what it would do, is part of what was meant. What a hint has itself, as a
/// place for a value, is not put in twice.
fn with_front(root: &Command, front: &[&str], hints: Vec<String>) -> Vec<String> {
    let program = format!("`{} ", root.get_name());
    let known = every(root);
    let with_front = |hint: String| {
        let (mut shown, mut rest) = (program.clone(), front);
        while let Some((option, behind)) =
            reads_option(rest, &known).and_then(|used| rest.split_at_checked(used))
        {
            if !hint.split(' ').any(|word| word == option[0]) {
                shown += &format!("{} ", quoted_words(option));
            }
            rest = behind;
        }
        hint.replace(&program, &shown)
    };
    hints.into_iter().map(with_front).collect()
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::*;

    fn root() -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        let verbose = || flag("verbose").short('v');
        let wait = || Arg::new("wait").long("wait").alias("pause").value_name("SECONDS");
        let perhaps = Arg::new("perhaps").short('p').num_args(0..=1);
        let link = Arg::new("link").long("link");
        let start = Command::new("start").args([verbose(), link, Arg::new("role")]);
        let mut root = Command::new("x")
            .arg(Arg::new("netns").long("netns").global(true))
            .subcommand(Command::new("list").args([flag("json"), Arg::new("service")]))
            .subcommand(Command::new("clear").args([verbose(), wait(), perhaps]))
            .subcommand(Command::new("daemon").arg(flag("json")).subcommand(start));
        root.build();
        root
    }

    fn familiar(words: &[&str]) -> Option<Familiar> {
        let reads = |words, path| Some(Familiar { words, meaning: Meaning::Words(path) });
        match words {
            ["show", "services", ..] => reads(2, &["list"]),
            ["show", ..] => reads(1, &["list"]),
            ["clear", ..] => reads(1, &["list"]),
            ["stats", ..] => reads(1, &["list", "--stats"]),
            ["begin", ..] => reads(1, &["daemon", "start"]),
            ["flush", ..] => {
                let hints = vec!["`x clear` does".to_owned()];
                Some(Familiar { words: 1, meaning: Meaning::Hints(hints) })
            }
            ["stop", ..] => {
                let hints = vec!["`x daemon start --link DEV` does not".to_owned()];
                Some(Familiar { words: 1, meaning: Meaning::Hints(hints) })
            }
            _ => None,
        }
    }

    fn line(line: &str) -> Arranged {
        let args: Vec<_> = ["x"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
        arranged(&root(), &args, familiar)
    }

    #[test]
    fn a_line_is_put_in_order() {
        for (typed, meant) in [
            ("--json list", "list --json"),
            ("--netns blue --json list a", "list --netns blue --json a"),
            ("--netns list --json list", "list --netns list --json"),
            ("-v --wait=3 clear", "clear -v --wait=3"),
            ("--pause 3 clear", "clear --pause 3"),
            ("--wait 3 clear -- --json", "clear --wait 3 -- --json"),
            ("-v daemon start master", "daemon start -v master"),
            ("--json daemon", "daemon --json"),
            ("show a b", "list a b"),
            ("show services", "list"),
            ("--json show services", "list --json"),
            ("stats", "list --stats"),
            ("-v begin master", "daemon start -v master"),
            ("help show", "list --help"),
            ("help show services", "list --help"),
            ("help begin", "daemon start --help"),
            ("help", "help"),
            ("help list frob", "help list frob"),
            ("list help show", "list help show"),
            // Not all in front is the command's, or not for certain.
            ("--json clear", "--json clear"),
            ("-p clear", "-p clear"),
            ("-vv clear", "-vv clear"),
            ("--other list", "--other list"),
            ("--wait clear", "--wait clear"),
            ("-- list", "-- list"),
            ("-- show", "-- show"),
            ("blue list", "blue list"),
            ("list", "list"),
            ("clear", "clear"),
        ] {
            let meant = std::iter::once("x").chain(meant.split(' ')).map(OsString::from).collect();
            assert_eq!(line(typed), Arranged::Line(meant), "{typed}");
        }
    }

    #[test]
    fn what_would_change_something_is_refused() {
        for (typed, word, hint) in [
            ("flush", "flush", "`x clear` does"),
            ("help flush", "flush", "`x clear` does"),
            ("flush --json", "flush", "`x clear` does"),
            // In another namespace it is another table.
            ("--netns blue flush", "flush", "`x --netns blue clear` does"),
            ("-v --wait 3 flush", "flush", "`x -v --wait 3 clear` does"),
            // One of a command's own commands.
            ("--link eth1 flush", "flush", "`x --link eth1 clear` does"),
            (
                "--netns blue --link eth1 stop",
                "stop",
                "`x --netns blue daemon start --link DEV` does not",
            ),
        ] {
            let Arranged::Refused(usage) = line(typed) else { panic!("{typed}") };
            assert_eq!(usage.to_string(), format!("there is no command `{word}`"), "{typed}");
            assert_eq!(usage.hints, [hint], "{typed}");
        }
        assert!(matches!(line("--other flush"), Arranged::Line(_)));
    }
}
