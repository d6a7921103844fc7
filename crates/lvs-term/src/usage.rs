// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells what clap stops for: complaints in the form of all our errors, the help, the version.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::complaint::Complaint;
use crate::exit;
use crate::stdout::{Stdout, unless_closed};

/// Says why a command line could not be read: one line, then hints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Usage {
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub hints: Vec<String>,
}

impl Usage {
    /// Puts clap's complaint about the words of `args` into a line. Errors of the program's own
    /// parsers of values, which are of type `V`, are whole sentences; `advice` is what each has
    /// to say besides.
    #[must_use]
    pub fn of<V: Error + 'static>(
        error: &clap::Error,
        args: &[OsString],
        advice: impl Fn(&V) -> Option<String>,
    ) -> Self {
        let own = error.source().and_then(|source| source.downcast_ref::<V>());
        let mut hints: Vec<String> = own.and_then(advice).into_iter().collect();
        for (typed, suggested) in [
            (ContextKind::InvalidArg, ContextKind::SuggestedArg),
            (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
            (ContextKind::InvalidValue, ContextKind::SuggestedValue),
        ] {
            let typed = clap_context(error, typed).concat();
            // The most similar one is the last.
            let similar = clap_context(error, suggested).pop();
            hints.extend(similar.filter(|it| is_similar(&typed, it)).map(|it| suggestion(&it)));
        }
        Self { message: own.map_or_else(|| message(error, args), V::to_string), hints }
    }

    /// Takes out the question whether one of `words` was meant: those that reach further than
    /// whoever mistyped another option wants.
    #[must_use]
    pub fn never_suggests(mut self, words: &[&str]) -> Self {
        self.hints.retain(|hint| words.iter().all(|word| *hint != suggestion(word)));
        self
    }

    /// Adds where to read on: the help of `command`, such as `rsctl list`.
    #[must_use]
    pub fn see(mut self, command: &str) -> Self {
        self.hints.push(format!("see `{command} --help`"));
        self
    }
}

impl From<Usage> for Complaint {
    fn from(Usage { message, hints }: Usage) -> Self {
        Self { message, details: Vec::new(), hints }.shortened()
    }
}

fn suggestion(word: &str) -> String {
    format!("did you mean `{word}`?")
}

/// Returns whether a word may be meant by what was typed: it begins like that, or differs by a slip
/// of the fingers. Clap also takes `--sort` for what `--format` may have meant.
fn is_similar(typed: &str, word: &str) -> bool {
    let name = |text: &str| {
        let name = text.trim_start_matches('-');
        name.split_once('=').map_or(name, |(name, _)| name).to_owned()
    };
    let (typed, word) = (name(typed), name(word));
    !typed.is_empty() && (word.starts_with(&typed) || strsim::jaro(&typed, &word) > 0.8)
}

fn message(error: &clap::Error, args: &[OsString]) -> String {
    let typed = |kind| -> Vec<String> {
        clap_context(error, kind).into_iter().map(|text| as_typed(text, args)).collect()
    };
    let arg = quoted(&typed(ContextKind::InvalidArg), ", ");
    let value = typed(ContextKind::InvalidValue).concat();
    match error.kind() {
        ErrorKind::ValueValidation => match error.source() {
            Some(source) => format!("`{value}` is not a value of {arg}: {source}"),
            None => format!("`{value}` is not a value of {arg}"),
        },
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} needs a value"),
        ErrorKind::InvalidValue => {
            let valid = quoted(&clap_context(error, ContextKind::ValidValue), ", ");
            format!("`{value}` is not a value of {arg}: use one of {valid}")
        }
        ErrorKind::TooManyValues => format!("{arg} does not take the value `{value}`"),
        ErrorKind::UnknownArgument => format!("unexpected argument {arg}"),
        ErrorKind::InvalidSubcommand => {
            let name = quoted(&typed(ContextKind::InvalidSubcommand), "");
            format!("there is no command {name}")
        }
        ErrorKind::ArgumentConflict => {
            let prior = quoted(&clap_context(error, ContextKind::PriorArg), ", ");
            if prior.is_empty() || prior == arg {
                format!("{arg} is given more than once")
            } else {
                format!("{arg} cannot be used together with {prior}")
            }
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing {}", quoted(&clap_context(error, ContextKind::InvalidArg), " and "))
        }
        ErrorKind::MissingSubcommand => "a command is missing".to_owned(),
        ErrorKind::InvalidUtf8 => not_utf8(args),
        other => other.as_str().unwrap_or("the arguments could not be read").to_owned(),
    }
}

