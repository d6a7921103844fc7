// SPDX-License-Identifier: MIT OR Apache-2.0

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::{ContextKind, ErrorKind};
use lvs_term::{Usage, clap_context, escaped};

use super::{BadValue, Cli};

/// Returns clap's complaint about `args` in the form of all our errors, with the help of the
/// command that it is about.
pub(crate) fn explain(error: &clap::Error, args: &[OsString]) -> Usage {
    let mut usage = Usage::of(error, args, |bad: &BadValue| bad.hint.clone());
    if clap_context(error, ContextKind::InvalidArg).iter().any(|arg| arg == "SERVICE") {
        let example = "SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80";
        usage.hints.push(example.to_owned());
    }
    if let (ErrorKind::UnknownArgument, Some(command)) = (error.kind(), meant_command(args)) {
        let words: Vec<_> = args.iter().skip(1).map(|word| escaped(word)).collect();
        usage.hints = vec![format!(
            "`rsctl {command}`; or `rsctl ipvsadm {}`, which takes ipvsadm's options",
            words.join(" ")
        )];
    }
    usage.see(&command_line(args))
}

/// Returns the words that name the command, such as `rsctl sync-daemon start`.
fn command_line(args: &[OsString]) -> String {
    let mut line = "rsctl".to_owned();
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    let mut words = args.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        if let Some(next) = command.find_subcommand(word) {
            line = format!("{line} {word}");
            command = next;
            continue;
        }
        // An option of every command may stand in front of them, with its value.
        let Some(option) = word.strip_prefix("--") else { break };
        let (name, value) = option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v)));
        let mut known = command.get_arguments().filter(|arg| arg.is_global_set());
        match known.find(|arg| arg.get_long() == Some(name)) {
            Some(arg) if value.is_none() && arg.get_action().takes_values() => _ = words.next(),
            Some(_) => {}
            None => break,
        }
    }
    line
}

/// Returns our command for that of `ipvsadm` with which the line starts.
fn meant_command(args: &[OsString]) -> Option<&'static str> {
    let word = args.get(1)?.to_str()?;
    // What stands behind a letter is bundled with it, as in `-Ln`; a value may stand behind `=`.
    let end = if word.starts_with("--") { word.find('=').unwrap_or(word.len()) } else { 2 };
    Some(match word.get(..end)? {
        "-A" | "--add-service" => "add-service",
        "-E" | "--edit-service" => "edit-service",
        "-D" | "--delete-service" => "delete-service",
        "-a" | "--add-server" => "add-server",
        "-e" | "--edit-server" => "edit-server",
        "-d" | "--delete-server" => "delete-server",
        "-L" | "-l" | "--list" => "list",
        "-Z" | "--zero" => "zero",
        "-C" | "--clear" => "clear",
        "-S" | "--save" => "save",
        "-R" | "--restore" => "restore",
        "--set" => "timeouts",
        "--start-daemon" => "sync-daemon start",
        "--stop-daemon" => "sync-daemon stop",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// Returns what stands on stderr for `line`, without the pointer to the help.
    fn complaint(line: &str) -> (String, Option<String>) {
        let words = std::iter::once("rsctl").chain(line.split_whitespace());
        let args: Vec<_> = words.map(OsString::from).collect();
        let error = Cli::try_parse_from(&args).expect_err(line);
        let mut usage = explain(&error, &args);
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
    fn who_writes_as_to_ipvsadm_is_told_both_ways() {
        for (line, command) in [
            ("-L -n", "list"),
            ("-Ln", "list"),
            ("-l", "list"),
            ("--list", "list"),
            ("-A -t 192.0.2.10:80 -s rr", "add-service"),
            ("--edit-server -t 192.0.2.10:80", "edit-server"),
            ("-C", "clear"),
            ("--clear", "clear"),
            ("--set 1 2 3", "timeouts"),
            ("--start-daemon=master", "sync-daemon start"),
            ("--start-daemon master", "sync-daemon start"),
        ] {
            let (message, hint) = complaint(line);
            assert!(message.starts_with("unexpected argument `-"), "{line}: {message}");
            let expected = format!(
                "`rsctl {command}`; or `rsctl ipvsadm {line}`, which takes ipvsadm's options"
            );
            assert_eq!(hint, Some(expected), "{line}");
        }
        // What is wrong with one of ours is none of its.
        assert_eq!(complaint("list -A").1, None);
        assert_eq!(complaint("-x").1, None);
    }

    #[test]
    fn complaints_are_one_line_and_say_what_to_write() {
        let service = Some("SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80");
        let server = "add-server tcp/192.0.2.10:80 -r 10.0.0.11";
        for (line, message, hint) in [
            ("list-all", "there is no command `list-all`", Some("did you mean `list`?")),
            ("ad-server", "there is no command `ad-server`", Some("did you mean `add-server`?")),
            ("list --jsn", "unexpected argument `--jsn`", Some("did you mean `--json`?")),
            ("add-service -s rr", "missing `SERVICE`", service),
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
                "`tcp/192.0.2.10:80` is not a persistence timeout in seconds: use 1 to 2678400",
                Some("write the service before -p"),
            ),
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
