// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines of `ipvsadm`, as `ipvsadm -S` writes them and `ipvsadm -R` reads them.
//! Only those that add: a file says what is to be, not what is to be done.

use std::cell::LazyCell;

use clap::{Args, Command, FromArgMatches};
use ipvs_cluster::desired::Builder;
use ipvs_cluster::file::{MAX_BYTES, MAX_OBJECTS, Problem};
use ipvs_cluster::{Desired, DesiredServer, DesiredService};
use ipvs_netlink::{Change, Destination, ServiceKey};
use memchr::memchr_iter;

use super::{Input, plain};
use crate::cli::{self, AddServer, AddService};
use crate::commands::{add_server, add_service};
use crate::error::Error;
use crate::ipvsadm::whole::{self, Place};

/// The most problems that are told. A file with more is no table.
const MAX_PROBLEMS: usize = 10_000;

/// Reads all lines.
pub(crate) fn read(bytes: &[u8]) -> Result<Input, Vec<Problem>> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        return Err(vec![Problem { line: 1, message }]);
    }
    let mut reader = Reader::new();
    let mut problems = Vec::new();
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    let (mut start, mut last) = (0, 0);
    for (line, end) in (1..).zip(ends) {
        let text = bytes.get(start..end).unwrap_or_default();
        start = end + 1;
        last = line;
        let read = match end == bytes.len() && !text.is_empty() {
            // What it says is not what was written, perhaps.
            true => utf8(text).and(Err(UNENDED.to_owned())),
            false => reader.line(line, text),
        };
        if let Err(message) = read {
            problems.push(Problem { line, message });
        }
        if problems.len() > MAX_PROBLEMS {
            problems.push(Problem { line, message: "too many problems to go on".to_owned() });
            break;
        }
        if reader.table.objects() > MAX_OBJECTS {
            let message = format!("more than {MAX_OBJECTS} services and servers");
            problems.push(Problem { line, message });
            break;
        }
    }
    let is_whole = match reader.place.end() {
        Ok(is_whole) => is_whole,
        Err(message) => {
            // Of a cut line is said enough.
            if problems.is_empty() {
                problems.push(Problem { line: last, message });
            }
            false
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    // No line with a flaw came through.
    Ok(Input { desired: Desired { is_judged: true, ..reader.table.finish() }, is_whole })
}

/// What is said of a last line that nothing ends: of a stream that broke, the number that
/// it ends with may have had more digits.
const UNENDED: &str = "the last line does not end: the file may be cut here (if this is all of it, \
                       end it with a newline)";

struct Reader<'a> {
    plain: plain::Reader<'a>,
    /// Made once, if a line needs it: clap takes its time over it.
    add_service: LazyCell<Command>,
    add_server: LazyCell<Command>,
    table: Builder,
    place: Place,
}

impl<'a> Reader<'a> {
    fn new() -> Self {
        Self {
            plain: plain::Reader::default(),
            add_service: LazyCell::new(|| AddService::augment_args(command("add-service"))),
            add_server: LazyCell::new(|| AddServer::augment_args(command("add-server"))),
            table: Builder::default(),
            place: Place::default(),
        }
    }

    fn line(&mut self, line: usize, bytes: &'a [u8]) -> Result<(), String> {
        if let Some((service, server)) = self.plain.next_server(bytes)
            && server.check(&service).is_ok()
        {
            return self.add_server(line, service, server, true);
        }
        if let Some(change) = self.plain.read(bytes).filter(|change| change.check().is_ok()) {
            return self.add(line, change, true);
        }
        let text = utf8(bytes)?;
        whole::check_line(text)?;
        let words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
        // Wherever it stands, as with ipvsadm; and its path in front.
        let ours = |(place, word): &(usize, &str)| {
            *word != "ipvsadm" && !(*place == 0 && word.ends_with("/ipvsadm"))
        };
        let words: Vec<&str> = words.enumerate().filter(ours).map(|(_, word)| word).collect();
        let Some((command, rest)) = words.split_first() else {
            return self.place.pass(line, text);
        };
        if let Some(why) = words.iter().find_map(|word| no_word(word)) {
            return Err(why.to_owned());
        }
        // `-At VIP` is `-A -t VIP`.
        let (command, bundled) =
            match command.strip_prefix('-').map(|rest| rest.split_at_checked(1)) {
                Some(Some((letter, bundled))) if letter != "-" => (&command[..2], bundled),
                _ => (*command, ""),
            };
        let bundled = (!bundled.is_empty()).then(|| format!("-{bundled}"));
        let words = signed_marks(bundled.into_iter().chain(rest.iter().map(|w| (*w).to_owned())));
        match command {
            "-A" | "--add-service" => self.service(line, words),
            "-a" | "--add-server" => self.server(line, words),
            other => Err(refusal(other)),
        }
    }

    fn service(&mut self, line: usize, words: Vec<String>) -> Result<(), String> {
        let args: AddService = parse(&mut self.add_service, words)?;
        quiet(&args.report)?;
        self.add(line, add_service::plan(&args).map_err(|e| why(&e))?, true)
    }