/// Names the word that is not UTF-8: clap does not say which it was. Of several, some may be
/// names of files, which clap takes as they are.
fn not_utf8(args: &[OsString]) -> String {
    let odd = args.iter().filter(|word| word.to_str().is_none());
    match &odd.map(|word| escaped(word)).collect::<Vec<_>>()[..] {
        [] => "an argument is not UTF-8".to_owned(),
        [word] => format!("`{word}` is not UTF-8"),
        words => format!("an argument is not UTF-8: one of {}", quoted(words, ", ")),
    }
}

/// Returns the word or path with `\xHH` for each byte that is not UTF-8, as in the shell's `$'…'`.
#[must_use]
pub fn escaped(word: &OsStr) -> String {
    let mut text = String::with_capacity(word.len());
    for chunk in word.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Returns the text as [`escaped`] shows it, if it is a word, or the start of one, that is not
/// UTF-8: clap has replaced what is not.
fn as_typed(text: String, args: &[OsString]) -> String {
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return text;
    }
    for word in args.iter().filter(|word| word.to_str().is_none()) {
        let (mut replaced, mut shown) = (String::new(), String::new());
        for chunk in word.as_encoded_bytes().utf8_chunks() {
            for c in chunk.valid().chars() {
                replaced.push(c);
                shown.push(c);
                if replaced == text {
                    return shown;
                }
            }
            if !chunk.invalid().is_empty() {
                replaced.push(char::REPLACEMENT_CHARACTER);
                chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
            }
            if replaced == text {
                return shown;
            }
        }
    }
    text
}

/// Returns the texts of a piece of clap's context, whichever of its forms it has.
#[must_use]
pub fn clap_context(error: &clap::Error, kind: ContextKind) -> Vec<String> {
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

/// Prints the help or the version, if that is what clap stopped for, and returns the exit
/// status; `None` of a complaint. A program that is called without a word shows its help too,
/// but has not done what it was called for.
///
/// # Errors
/// The system's, if standard output takes nothing.
pub fn help(stop: &clap::Error) -> io::Result<Option<u8>> {
    let (printed, status) = match stop.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (print(&stop.render()), exit::DONE),
        // To standard error.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => (stop.print(), exit::USAGE),
        _ => return Ok(None),
    };
    unless_closed(printed)?;
    Ok(Some(status))
}

