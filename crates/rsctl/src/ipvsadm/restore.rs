// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out `-R`: a command line per line of input.
//!
//! Changes are gathered and sent together for as long as nobody can tell: until
//! a line that is no change, until an error ends it all, and until the input has
//! nothing more to give right now.

use std::io::{BufRead, BufReader, Read};

use ipvs_netlink::Change;

use super::errno;
use super::line;
use super::number::is_blank;
use super::option::Command;
use super::output::Output;
use super::request::{self, Request};
use super::rules;
use super::session::Session;
use super::stop::Stop;
use super::whole::{self, Place};

/// What `-R` calls the program.
const PROGRAM: &str = "ipvsadm";
/// Changes sent together: what the library's batches take in a few sends.
const MOST: usize = 4096;
/// The most bytes of a line: no command has as many by far, and what has no lines at all
/// is not to fill the memory.
const LONGEST: u64 = 1024 * 1024;

/// Restores from `input`; the exit code is that of the last line.
pub(super) fn run(session: &mut Session, input: impl Read, output: &mut Output) -> u8 {
    let (waiting, place) = (Vec::new(), Place::default());
    let mut restore = Restore { session, output, waiting, status: 0, number: 0, place, cut: None };
    let mut input = BufReader::with_capacity(64 * 1024, input);
    match restore.lines(&mut input) {
        Ok(()) => restore.status,
        Err(status) => status,
    }
}

struct Restore<'a> {
    session: &'a mut Session,
    output: &'a mut Output,
    /// Changes not sent yet, with the numbers of their lines.
    waiting: Vec<(usize, Change)>,
    status: u8,
    /// The line being read, from 1.
    number: usize,
    place: Place,
    /// The first sign that a saved table was cut, and its line.
    cut: Option<(usize, String)>,
}

impl Restore<'_> {
    /// Carries out line after line. An error holds the exit code.
    fn lines(&mut self, input: &mut BufReader<impl Read>) -> Result<(), u8> {
        let mut bytes = Vec::new();
        loop {
            if !input.buffer().contains(&b'\n') {
                // Reading on may mean waiting for somebody who waits for us.
                self.send()?;
            }
            bytes.clear();
            match input.take(LONGEST + 1).read_until(b'\n', &mut bytes) {
                Ok(0) => {
                    self.send()?;
                    return self.end();
                }
                Ok(_) => {}
                Err(error) => {
                    self.send()?;
                    self.output.complain(&format!("cannot read the input: {error}"));
                    return Err(1);
                }
            }
            self.number += 1;
            if bytes.len() as u64 > LONGEST {
                self.send()?;
                return Err(self.stop(&format!("a line of more than {LONGEST} bytes")));
            }
            let text = String::from_utf8_lossy(&bytes);
            let words = words(&text);
            if words.is_empty() {
                if let Err(why) = pass_blank(&mut self.place, self.number, &text) {
                    self.cut.get_or_insert((self.number, why));
                }
                continue;
            }
            if self.place.is_inside() {
                if !bytes.ends_with(b"\n") {
                    // A saved table has lines only that end: of this one something is missing.
                    continue;
                }
                if let Err(why) = whole::check_line(&text) {
                    self.cut.get_or_insert((self.number, why));
                    continue;
                }
            }
            self.line(&words)?;
        }
    }

    /// Says at the end that a saved table was cut: what is there of it was carried out.
    fn end(&mut self) -> Result<(), u8> {
        let cut = self.cut.take();
        let cut = cut.or_else(|| self.place.end().err().map(|why| (self.number, why)));
        let Some((number, why)) = cut else { return Ok(()) };
        self.complain(number, &why);
        Err(2)
    }

    /// Complains of the input as a whole; the exit code.
    fn stop(&mut self, why: &str) -> u8 {
        self.complain(self.number, why);
        2
    }

    fn line(&mut self, words: &[String]) -> Result<(), u8> {
        let request = line::read(PROGRAM, words, &mut self.session.names).and_then(|line| {
            if line.command == Command::Restore {
                rules::check_command(line.command, line.given)?;
                return Err(Stop::try_help(PROGRAM));
            }
            request::of(&line)
        });
        match request {
            Ok(Request::Change(change)) => {
                self.waiting.push((self.number, *change));
                if self.waiting.len() < MOST { Ok(()) } else { self.send() }
            }
            other => {
                self.send()?;
                let outcome = other.and_then(|request| super::carry_out(self.session, request));
                self.settle(outcome)
            }
        }
    }

    fn settle(&mut self, outcome: Result<super::Reply, Stop>) -> Result<(), u8> {
        match outcome {
            Ok(super::Reply { text, ends }) => {
                self.output.say(&text);
                self.status = 0;
                if ends { Err(0) } else { Ok(()) }
            }
            Err(Stop::Line(text, status)) => {
                self.complain(self.number, &text);
                self.status = status;
                Ok(())
            }
            Err(Stop::Exit(text, status)) => {
                self.complain(self.number, &text);
                Err(status)
            }
        }
    }

    /// Sends what waits, and complains of what the kernel refused.
    fn send(&mut self) -> Result<(), u8> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (numbers, changes): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().unzip();
        let report = match self.session.changes(changes) {
            Ok(report) => report,
            Err(stop) => return self.settle(Err(stop)),
        };
        self.status = 0;
        for failure in &report.failures {
            let number = numbers.get(failure.index).copied().unwrap_or(self.number);
            self.complain(number, &errno::text(&failure.error));
            if failure.index + 1 == numbers.len() {
                self.status = 255;
            }
        }
        Ok(())
    }

    fn complain(&mut self, number: usize, text: &str) {
        self.output.complain(&format!("line {number}: {text}"));
    }
}

