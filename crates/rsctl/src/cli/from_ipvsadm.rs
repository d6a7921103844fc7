// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says in the words of `rsctl` what somebody has written as to `ipvsadm`.

use std::ffi::OsString;

use clap::{Arg, Args as _, Command, Parser as _};
use lvs_term::{Unread, Usage, quoted_words, reads_options};

use super::familiar::timeouts;
use super::{Cli, Global};
use crate::ipvsadm::written::{self, Written, WrittenOption};

/// Answers what was not read with what to write instead, if it is a line for `ipvsadm`.
pub(super) fn answered(unread: Unread) -> Unread {
    match unread {
        // Not the help.
        Unread::Stop(stop, args) if stop.use_stderr() => match answer(&args) {
            Some(usage) => Unread::Answered(usage.see("rsctl")),
            None => Unread::Stop(stop, args),
        },
        unread => unread,
    }
}

/// Returns what to write instead, if the line is one for `ipvsadm`, perhaps behind options of every
/// command.
fn answer(args: &[OsString]) -> Option<Usage> {
    let mut known = Global::augment_args(Command::new("rsctl"));
    known.build();
    let words: Vec<String> =
        args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let everywhere: Vec<&Arg> = known.get_arguments().filter(|arg| arg.is_global_set()).collect();
    let front = reads_options(&texts, &everywhere)?;
    let line = words.get(front..)?;
    let written = written::read(line)?;
    let command = translated(&written)
        .filter(|words| is_one(words))
        .map_or_else(|| command(&written).join(" "), |words| quoted_words(words.iter()));
    let typed = line.first()?;
    let front = quoted_words(&texts[..front]);
    let space = if front.is_empty() { "" } else { " " };
    let mut hints = vec![format!("`rsctl {front}{space}{command}`")];
    if front.is_empty() {
        hints.push(format!(
            "or `rsctl ipvsadm {}`, which takes ipvsadm's options",
            quoted_words(line)
        ));
    }
    Some(Usage { message: format!("`{typed}` is an option of ipvsadm"), hints })
}

/// Returns the words by which our command is called.
fn command(written: &Written<'_>) -> Vec<String> {
    let has = |name| written.options.iter().any(|option| option.name == name);
    let words: &[&str] = match written.command.name {
        "list" if has("connection") => &["connections"],
        "list" if has("timeout") => &["timeouts"],
        "list" if has("daemon") => &["sync-daemon", "status"],
        "save" => &["save", "--format", "ipvsadm"],
        // Ours alone would delete what is not in the file.
        "restore" => &["restore", "--merge"],
        "set" => &["timeouts"],
        "start-daemon" => &["sync-daemon", "start"],
        "stop-daemon" => &["sync-daemon", "stop"],
        "help" => &["--help"],
        "version" => &["--version"],
        same => &[same],
    };
    words.iter().map(ToString::to_string).collect()
}

/// Returns the words of `rsctl` that do the same, as far as words tell.
fn translated(written: &Written<'_>) -> Option<Vec<String>> {
    let mut words = command(written);
    let mut arguments = written.arguments.iter();
    match written.command.name {
        "set" => {
            words = timeouts(&written.arguments)?;
            arguments = [].iter();
        }
        "start-daemon" | "stop-daemon" => words.push(written.command.value?.to_owned()),
        // What follows is not looked at.
        "help" | "version" => return Some(words),
        _ => {}
    }
    if !written.is_whole || arguments.next().is_some() {
        return None;
    }
    for option in &written.options {
        words.extend(in_ours(*option));
    }
    match written.command.name {
        "edit-service" | "edit-server" => words.push("--replace".to_owned()),
        "start-daemon" if !written.options.iter().any(|it| it.name == "mcast-interface") => {
            words.extend(["--interface", "eth0"].map(str::to_owned));
        }
        _ => {}
    }
    Some(words)
}

/// Returns the option in our words; none of one that is in the command's name, or usual.
fn in_ours(option: WrittenOption<'_>) -> Vec<String> {
    let word = match (option.name, option.letter) {
        ("connection" | "timeout" | "daemon" | "numeric" | "sort", _) => return Vec::new(),
        ("nosort", _) => return ["--sort", "none"].map(str::to_owned).to_vec(),
        (_, Some(letter)) => format!("-{letter}"),
        ("sync-maxlen", None) => "--maxlen".to_owned(),
        (name, None) if name.starts_with("mcast-") => name.replacen("mcast-", "--", 1),
        (name, None) => format!("--{name}"),
    };
    std::iter::once(word).chain(option.value.map(str::to_owned)).collect()
}