/// Writes the text at once, where clap writes it line by line.
fn print(text: &StyledStr) -> io::Result<()> {
    let mut out = Stdout::lock();
    let text = match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => plain(&text.ansi().to_string()),
        _ => text.ansi().to_string(),
    };
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Returns clap's text without its styles, each of which is `ESC [ ... m`: clap itself looks for
/// every sequence that there is, which takes an eighth of `rsctl --help`.
pub(crate) fn plain(styled: &str) -> String {
    let mut text = String::with_capacity(styled.len());
    let mut parts = styled.split('\x1b');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        text.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    fn command() -> clap::Command {
        let port = clap::Arg::new("port")
            .long("port")
            .value_name("PORT")
            .value_parser(clap::value_parser!(u16).range(1..));
        let mode = clap::Arg::new("mode").long("mode").value_parser(["dr", "tun"]);
        let all = clap::Arg::new("all").long("all").action(clap::ArgAction::SetTrue);
        let vip = clap::Arg::new("vip").long("vip").value_name("VIP").conflicts_with("mode");
        clap::Command::new("x")
            .subcommand_required(true)
            .subcommand(clap::Command::new("setup").args([port, mode, all, vip]))
    }

    fn complaint(line: &str) -> Complaint {
        let error = command().try_get_matches_from(line.split(' ')).expect_err(line);
        Usage::of(&error, &[], |never: &Infallible| match *never {}).see("x setup").into()
    }

    #[test]
    fn complaints_are_one_line_and_hints() {
        for (line, message, hints) in [
            (
                "x setup --port 0",
                "`0` is not a value of `--port <PORT>`: 0 is not in 1..=65535",
                "",
            ),
            (
                "x setup --mode nat",
                "`nat` is not a value of `--mode <mode>`: use one of `dr`, `tun`",
                "",
            ),
            (
                "x setup --vip 1 --mode dr",
                "`--vip <VIP>` cannot be used together with `--mode <mode>`",
                "",
            ),
            ("x setup --all=tcp", "`--all` does not take the value `tcp`", ""),
            ("x setup --prot 1", "unexpected argument `--prot`", "hint: did you mean `--port`?\n"),
            ("x setpu", "there is no command `setpu`", "hint: did you mean `setup`?\n"),
        ] {
            let expected = format!("error: {message}\n{hints}hint: see `x setup --help`\n");
            assert_eq!(complaint(line).to_string(), expected, "{line}");
        }
    }

    #[test]
    fn only_a_slip_of_the_fingers_is_a_suggestion() {
        for (typed, word, is) in [
            ("--jsn", "--json", true),
            ("--prot=1", "--port", true),
            ("--dry", "--dry-run", true),
            ("--tun", "--tun-type", true),
            ("ad-server", "add-server", true),
            ("sh-prt", "sh-port", true),
            ("--server", "--everywhere", false),
            ("--real-server", "--fwmark-service", false),
            ("--format", "--sort", false),
            ("--all", "--full", false),
            ("--rip", "--vip", false),
            ("", "--vip", false),
        ] {
            assert_eq!(is_similar(typed, word), is, "{typed} {word}");
        }
        let usage = Usage {
            message: String::new(),
            hints: vec![suggestion("--vip"), suggestion("--port")],
        };
        assert_eq!(usage.never_suggests(&["--vip"]).hints, ["did you mean `--port`?"]);
    }

    /// Words that are not UTF-8 and may be, as a file's name, are named beside the one that
    /// must not.
    #[test]
    fn what_is_not_utf8_is_named() {
        let odd = |bytes: &[u8]| OsString::from_vec(bytes.to_owned());
        let file = || clap::Arg::new("file").value_parser(clap::value_parser!(OsString));
        let told = |words: &[OsString]| {
            let command = command().subcommand(
                clap::Command::new("save").arg(file()).arg(clap::Arg::new("to").long("to")),
            );
            let args: Vec<_> =
                ["x", "save"].map(OsString::from).iter().chain(words).cloned().collect();
            let error = command.try_get_matches_from(&args).expect_err("not UTF-8");
            Usage::of(&error, &args, |never: &Infallible| match *never {}).message
        };
        let to = || OsString::from("--to");
        assert_eq!(told(&[to(), odd(b"a\xff\\\xfe\x1b")]), "`a\\xff\\\\xfe\x1b` is not UTF-8");
        assert_eq!(
            told(&[odd(b"\xe9"), to(), odd(b"\xff")]),
            "an argument is not UTF-8: one of `\\xe9`, `\\xff`"
        );
    }

    /// Clap has a replacement character for it, which nobody has typed.
    #[test]
    fn what_clap_replaces_is_told_as_it_was_typed() {
        for (words, message) in [
            (&[&b"a\xff\xfeb"[..]][..], "there is no command `a\\xff\\xfeb`"),
            (&[&b"setup"[..], b"--\xff=1"], "unexpected argument `--\\xff`"),
            (&[&b"\xef\xbf\xbd"[..]], "there is no command `\u{fffd}`"),
        ] {
            let words = words.iter().map(|word| OsString::from_vec(word.to_vec()));
            let args: Vec<_> = std::iter::once("x".into()).chain(words).collect();
            let error = command().try_get_matches_from(&args).expect_err(message);
            let usage = Usage::of(&error, &args, |never: &Infallible| match *never {});
            assert_eq!(usage.message, message);
        }
    }

    #[test]
    fn help_without_styles_is_as_clap_has_it() {
        let mut setup = command().find_subcommand("setup").cloned().expect("it is there");
        for text in [command().render_long_help(), setup.render_help()] {
            assert_ne!(text.ansi().to_string(), text.to_string());
            assert_eq!(plain(&text.ansi().to_string()), text.to_string());
        }
    }

    #[test]
    fn what_was_typed_is_printable_and_short() {
        for line in [
            "x \x1b[31m\u{202e}",
            "x setup --\x1b[31m\u{202e}=1",
            "x setup --port \x1b[31m\u{202e}",
            "x setup --mode \x1b[31m\u{202e}",
        ] {
            let text = complaint(line).to_string();
            assert!(text.contains("\\u{1b}[31m\\u{202e}"), "{text}");
            assert!(!text.contains(|c| c != '\n' && crate::is_harmful(c)), "{text:?}");
            assert_eq!(text.lines().count(), 2, "{text}");
        }
        let long = complaint(&format!("x setup --mode {}", "y".repeat(1_000_000))).to_string();
        assert!(long.len() < 1200, "{} bytes", long.len());
    }
}
