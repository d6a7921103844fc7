// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads lines of `ipvsadm`, as `ipvsadm -S` writes them and `ipvsadm -R` reads them. Only those
//! that add: a file says what is to be, not what is to be done.

mod added;
mod options;
mod words;

use ipvs_cluster::file::{Line, MAX_BYTES, MAX_OBJECTS, Problem};
use ipvs_cluster::{Builder, DesiredServer, DesiredService, Faults};
use ipvs_netlink::Change;
use memchr::memchr_iter;

use self::added::{Added, Last};
use self::options::Adds;
use self::words::Words;
use super::Input;
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
    let mut reader = Reader::default();
    let mut problems = Vec::new();
    // Of most files all of it; of others each line by itself, to tell which.
    let text = std::str::from_utf8(bytes).ok();
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    let (mut start, mut last) = (0, 0);
    for (line, end) in (1..).zip(ends) {
        let text = match text.and_then(|text| text.get(start..end)) {
            Some(text) => Ok(text),
            None => utf8(bytes.get(start..end).unwrap_or_default()),
        };
        start = end + 1;
        last = line;
        let read = text.and_then(|text| match end == bytes.len() && !text.is_empty() {
            // What it says is not what was written, perhaps.
            true => Err(UNENDED.to_owned()),
            false => reader.line(line, text),
        });
        if let Err(message) = read {
            problems.push(Problem { line, message });
        }
        if problems.len() + reader.table.faults() > MAX_PROBLEMS {
            problems.push(Problem { line, message: "too many problems to go on".to_owned() });
            break;
        }
        if reader.table.objects() > MAX_OBJECTS {
            let message = format!("more than {MAX_OBJECTS} services and servers");
            problems.push(Problem { line, message });
            break;
        }
    }
    let Reader { table, place, .. } = reader;
    let (built, faults) = match table.finish_as_found() {
        Ok(built) => (Some(built), Vec::new()),
        Err(Faults(faults)) => (None, faults),
    };
    problems.extend(faults.into_iter().map(Problem::from));
    problems.sort_by_key(|problem| problem.line);
    let is_whole = match place.end() {
        Ok(is_whole) => is_whole,
        Err(message) => {
            // Of a cut line is said enough.
            if problems.is_empty() {
                problems.push(Problem { line: last, message });
            }
            false
        }
    };
    match built {
        // No line with a flaw came through, but together they may have one.
        Some((desired, Faults(doubts))) if problems.is_empty() => {
            Ok(Input { desired, doubts, is_whole })
        }
        _ => Err(problems),
    }
}

/// What is said of a last line that nothing ends: of a stream that broke, the number that
/// it ends with may have had more digits.
const UNENDED: &str = "the last line does not end: the file may be cut here (if this is all of it, \
                       end it with a newline)";

#[derive(Default)]
struct Reader<'a> {
    table: Builder<Line>,
    place: Place,
    last: Option<Last<'a>>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: usize, text: &'a str) -> Result<(), String> {
        let mut words = Words::new(text);
        let added = added::read(text, &mut words, &mut self.last);
        if words.has_skipped || added.is_err() {
            whole::check_line(text)?;
        }
        match added? {
            None => self.place.pass(line, text),
            Some(Added::Service(key, settings)) => {
                let change = add_service::plan(key, &settings).map_err(|error| why(&error))?;
                self.add(line, change, true)
            }
            Some(Added::Server(key, server, settings)) => {
                let says_nothing = settings.upper.is_none() && settings.lower.is_none();
                let change = add_server::plan(key, server, &settings);
                self.add(line, change.map_err(|error| why(&error))?, says_nothing)
            }
        }
    }

    fn add(&mut self, line: usize, change: Change, leaves_thresholds: bool) -> Result<(), String> {
        self.place.pass_command()?;
        match change {
            Change::AddService(service) => {
                // The lines have no words for them.
                let service = DesiredService::new(service).leaving_unknown_flags();
                self.table.service(Line::new(line), service);
            }
            Change::AddDestination { service, destination } => {
                let mut server = DesiredServer::new(destination);
                server.leaves_thresholds = leaves_thresholds;
                self.table.server(Line::new(line), service, server);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads the first word: a command, and the letters that are bundled with it.
fn command_of(word: &str) -> Result<(Adds, &str), String> {
    // `-At VIP` is `-A -t VIP`.
    let (command, bundled) = match word.strip_prefix('-').map(|rest| rest.split_at_checked(1)) {
        Some(Some((letter, bundled))) if letter != "-" => (&word[..2], bundled),
        _ => (word, ""),
    };
    match command {
        "-A" | "--add-service" => Ok((Adds::Service, bundled)),
        "-a" | "--add-server" => Ok((Adds::Server, bundled)),
        other => Err(refusal(other)),
    }
}

/// Returns the line as text; one with a comment that is not UTF-8 ends with its `#`.
fn utf8(line: &[u8]) -> Result<&str, String> {
    let Some(chunk) = line.utf8_chunks().next() else { return Ok("") };
    let text = chunk.valid();
    if text.len() == line.len() {
        return Ok(text);
    }
    match words::comment(text).and_then(|start| text.get(..=start)) {
        Some(text) => {
            // Of a line that broke off in its comment, the rest is looked at all the same.
            whole::check_line(&String::from_utf8_lossy(line))?;
            Ok(text)
        }
        None => Err("not UTF-8".to_owned()),
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

/// Says why a command has no place in a file.
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
mod clap_tests;
#[cfg(test)]
mod tests;