/// Checks that all of a table is there that `rsctl save` wrote; of any other nobody knows.
pub(super) fn check(input: &[u8]) -> Result<(), String> {
    let mut place = Place::default();
    for (number, line) in (1..).zip(input.split_inclusive(|byte| *byte == b'\n')) {
        let text = String::from_utf8_lossy(line);
        if words(&text).is_empty() {
            pass_blank(&mut place, number, if line.ends_with(b"\n") { &text } else { "" })?;
        } else if place.is_inside() {
            whole::check_line(&text)?;
        }
    }
    place.end().map(drop)
}

/// Goes past a line that asks for nothing.
fn pass_blank(place: &mut Place, number: usize, text: &str) -> Result<(), String> {
    if place.is_inside() {
        // It may be a comment.
        whole::check_line(text)?;
    }
    place.pass(number, text)
}

/// Returns the words of a line: without the program's name, and up to a comment.
pub(super) fn words(line: &str) -> Vec<String> {
    line.split(is_blank)
        .filter(|word| !word.is_empty())
        .take_while(|word| !word.starts_with('#'))
        .filter(|word| *word != PROGRAM)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check, words};
    use crate::ipvsadm::whole::{FIRST, LAST};

    #[test]
    fn a_saved_table_is_there_whole_or_not_at_all() {
        let table = format!("{FIRST}\n-A -f 7\n{LAST}\n");
        assert_eq!(check(table.as_bytes()), Ok(()));
        for cut in FIRST.len() + 1..table.len() {
            assert!(check(&table.as_bytes()[..cut]).is_err(), "{cut}");
        }
        // Wherever it breaks, the end of another table is not its own.
        let cut = format!("{FIRST}\n-a -f 7 -r 10.0.0.1 # at night\n");
        for end in FIRST.len() + 1..=cut.len() {
            let text = format!("{}{table}", &cut[..end]);
            assert!(check(text.as_bytes()).is_err(), "{text}");
        }
        for other in ["", "-A -f 7", "-A -f 7\n-a -f 7", "ipvsadm -A -f 7\n"] {
            assert_eq!(check(other.as_bytes()), Ok(()), "{other}");
        }
    }

    #[test]
    fn lines_are_cut_at_blanks_and_comments() {
        assert_eq!(words("ipvsadm -A\t-t  V -s ipvsadm rr\r\n"), ["-A", "-t", "V", "-s", "rr"]);
        assert_eq!(words("/sbin/ipvsadm -C # all"), ["/sbin/ipvsadm", "-C"]);
        assert!(words("# -C\n").is_empty());
        assert!(words(" \r\n").is_empty());
    }
}
