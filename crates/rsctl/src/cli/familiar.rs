// SPDX-License-Identifier: MIT OR Apache-2.0

//! Knows the words that people bring from other programs, and what they mean here.
//!
//! A word that only reads is read as ours. One that changes something is not: who guesses a word
//! has not said what is to be deleted. With the name of an object beside it (`rm service`) it is
//! no guess any more. `docs/words.md` has all of them, held by a test.

use lvs_term::{Familiar, Meaning, quoted_words};

/// Words that are read as others.
const READ: [(&[&str], &[&str]); 8] = [
    (&["version"], &["--version"]),
    (&["completion", "completions"], &["generate"]),
    (&["man"], &["generate", "man"]),
    (&["dump", "export", "backup"], &["save"]),
    (&["start-daemon"], &["sync-daemon", "start"]),
    (&["stop-daemon"], &["sync-daemon", "stop"]),
    (&["daemon", "daemons", "sync-daemons"], &["sync-daemon"]),
    (&["status"], &["list"]),
];

/// What there is to list, alone or behind a word for it.
const LISTED: [(&[&str], &[&str]); 6] = [
    (&["services", "servers", "service", "server", "table", "all"], &["list"]),
    (&["stats", "statistics", "counters"], &["list", "--stats"]),
    (&["rate", "rates"], &["list", "--rate"]),
    (&["connections", "connection", "conns", "conn"], &["connections"]),
    (&["timeouts", "timeout"], &["timeouts"]),
    (&["sync-daemon", "sync-daemons", "daemon", "daemons"], &["sync-daemon", "status"]),
];

const LIST: &[&str] = &["list", "ls", "show", "get"];

/// Words for what is done to an object.
const VERBS: [(&[&str], &str); 4] = [
    (&["add", "create", "new"], "add"),
    (&["edit", "change", "modify", "update"], "edit"),
    (&["set"], "set"),
    (&["delete", "del", "rm", "remove"], "delete"),
];

/// Words for objects.
const OBJECTS: [(&[&str], &str); 2] = [
    (&["service", "services", "virtual-service", "svc"], "service"),
    (&["server", "servers", "real-server", "realserver", "rs"], "server"),
];

/// The commands that a verb and an object call.
const COMMANDS: [(&str, &str, &[&str]); 8] = [
    ("add", "service", &["add-service"]),
    ("edit", "service", &["edit-service"]),
    ("delete", "service", &["delete-service"]),
    ("set", "service", &["set-service"]),
    ("add", "server", &["add-server"]),
    ("set", "server", &["set-server"]),
    ("edit", "server", &["edit-server"]),
    ("delete", "server", &["delete-server"]),
];

/// Says what the words mean with which a line goes on where its command should be.
pub(crate) fn familiar(words: &[&str]) -> Option<Familiar> {
    let (first, rest) = words.split_first()?;
    let read = |words, path| Some(Familiar { words, meaning: Meaning::Words(path) });
    if let Some(path) = rest.first().and_then(|second| pair(first, second)) {
        return read(2, path);
    }
    if let Some(path) = hyphens(first).find_map(|(one, other)| pair(one, other)) {
        return read(1, path);
    }
    if let Some(path) = of(&READ, first).or_else(|| of(&LISTED, first)) {
        // Some are commands already.
        return (path != [*first]).then(|| read(1, path)).flatten();
    }
    if LIST.contains(first) && *first != "list" {
        return read(1, &["list"]);
    }
    Some(Familiar { words: 1, meaning: Meaning::Hints(hints(first, rest)?) })
}

fn of<T: Copy>(table: &[(&[&str], T)], word: &str) -> Option<T> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, meaning)| *meaning)
}

/// Returns what two words mean in either order: what is done, and to what.
fn pair(one: &str, other: &str) -> Option<&'static [&'static str]> {
    let either = |one, other| {
        if let (Some(verb), Some(object)) = (of(&VERBS, one), of(&OBJECTS, other)) {
            let is_it = |it: &&(&str, &str, _)| (it.0, it.1) == (verb, object);
            return COMMANDS.iter().find(is_it).map(|(.., path)| *path);
        }
        if LIST.contains(&one) { of(&LISTED, other) } else { None }
    };
    if [one, other] == ["sync", "daemon"] {
        return Some(&["sync-daemon"]);
    }
    either(one, other).or_else(|| either(other, one))
}

/// Returns the halves of a word at each of its hyphens.
fn hyphens(word: &str) -> impl Iterator<Item = (&str, &str)> {
    word.match_indices('-').map(|(at, _)| (&word[..at], &word[at + 1..]))
}

