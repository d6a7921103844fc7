// SPDX-License-Identifier: MIT OR Apache-2.0
//! Knows the words that people bring from other programs, and what they mean here: those that only
//! read are read as ours, those that change this host are answered with the command that does it.
//! `docs/words.md` has all of them, held by a test.

use std::ffi::OsString;

use clap::Parser as _;
use lvs_term::{Familiar, Meaning, Unread, read_again};

use super::Cli;

/// Words that are read as others.
const READ: [(&[&str], &[&str]); 7] = [
    (&["show", "ls", "list", "get"], &["status"]),
    (&["verify", "doctor", "diagnose", "test", "validate"], &["check"]),
    (&["rules"], &["check", "--list-rules"]),
    (&["explain"], &["check", "--explain"]),
    (&["version"], &["--version"]),
    (&["completion", "completions"], &["generate"]),
    (&["man"], &["generate", "man"]),
];

/// Words that change this host, with what does it.
const ANSWERED: [(&[&str], &str); 4] = [
    (
        &["up", "add", "start", "create", "enable", "apply", "join"],
        "`rs-agent setup --mode MODE --vip VIP` makes this host a real server; with `--dry-run` it \
         shows what would be done",
    ),
    (
        &["down", "stop", "remove", "rm", "del", "delete", "disable", "undo", "leave"],
        "`rs-agent teardown` puts everything back as it was before setup; with `--dry-run` it \
         shows what would be done",
    ),
    (
        &["watch", "daemon", "monitor", "keep"],
        "`rs-agent run` keeps this host as it is set up; `rs-agent status` looks once",
    ),
    (
        &["install", "unit", "service"],
        "`rs-agent install-unit` writes a systemd unit; with `--print` it shows it",
    ),
];

/// Says what the words mean with which a line goes on where its command should be.
pub(crate) fn familiar(words: &[&str]) -> Option<Familiar> {
    let first = words.first()?;
    let read = READ.iter().find(|(typed, _)| typed.contains(first));
    let answered = ANSWERED.iter().find(|(typed, _)| typed.contains(first));
    let meaning = match (read, answered) {
        (Some((_, ours)), _) => Meaning::Words(ours),
        (None, Some((_, hint))) => Meaning::Hints(vec![(*hint).to_owned()]),
        (None, None) => return None,
    };
    Some(Familiar { words: 1, meaning })
}

impl Cli {
    /// Reads a command line; what cannot be read as it is, as other programs would have it.
    ///
    /// # Errors
    /// Why it stops: a complaint, or because help or the version is to be shown.
    pub fn read(args: &[OsString]) -> Result<Self, Unread> {
        Self::try_parse_from(args).or_else(|stop| read_again(stop, args, familiar))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../../docs/words.md");

    /// Returns the rows below a heading of the page: what is typed, and the other cell.
    fn rows(heading: &str) -> Vec<(Vec<&'static str>, &'static str)> {
        let start = PAGE.find(&format!("\n## {heading}\n")).unwrap() + 1;
        let section = &PAGE[start..];
        let section = &section[..section.find("\n## ").unwrap_or(section.len())];
        let cut = |line: &'static str| {
            let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
            let (typed, other) = row.split_once("` | ")?;
            Some((typed.split("`, `").collect(), other))
        };
        let lines = section.lines().filter(|line| line.starts_with("| `"));
        let rows: Vec<_> = lines.map(|line| cut(line).expect(line)).collect();
        assert!(!rows.is_empty(), "{heading}");
        rows
    }

    fn read(line: &str) -> Result<Cli, Unread> {
        let words = std::iter::once("rs-agent").chain(line.split(' '));
        Cli::read(&words.map(OsString::from).collect::<Vec<_>>())
    }

    /// Returns what a line means: a command, or the help or version.
    fn meaning(line: &str) -> String {
        match read(line) {
            Ok(cli) => format!("{cli:?}"),
            Err(Unread::Stop(stop, _)) if stop.exit_code() == 0 => stop.to_string(),
            Err(other) => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_row_of_the_page_is_what_a_line_means() {
        for (typed, ours) in rows("`rs-agent`: read as") {
            let ours = meaning(ours.trim_matches('`'));
            typed.iter().for_each(|typed| assert_eq!(meaning(typed), ours, "{typed}"));
        }
        for (typed, expected) in rows("`rs-agent`: answered with") {
            for typed in typed {
                let Err(Unread::Answered(usage)) = read(typed) else { panic!("{typed}") };
                assert_eq!(usage.hints, [expected, "see `rs-agent --help`"], "{typed}");
                assert!(usage.message.starts_with("there is no command `"), "{usage}");
            }
        }
    }

    #[test]
    fn every_word_is_on_the_page() {
        let typed: BTreeSet<&str> = rows("`rs-agent`: read as")
            .into_iter()
            .chain(rows("`rs-agent`: answered with"))
            .flat_map(|(typed, _)| typed)
            .filter_map(|line| line.split(' ').next())
            .collect();
        let read = READ.iter().flat_map(|(words, _)| *words);
        for word in read.chain(ANSWERED.iter().flat_map(|(words, _)| *words)) {
            assert!(typed.contains(word), "{word}");
        }
    }
}