/// Returns whether it is a command that can be read, and so one to be shown.
fn is_one(words: &[String]) -> bool {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let line = std::iter::once("rsctl").chain(words.iter().map(String::as_str));
    match Cli::try_parse_from(line) {
        Ok(_) => true,
        Err(stop) => matches!(stop.kind(), DisplayHelp | DisplayVersion),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is said to a line.
    fn said(line: &str) -> Usage {
        let words = std::iter::once("rsctl").chain(line.split(' '));
        let args: Vec<OsString> = words.map(OsString::from).collect();
        match Cli::read(&args).expect_err(line) {
            Unread::Answered(usage) => usage,
            Unread::Stop(stop, _) => panic!("{line}: {stop}"),
        }
    }

    #[test]
    fn a_line_for_ipvsadm_is_answered_with_ours() {
        for (line, ours) in [
            ("-L -n", "list"),
            ("-Ln", "list"),
            ("-l", "list"),
            ("--list", "list"),
            ("-Ln --stats", "list --stats"),
            ("-L --rate --exact", "list --rate -X"),
            ("-Ln -t 192.0.2.10:80 --nosort", "list -t 192.0.2.10:80 --sort none"),
            ("-Lnc", "connections"),
            ("-L -c -t 192.0.2.10:80", "connections -t 192.0.2.10:80"),
            ("-l --timeout", "timeouts"),
            ("-L --daemon", "sync-daemon status"),
            ("-A -t 192.0.2.10:80 -s rr", "add-service -t 192.0.2.10:80 -s rr"),
            ("-At192.0.2.10:80 -p", "add-service -t 192.0.2.10:80 -p"),
            ("-A -u [2001:db8::1]:53 -b sh-port", "add-service -u '[2001:db8::1]:53' -b sh-port"),
            ("-E -f 7 -6 -s wlc", "edit-service -f 7 -6 -s wlc --replace"),
            ("-D -t 192.0.2.10:80", "delete-service -t 192.0.2.10:80"),
            (
                "-a -t 192.0.2.10:80 -r 10.0.0.11 -mw 3",
                "add-server -t 192.0.2.10:80 -r 10.0.0.11 -m -w 3",
            ),
            (
                "-a -t 192.0.2.10:80 -r 10.0.0.11 -i --tun-type gue --tun-port=6080",
                "add-server -t 192.0.2.10:80 -r 10.0.0.11 -i --tun-type gue --tun-port 6080",
            ),
            (
                "-e -t 192.0.2.10:80 -r 10.0.0.11 -w 0",
                "edit-server -t 192.0.2.10:80 -r 10.0.0.11 -w 0 --replace",
            ),
            (
                "--delete-server -t 192.0.2.10:80 -r 10.0.0.11",
                "delete-server -t 192.0.2.10:80 -r 10.0.0.11",
            ),
            ("-C", "clear"),
            ("--clear", "clear"),
            ("-Z", "zero"),
            ("-Z -t 192.0.2.10:80", "zero -t 192.0.2.10:80"),
            ("-S", "save --format ipvsadm"),
            ("-Sn", "save --format ipvsadm"),
            ("-R", "restore --merge"),
            ("--set 900 120 300", "timeouts --tcp 900 --tcp-fin 120 --udp 300"),
            ("--set 900 0 0", "timeouts --tcp 900"),
            (
                "--start-daemon master --mcast-interface eth1 --syncid 7 --mcast-ttl 2 --sync-maxlen 99",
                "sync-daemon start master --interface eth1 --syncid 7 --ttl 2 --maxlen 99",
            ),
            ("--start-daemon=backup", "sync-daemon start backup --interface eth0"),
            ("--stop-daemon master", "sync-daemon stop master"),
            ("-v", "--version"),
        ] {
            let usage = said(line);
            let typed = line.split(' ').next().unwrap();
            assert_eq!(usage.to_string(), format!("`{typed}` is an option of ipvsadm"), "{line}");
            let words = line.split(' ').map(|word| quoted_words([word])).collect::<Vec<_>>();
            let expected = [
                format!("`rsctl {ours}`"),
                format!("or `rsctl ipvsadm {}`, which takes ipvsadm's options", words.join(" ")),
                "see `rsctl --help`".to_owned(),
            ];
            assert_eq!(usage.hints, expected, "{line}");
        }
    }

    /// What cannot be said in our words, or cannot be read as such, is told by the command only.
    #[test]
    fn what_cannot_be_translated_is_named() {
        for (line, command) in [
            ("-A -t web1:80 -s rr", "add-service"),
            ("-A -t", "add-service"),
            ("-A --frob", "add-service"),
            ("-a -t 192.0.2.10:80", "add-server"),
            ("-Lc --stats", "connections"),
            ("--set 1 2", "timeouts"),
            ("--set 1 2 three", "timeouts"),
            ("--start-daemon both", "sync-daemon start"),
        ] {
            assert_eq!(said(line).hints[0], format!("`rsctl {command}`"), "{line}");
        }
    }

    #[test]
    fn options_in_front_are_kept() {
        let usage = said("--netns blue --color never -Ln");
        let expected = ["`rsctl --netns blue --color never list`", "see `rsctl --help`"];
        assert_eq!(usage.hints, expected);
    }

    /// What is wrong with one of ours is none of its.
    #[test]
    fn what_is_ours_is_not_taken_for_its() {
        for line in ["list -A", "-x", "--netns", "--json", "--netns blue"] {
            let args: Vec<_> =
                ["rsctl"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            assert!(matches!(Cli::read(&args), Err(Unread::Stop(..))), "{line}");
        }
    }
}
