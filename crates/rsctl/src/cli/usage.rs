// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, Command, CommandFactory};
use lvs_term::{Usage, clap_context, reads_options};

use super::{BadValue, Cli, typed};

/// Returns clap's complaint about `args` in the form of all our errors, with the help of the
/// command that it is about.
pub(crate) fn explain(error: &clap::Error, args: &[OsString]) -> Usage {
    let mut usage = Usage::of(error, args, |bad: &BadValue| bad.hint.clone());
    let mut root = Cli::command();
    root.build();
    let (command, described) = named(&root, args);
    // Of a list they are filters; of a change they make it one of many services.
    if command != "rsctl list" {
        usage = usage.never_suggests(&["--everywhere", "--vip"]);
    }
    let arg = clap_context(error, ContextKind::InvalidArg);
    if command == "rsctl list"
        && arg.iter().any(|arg| arg == "[SERVICE]" || !arg.starts_with(['-', '[']))
    {
        usage.hints = watch_apart(args).map_or(usage.hints, |hint| vec![hint]);
    }
    if command == "rsctl generate" && arg == ["<FOLDER>"] {
        usage.hints.push("`rsctl generate WHAT FOLDER` writes files there".to_owned());
    }
    if arg.iter().any(|arg| arg == "SERVICE") {
        usage.hints.push(services(described));
    }
    if error.kind() == ErrorKind::InvalidUtf8 && names_odd_namespace(args) {
        usage
            .hints
            .push("pid:NUMBER names the namespace of a process, whatever it is called".to_owned());
    }
    usage.see(&command)
}

/// Returns what to write for `--watch 10`, which is `--watch` and a service.
fn watch_apart(args: &[OsString]) -> Option<String> {
    let seconds = args.windows(2).find(|two| two[0] == "--watch")?[1].to_str()?;
    typed::interval(seconds).ok()?;
    Some(format!("write the seconds in the same word: `--watch={seconds}`"))
}

/// Returns how the command's services are named.
fn services(command: &Command) -> String {
    let mut hint = "SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80".to_owned();
    let has = |long| command.get_arguments().any(|arg| arg.get_long() == Some(long));
    if has("vip") {
        hint += "; --vip VIP means all services of a VIP";
    }
    if has("everywhere") {
        hint += ", --everywhere all that have the server";
    }
    hint
}

/// Returns whether the name of a network namespace is not UTF-8.
fn names_odd_namespace(args: &[OsString]) -> bool {
    let is_odd = |word: &OsString| word.to_str().is_none();
    let in_one = |word: &OsString| word.as_encoded_bytes().starts_with(b"--netns=") && is_odd(word);
    args.iter().any(in_one) || args.windows(2).any(|two| two[0] == "--netns" && is_odd(&two[1]))
}

