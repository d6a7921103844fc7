// SPDX-License-Identifier: MIT OR Apache-2.0

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::BadValue;

/// A command line that could not be read: one line, then hints.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Usage {
    message: String,
    pub(crate) hints: Vec<String>,
}

/// Clap's complaint in the form of all our errors. `command` is the subcommand
/// whose help may help.
pub(crate) fn explain(error: &clap::Error, command: Option<&str>) -> Usage {
    let mut hints = Vec::new();
    if let Some(hint) = error.source().and_then(|source| source.downcast_ref::<BadValue>()) {
        hints.extend(hint.hint.clone());
    }
    for kind in
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
    {
        // The most similar one is the last.
        if let Some(similar) = texts(error, kind).last() {
            hints.push(format!("did you mean `{similar}`?"));
        }
    }
    if texts(error, ContextKind::InvalidArg).iter().any(|arg| arg == "SERVICE") {
        hints.push("SERVICE is, for example, tcp/192.0.2.10:80 or -t 192.0.2.10:80".to_owned());
    }
    hints.push(match command {
        Some(command) => format!("see `rsctl {command} --help`"),
        None => "see `rsctl --help`".to_owned(),
    });
    Usage { message: message(error), hints }
}

fn message(error: &clap::Error) -> String {
    let arg = quoted(&texts(error, ContextKind::InvalidArg), ", ");
    let value = texts(error, ContextKind::InvalidValue).concat();
    match error.kind() {
        ErrorKind::ValueValidation => match error.source() {
            Some(source) => source.to_string(),
            None => format!("`{value}` is not a value of {arg}"),
        },
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} needs a value"),
        ErrorKind::InvalidValue => {
            let valid = texts(error, ContextKind::ValidValue).join(", ");
            format!("`{value}` is not a value of {arg}: use one of {valid}")
        }
        ErrorKind::UnknownArgument => format!("unexpected argument {arg}"),
        ErrorKind::InvalidSubcommand => {
            let name = quoted(&texts(error, ContextKind::InvalidSubcommand), "");
            format!("there is no command {name}")
        }
        ErrorKind::ArgumentConflict => {
            let prior = quoted(&texts(error, ContextKind::PriorArg), ", ");
            if prior.is_empty() || prior == arg {
                format!("{arg} is given more than once")
            } else {
                format!("{arg} cannot be used together with {prior}")
            }
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing {}", quoted(&texts(error, ContextKind::InvalidArg), " and "))
        }
        ErrorKind::MissingSubcommand => "a command is missing".to_owned(),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        other => other.as_str().unwrap_or("the arguments could not be read").to_owned(),
    }
}

/// A piece of clap's context, whichever of its forms it has.
fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn quoted(texts: &[String], separator: &str) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    quoted.join(separator)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// What stands on stderr for `line`, without the pointer to the help.
    fn complaint(line: &str) -> (String, Option<String>) {
        let words = std::iter::once("rsctl").chain(line.split_whitespace());
        let error = Cli::try_parse_from(words).expect_err(line);
        let mut usage = explain(&error, Some("X"));
        assert_eq!(usage.hints.pop().unwrap(), "see `rsctl X --help`");
        let hint = usage.hints.pop();
        assert!(usage.hints.is_empty(), "{:?}", usage.hints);
        (usage.to_string(), hint)
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
                &format!("{server} --mode route"),
                "`route` is not a value of `--mode <MODE>`: use one of dr, tun, nat",
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
                "`sh-prt` is not a value of `--sched-flags <FLAG>`: use one of sh-fallback, \
                 sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3",
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
