// SPDX-License-Identifier: MIT OR Apache-2.0

//! Answers as `ipvsadm` does: the same words in, the same text out, the same exit codes. Where it
//! differs on purpose is in `docs/ipvsadm.md`.
//!
//! `popt` cuts words into options, `line` reads them from left to right, `rules`
//! says what goes with what, `request` makes sense of it, `session` carries it
//! out, `print` makes the text.
//!
//! Nothing here uses anything of the rest of `rsctl`. The rest uses `whole`, `written` and
//! `port_names`.

mod address;
mod errno;
mod flags;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod help;
mod line;
mod names;
mod number;
mod option;
mod output;
mod popt;
pub(crate) mod port_names;
mod print;
mod request;
mod restore;
mod rules;
mod scripts;
mod session;
mod sort;
mod stop;
mod view;
pub(crate) mod whole;
pub(crate) mod written;

use std::ffi::OsString;
use std::io;
use std::path::Path;

use option::{Command, Opt};
use output::Output;
use popt::Words;
use request::Request;
use session::Session;
use stop::Stop;
use view::{Style, View};

/// Names which of `ipvsadm`'s programs is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// `ipvsadm` by that name.
    Ipvsadm(String),
    Save(String),
    Restore,
}

/// What a line has to say.
#[derive(Debug)]
struct Reply {
    text: String,
    /// Whether nothing comes behind it, also in `-R`.
    ends: bool,
}

/// Returns the program and the words for it, if `args` call one of `ipvsadm`'s: by the name of the
/// file, or as the first word of `rsctl`.
pub(crate) fn called(args: &[OsString]) -> Option<(Program, Vec<String>)> {
    let (name, words) = args.split_first()?;
    // It stands in the help, and is whatever the caller has made of it.
    let path = lvs_term::printable(&name.to_string_lossy());
    let file = Path::new(name).file_name()?.to_str()?;
    let (program, words) = match file {
        "ipvsadm" => (Program::Ipvsadm(path), words),
        "ipvsadm-save" => (Program::Save(file.to_owned()), words),
        "ipvsadm-restore" => (Program::Restore, words),
        _ => match words.split_first()? {
            (first, rest) if first == "ipvsadm" => (Program::Ipvsadm("ipvsadm".to_owned()), rest),
            (first, [second]) if first == "help" && second == "ipvsadm" => {
                return Some((Program::Ipvsadm("ipvsadm".to_owned()), vec!["--help".to_owned()]));
            }
            _ => return None,
        },
    };
    Some((program, words.iter().map(|word| word.to_string_lossy().into_owned()).collect()))
}

/// Runs `program`; its exit code.
pub(crate) fn run(program: &Program, words: &[String]) -> u8 {
    let mut output = Output::new();
    let status = match program {
        Program::Ipvsadm(name) => ipvsadm(name, words, &mut output),
        Program::Save(name) => scripts::save(name, words, &mut output),
        Program::Restore => scripts::restore(&mut output),
    };
    output.finish(status)
}

fn ipvsadm(program: &str, words: &[String], output: &mut Output) -> u8 {
    match answer(program, words, output) {
        Ok(status) => status,
        Err(Stop::Exit(text, status) | Stop::Line(text, status)) => {
            output.complain(&text);
            status
        }
    }
}

fn answer(program: &str, words: &[String], output: &mut Output) -> Result<u8, Stop> {
    // Help wants neither root nor the module.
    if let Some(Ok((Opt::Command(command @ (Command::Help | Command::Version)), _))) =
        Words::new(words).next()
    {
        output.say(&about(command == Command::Version, program));
        return Ok(0);
    }
    let mut session = Session::open()?;
    let request = if words.is_empty() {
        Request::Show(View::All, Style::default())
    } else {
        request::of(&line::read(program, words, &mut session.names)?)?
    };
    if matches!(request, Request::Restore) {
        return Ok(restore::run(&mut session, io::stdin(), output));
    }
    output.say(&carry_out(&mut session, request)?.text);
    Ok(0)
}

fn about(version: bool, program: &str) -> String {
    if version { help::VERSION.to_owned() } else { help::help(program) }
}

/// Does what one line asks for.
fn carry_out(session: &mut Session, request: Request) -> Result<Reply, Stop> {
    let more = |text| Reply { text, ends: false };
    match request {
        Request::Change(change) => session.change(*change).map(|()| more(String::new())),
        // What is saved is for `-R`, which reads it again.
        Request::Show(view, style) if style.save => session.show(view, style).map(more),
        Request::Show(view, style) => {
            session.show(view, style).map(|text| more(lvs_term::printable_lines(text).into_owned()))
        }
        Request::Help => Ok(Reply { text: about(false, "ipvsadm"), ends: true }),
        Request::Version => Ok(Reply { text: about(true, "ipvsadm"), ends: true }),
        // Only the first line can be one, and it is not carried out here.
        Request::Restore => Err(Stop::try_help("ipvsadm")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_by_name_or_first_word() {
        let called = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            called(&args).map(|(program, words)| (program, words.join(" ")))
        };
        let ipvsadm = |name: &str| Program::Ipvsadm(name.to_owned());
        assert_eq!(called(&["/sbin/ipvsadm", "-L"]), Some((ipvsadm("/sbin/ipvsadm"), "-L".into())));
        assert_eq!(called(&["rsctl", "ipvsadm", "-L"]), Some((ipvsadm("ipvsadm"), "-L".into())));
        let help = called(&["rsctl", "help", "ipvsadm"]);
        assert_eq!(help, Some((ipvsadm("ipvsadm"), "--help".into())));
        assert_eq!(called(&["ipvsadm-restore"]), Some((Program::Restore, String::new())));
        assert_eq!(called(&["rsctl", "list"]), None);
        assert_eq!(called(&["rsctl"]), None);
    }

    /// The rest of `rsctl` may use this room, and this room nothing of it: `ipvsadm` is to
    /// stay what it is when `rsctl` changes.
    #[test]
    fn no_arrow_leads_into_the_rest() {
        fn search(folder: &Path, files: &mut usize) {
            for entry in folder.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    search(&path, files);
                    continue;
                }
                *files += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let mut paths = text.match_indices(concat!("crate", "::"));
                let own = concat!("crate", "::ipvsadm");
                let stray = paths.find(|(at, _)| !text[*at..].starts_with(own));
                assert_eq!(stray, None, "{}", path.display());
            }
        }
        let mut files = 0;
        search(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ipvsadm"), &mut files);
        assert!(files > 20, "{files}");
    }
}