/// Returns what to write instead of a word that changes something.
fn hints(word: &str, rest: &[&str]) -> Option<Vec<String>> {
    // The command is asked for, not its help.
    let rest: Vec<&str> =
        rest.iter().copied().filter(|word| !matches!(*word, "--help" | "-h")).collect();
    let rest_has = |options: &[&str]| {
        rest.iter().any(|word| options.iter().any(|option| word.starts_with(option)))
    };
    let names_server = rest_has(&["-r", "--real-server"]);
    let behind = quoted_words(&rest);
    let line = |command: &str, instead: &str| match &*behind {
        "" => format!("`rsctl {command} {instead}`"),
        behind => format!("`rsctl {command} {behind}`"),
    };
    let service = |verb: &str| line(&format!("{verb}-service"), "SERVICE");
    let server = |verb: &str| match names_server {
        true => line(&format!("{verb}-server"), ""),
        false => format!("`rsctl {verb}-server SERVICE -r RIP`"),
    };
    if let (Some(hint), "set") = (timeouts(&rest), word) {
        return Some(vec![hint]);
    }
    if let Some(verb) = of(&VERBS, word) {
        let done = match verb {
            "add" => ["adds a virtual service", "adds a real server to one"],
            "set" => ["makes a virtual service so", "makes a real server so"],
            "edit" => ["changes a virtual service", "changes one of its real servers"],
            _ => ["deletes a virtual service with its real servers", "deletes one of them"],
        };
        let hints =
            [format!("{} {}", service(verb), done[0]), format!("{} {}", server(verb), done[1])];
        return Some(hints.into_iter().skip(usize::from(names_server)).collect());
    }
    let hints: &[&str] = match word {
        "flush" => &["`rsctl clear` deletes all virtual services"],
        "reset" => {
            &["`rsctl zero` sets counters to 0", "`rsctl clear` deletes all virtual services"]
        }
        "load" | "import" => {
            return Some(vec![format!(
                "{} makes the table that of FILE; with `--dry-run` it shows what would change",
                line("restore", "FILE")
            )]);
        }
        "disable" => &["`rsctl drain RIP` gives a server no new connections"],
        "enable" => &["`rsctl undrain RIP` gives a drained server connections again"],
        "start" => &["`rsctl sync-daemon start ROLE --interface DEV` starts a sync daemon"],
        "stop" => &["`rsctl sync-daemon stop ROLE` stops a sync daemon"],
        _ => return None,
    };
    Some(hints.iter().map(ToString::to_string).collect())
}

/// Returns how three timeouts are set, as `set` of ipvsadm has them.
fn timeouts(rest: &[&str]) -> Option<String> {
    let [tcp, fin, udp] = rest else { return None };
    let mut hint = "rsctl timeouts".to_owned();
    for (option, seconds) in [("tcp", tcp), ("tcp-fin", fin), ("udp", udp)] {
        match seconds.parse::<u32>().ok()? {
            // It leaves the timeout as it is.
            0 => {}
            seconds => hint += &format!(" --{option} {seconds}"),
        }
    }
    Some(format!("`{hint}`"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Cli, Unread};

    const PAGE: &str = include_str!("../../../../docs/words.md");

    /// Returns the rows below a heading of the page: what is typed, and the other cell.
    fn rows(heading: &str) -> Vec<(Vec<&'static str>, &'static str)> {
        let start = PAGE.find(&format!("\n## {heading}\n")).expect("the heading") + 1;
        let section = &PAGE[start..];
        let section = &section[..section.find("\n## ").unwrap_or(section.len())];
        let cells = |line: &'static str| line.strip_prefix("| `")?.strip_suffix(" |");
        let row = |line| {
            let (typed, other) = cells(line)?.split_once("` | ")?;
            Some((typed.split("`, `").collect(), other))
        };
        section.lines().filter_map(row).collect()
    }

    fn read(line: &str) -> Result<Cli, Unread> {
        let words = std::iter::once("rsctl").chain(line.split(' '));
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

    fn hints(line: &str) -> Vec<String> {
        let Err(Unread::Led(usage)) = read(line) else { panic!("{line} is not led") };
        let [hints @ .., see] = &usage.hints[..] else { panic!("{line}: no hint") };
        assert_eq!(see, "see `rsctl --help`", "{line}");
        hints.to_vec()
    }

    #[test]
    fn every_row_of_the_page_is_what_a_line_means() {
        for heading in ["`rsctl`: read as", "`rsctl`: values"] {
            for (typed, ours) in rows(heading) {
                let ours = meaning(ours.trim_matches('`'));
                typed.iter().for_each(|typed| assert_eq!(meaning(typed), ours, "{typed}"));
            }
        }
        for (typed, expected) in rows("`rsctl`: answered with") {
            for typed in typed {
                assert_eq!(super::tests::hints(typed).join("; "), expected, "{typed}");
            }
        }
        for (typed, ours) in rows("`rsctl`: options of `ipvsadm`") {
            for typed in typed {
                let whole = format!("or `rsctl ipvsadm {typed}`, which takes ipvsadm's options");
                assert_eq!(super::tests::hints(typed), [ours.to_owned(), whole], "{typed}");
            }
        }
    }

    #[test]
    fn every_word_is_on_the_page() {
        let typed: BTreeSet<&str> = rows("`rsctl`: read as")
            .into_iter()
            .chain(rows("`rsctl`: answered with"))
            .flat_map(|(typed, _)| typed)
            .flat_map(|line| line.split(' '))
            .flat_map(|word| std::iter::once(word).chain(hyphens(word).flat_map(|(a, b)| [a, b])))
            .collect();
        let read = READ.iter().chain(&LISTED).flat_map(|(words, _)| *words);
        let objects = VERBS.iter().chain(&OBJECTS).flat_map(|(words, _)| *words);
        let all = read.chain(objects).chain(LIST);
        let missing: Vec<_> = all.filter(|word| !typed.contains(*word)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Whatever is in front, or behind.
    #[test]
    fn what_changes_something_is_not_run_by_a_guess() {
        for line in ["--json flush", "-v rm tcp/192.0.2.10:80", "--netns blue flush --yes"] {
            assert!(matches!(read(line), Err(Unread::Led(_))), "{line}");
        }
    }

    /// What is wrong with a line is told in our words.
    #[test]
    fn the_help_is_that_of_the_command_that_is_meant() {
        for (line, help) in [
            ("show --frob", "rsctl list"),
            ("rm service", "rsctl delete-service"),
            ("add server tcp/192.0.2.10:80", "rsctl add-server"),
            ("daemon start", "rsctl sync-daemon start"),
        ] {
            let Err(Unread::Stop(stop, args)) = read(line) else { panic!("{line}") };
            let usage = crate::cli::explain(&stop, &args);
            assert_eq!(usage.hints.last(), Some(&format!("see `{help} --help`")), "{line}");
        }
    }
}