    fn server(&mut self, line: usize, words: Vec<String>) -> Result<(), String> {
        let args: AddServer = parse(&mut self.add_server, words)?;
        quiet(&args.report)?;
        let leaves_thresholds = args.settings.upper.is_none() && args.settings.lower.is_none();
        self.add(line, add_server::plan(&args).map_err(|e| why(&e))?, leaves_thresholds)
    }

    fn add(&mut self, line: usize, change: Change, leaves_thresholds: bool) -> Result<(), String> {
        match change {
            Change::AddService(service) => {
                self.place.pass_command()?;
                // The lines have no words for them.
                let leaves_unknown_flags = true;
                let service =
                    DesiredService { leaves_unknown_flags, ..DesiredService::new(service) };
                self.table.service(line, service)
            }
            Change::AddDestination { service, destination } => {
                self.add_server(line, service, destination, leaves_thresholds)
            }
            _ => Ok(()),
        }
    }

    fn add_server(
        &mut self,
        line: usize,
        service: ServiceKey,
        server: Destination,
        leaves_thresholds: bool,
    ) -> Result<(), String> {
        self.place.pass_command()?;
        let server = DesiredServer { leaves_thresholds, ..DesiredServer::new(server) };
        self.table.server(line, service, server)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

fn command(name: &'static str) -> Command {
    Command::new(name).no_binary_name(true).disable_help_flag(true)
}

/// `ipvsadm` writes marks above 2147483647 as negative numbers.
fn signed_marks(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.collect();
    let after_option = words
        .iter()
        .zip(words.iter().skip(1))
        .position(|(option, _)| matches!(option.as_str(), "-f" | "--fwmark-service"));
    if let Some(word) = after_option.and_then(|place| words.get_mut(place + 1))
        && let Some(mark) = word.parse::<i32>().ok().filter(|mark| *mark < 0)
    {
        *word = mark.cast_unsigned().to_string();
    }
    words
}

fn parse<T: FromArgMatches>(command: &mut Command, words: Vec<String>) -> Result<T, String> {
    let matches = command.try_get_matches_from_mut(words);
    let args = matches.and_then(|mut matches| T::from_arg_matches_mut(&mut matches));
    args.map_err(|error| {
        let usage = cli::explain(&error, None);
        // The last one points to the help.
        let hints = usage.hints.split_last().map_or(&[][..], |(_, hints)| hints);
        with_hints(usage.to_string(), hints)
    })
}

/// What is wrong with a word that is none: a shell would do something with it, or
/// `ipvsadm` wrote it for want of one.
fn no_word(word: &str) -> Option<&'static str> {
    match word {
        "\\" => Some("`\\` does not continue a line here: write all of the command in one line"),
        "(null)" => Some(
            "ipvsadm writes `(null)` for a forwarding method that it has no option for: write -m, \
             -g or -i (`rsctl save` names such a server and keeps it, in JSON)",
        ),
        _ => None,
    }
}

/// How a command is to report is no matter of a file.
fn quiet(report: &cli::Report) -> Result<(), String> {
    match (report.verbose, report.json, report.dry_run) {
        (true, ..) => Err("unexpected argument `--verbose`".to_owned()),
        (_, true, _) => Err("unexpected argument `--json`".to_owned()),
        (.., true) => Err("unexpected argument `--dry-run`".to_owned()),
        _ => Ok(()),
    }
}

fn why(error: &Error) -> String {
    let hints = error.hints();
    match error {
        // The line says what was to be done.
        Error::Refused { refusal, .. } => with_hints(refusal.to_string(), &hints),
        other => with_hints(other.to_string(), &hints),
    }
}

fn with_hints(message: String, hints: &[String]) -> String {
    if hints.is_empty() { message } else { format!("{message} ({})", hints.join("; ")) }
}

/// Why a command has no place in a file.
fn refusal(command: &str) -> String {
    let instead = match command {
        "-C" | "--clear" => "leave it out: what is not in the file is deleted anyway",
        "-E" | "--edit-service" => "write the service as it is to be, with -A",
        "-e" | "--edit-server" => "write the server as it is to be, with -a",
        "-D" | "--delete-service" | "-d" | "--delete-server" => {
            "leave it out: what is not in the file is deleted"
        }
        "--set" => "timeouts have a place in the JSON form, or use `ipvsadm --set`",
        "--start-daemon" | "--stop-daemon" => {
            "sync daemons have a place in the JSON form, or use `ipvsadm`"
        }
        "-L" | "-l" | "--list" | "-S" | "--save" | "-R" | "--restore" | "-Z" | "--zero" | "-h"
        | "--help" | "-v" | "--version" => "a file holds only what is to be",
        _ => return format!("`{command}` is no command: lines start with -A or -a"),
    };
    format!("`{command}` cannot be restored: only -A and -a can ({instead})")
}

#[cfg(test)]
mod tests;