/// Returns the words that name the command of a line, such as `rsctl sync-daemon start`, and the
/// command. `root` is the description of all, built.
fn named<'a>(root: &'a Command, args: &[OsString]) -> (String, &'a Command) {
    let (mut line, mut command) = ("rsctl".to_owned(), root);
    // What is not UTF-8 is a value, or nothing.
    let words: Vec<_> = args.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    // An option of every command may stand in front of them, with its value.
    let everywhere: Vec<&Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).collect();
    let mut rest = &words[..];
    while let Some(options) = reads_options(rest, &everywhere) {
        let Some((word, behind)) = rest[options..].split_first() else { break };
        let Some(next) = command.find_subcommand(word) else { break };
        line = format!("{line} {word}");
        (command, rest) = (next, behind);
    }
    (line, command)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use lvs_term::Unread;

    use super::*;

    /// Returns what stands on stderr for `line`, without the pointer to the help.
    fn complaint(line: &str) -> (String, Option<String>) {
        let words = std::iter::once("rsctl").chain(line.split_whitespace());
        let args: Vec<_> = words.map(OsString::from).collect();
        let mut usage = match Cli::read(&args).expect_err(line) {
            Unread::Stop(stop, args) => explain(&stop, &args),
            Unread::Answered(usage) => usage,
        };
        let command = line.split(' ').next();
        let command = command.filter(|name| Cli::command().find_subcommand(name).is_some());
        let help = command.map_or("rsctl".to_owned(), |name| format!("rsctl {name}"));
        assert_eq!(usage.hints.pop(), Some(format!("see `{help} --help`")));
        let hint = usage.hints.pop();
        assert!(usage.hints.is_empty(), "{:?}", usage.hints);
        (usage.to_string(), hint)
    }

    #[test]
    fn the_help_is_that_of_the_command() {
        for (line, help) in [
            ("sync-daemon start", "rsctl sync-daemon start"),
            ("sync-daemon stop x", "rsctl sync-daemon stop"),
            ("sync-daemon strat", "rsctl sync-daemon"),
            ("list start list", "rsctl list"),
            ("-x list", "rsctl"),
            ("--netns blue sync-daemon start", "rsctl sync-daemon start"),
            (
                "--netns=blue --color never sync-daemon --netns blue stop x",
                "rsctl sync-daemon stop",
            ),
            ("--netns list list -q", "rsctl list"),
            ("--nets blue list", "rsctl"),
            ("--netns", "rsctl"),
        ] {
            let args: Vec<_> = ["rsctl"].into_iter().chain(line.split(' ')).collect();
            let args: Vec<_> = args.into_iter().map(OsString::from).collect();
            let error = Cli::try_parse_from(&args).expect_err(line);
            let hints = explain(&error, &args).hints;
            assert_eq!(hints.last(), Some(&format!("see `{help} --help`")), "{line}");
        }
    }

    #[test]
    fn a_namespace_whose_name_is_no_text_has_another_name() {
        use std::os::unix::ffi::OsStringExt as _;
        for words in [&[&b"--netns"[..], b"\xff", b"list"][..], &[b"--netns=\xff", b"list"]] {
            let words = words.iter().map(|word| OsString::from_vec(word.to_vec()));
            let args: Vec<_> = std::iter::once("rsctl".into()).chain(words).collect();
            let Err(Unread::Stop(stop, args)) = Cli::read(&args) else { panic!("{args:?}") };
            let usage = explain(&stop, &args);
            assert!(usage.message.ends_with("is not UTF-8"), "{usage}");
            let [hint, see] = &usage.hints[..] else { panic!("{:?}", usage.hints) };
            assert!(hint.starts_with("pid:NUMBER"), "{hint}");
            assert_eq!(see, "see `rsctl list --help`");
        }
    }

    #[test]
    fn complaints_are_one_line_and_say_what_to_write() {
        let service = Some("SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80");
        let server = "add-server tcp/192.0.2.10:80 -r 10.0.0.11";
        for (line, message, hint) in [
            ("list-al", "there is no command `list-al`", Some("did you mean `list`?")),
            ("ad-server", "there is no command `ad-server`", Some("did you mean `add-server`?")),
            ("list --jsn", "unexpected argument `--jsn`", Some("did you mean `--json`?")),
            ("add-service -s rr", "missing `SERVICE`", service),
            (
                "delete-service --if-exists",
                "missing `SERVICE`",
                Some(
                    "SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80; --vip VIP \
                     means all services of a VIP",
                ),
            ),
            (
                "edit-server -r 10.0.0.11 -w 0",
                "missing `SERVICE`",
                Some(
                    "SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80; --vip VIP \
                     means all services of a VIP, --everywhere all that have the server",
                ),
            ),
            ("add-server tcp/192.0.2.10:80", "missing `--real-server <RIP[:PORT]>`", None),
            (&format!("{server} -w -1"), "weight -1 is out of range: use 0 to 2147483647", None),
            (
                &format!("{server} --weight=-1"),
                "weight -1 is out of range: use 0 to 2147483647",
                None,
            ),
            (
                &format!("{server} -x -1"),
                "upper threshold -1 is out of range: use 0 to 2147483647",
                None,
            ),
            (
                &format!("{server} --tun-port -1"),
                "tunnel port -1 is out of range: use 1 to 65535",
                None,
            ),
            ("delete-service -f -1", "firewall mark -1 is out of range: use 1 to 4294967295", None),
            (
                &format!("{server} -g -m"),
                "`--gatewaying` cannot be used together with `--masquerading`",
                None,
            ),
            (
                &format!("{server} -m --mode nat"),
                "`--masquerading` cannot be used together with `--mode <MODE>`",
                None,
            ),
            (
                &format!("{server} --tun-csum --tun-nocsum"),
                "`--tun-csum` cannot be used together with `--tun-nocsum`",
                None,
            ),
            (&format!("{server} -w 1 -w 2"), "`--weight <N>` is given more than once", None),
            (&format!("{server} -w"), "`--weight <N>` needs a value", None),
            (
                &format!("{server} --mode bridge"),
                "`bridge` is not a value of `--mode <MODE>`: use one of `dr`, `tun`, `nat`",
                None,
            ),
            (
                "delete-service -t 192.0.2.10:80 -u 192.0.2.10:80",
                "`--tcp-service <VIP:PORT>` cannot be used together with `--udp-service \
                 <VIP:PORT>`",
                None,
            ),
            ("add-service tcp/192.0.2.10:80 -b ,", "`--sched-flags <FLAG>` needs a value", None),
            (
                "add-service tcp/192.0.2.10:80 -s sh -b sh-prt",
                "`sh-prt` is not a value of `--sched-flags <FLAG>`: use one of `sh-fallback`, \
                 `sh-port`, `mh-fallback`, `mh-port`, `flag-1`, `flag-2`, `flag-3`",
                Some("did you mean `sh-port`?"),
            ),
            (
                "edit-service tcp/192.0.2.10:80 -p --no-persistent",
                "`--persistent [<SECONDS>]` cannot be used together with `--no-persistent`",
                None,
            ),
            (
                "add-service -t web1:80",
                "`web1` is not an IP address",
                Some("names are not looked up: write the address"),
            ),
            (
                "add-service -p tcp/192.0.2.10:80",
                "`tcp/192.0.2.10:80` is not a persistence timeout: use 1 to 2678400 seconds, \
                 as in 90, 5m or 1h30m",
                Some("write the service before -p"),
            ),
            (
                "list --watch 10",
                "`10` is not a virtual service: expected PROTOCOL/ADDRESS:PORT or \
                 fwmark/NUMBER[/ipv6]",
                Some("write the seconds in the same word: `--watch=10`"),
            ),
            (
                "list --watch 1m tcp/192.0.2.10:80",
                "unexpected argument `tcp/192.0.2.10:80`",
                Some("write the seconds in the same word: `--watch=1m`"),
            ),
            (
                "list --watch soon",
                "`soon` is not a virtual service: expected PROTOCOL/ADDRESS:PORT or \
                 fwmark/NUMBER[/ipv6]",
                Some("for example tcp/192.0.2.10:80 or fwmark/7"),
            ),
            (
                "generate bash --color never",
                "missing `<FOLDER>`",
                Some("`rsctl generate WHAT FOLDER` writes files there"),
            ),
            // What reaches further than was typed is not suggested, nor what sounds alike.
            ("delete-server --every-where", "unexpected argument `--every-where`", None),
            ("set-server --vipp 192.0.2.10", "unexpected argument `--vipp`", None),
            (
                "list --vipp 192.0.2.10",
                "unexpected argument `--vipp`",
                Some("did you mean `--vip`?"),
            ),
            ("list --all", "unexpected argument `--all`", None),
            ("generate", "missing `<WHAT>` and `<FOLDER>`", None),
            ("list -6", "missing `--fwmark-service <MARK>`", None),
            (
                "list tcp/192.0.2.10:80 -6",
                "`[SERVICE]` cannot be used together with `--ipv6`",
                None,
            ),
        ] {
            assert_eq!(complaint(line), (message.to_owned(), hint.map(str::to_owned)), "{line}");
        }
    }
}
