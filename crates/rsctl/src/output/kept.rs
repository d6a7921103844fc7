// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows what is kept: who changed what, and the tables to which a rollback goes back.

use std::collections::HashMap;
use std::io::{self, Write};

use lvs_term::{Look, Row, Tone, count, one_line, quoted_words, write_rows};
use nix::unistd::{Uid, User};

use super::difference;
use crate::commands::{Confirmed, Records};
use crate::kept::{Author, Cause, Checkpoint, Entry, Pending};

/// Finds the names of users, each once.
#[derive(Default)]
struct Users(HashMap<u32, Option<String>>);

impl Users {
    fn name(&mut self, uid: u32) -> String {
        let find = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
        let name = self.0.entry(uid).or_insert_with(find);
        name.clone().unwrap_or_else(|| format!("uid {uid}"))
    }

    /// Says who it was: `root`, or `root (alice)` if alice logged in.
    fn who(&mut self, author: &Author) -> String {
        let as_whom = self.name(author.uid);
        match author.login_uid.filter(|login| *login != author.uid) {
            Some(login) => format!("{as_whom} ({})", self.name(login)),
            None => as_whom,
        }
    }
}

/// Writes a line for each command, and one for each object below it.
pub(super) fn write_history(records: &Records, out: &mut impl Write) -> io::Result<()> {
    let mut users = Users::default();
    let mut run = None;
    for entry in &records.all {
        let author = &entry.author;
        if run != Some(&author.run) {
            run = Some(&author.run);
            let who = users.who(author);
            let command = quoted_words(&author.command);
            let (time, pid) = (seconds(&author.time), author.pid);
            writeln!(out, "{}", one_line(&format!("{time} {who}, pid {pid}: {command}")))?;
        }
        writeln!(out, "  {}", one_line(&line(entry)))?;
    }
    Ok(())
}

/// Says on standard error what the history lacks.
pub(super) fn warn(records: &Records) {
    if records.unread > 0 {
        let lines = count(records.unread, "line");
        super::warning(&format!("{lines} of the history cannot be read, and are left out"));
    }
}

/// Says a time without the parts of a second.
fn seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

/// Returns a record as a line, with the signs of a restore.
fn line(entry: &Entry) -> String {
    let (verb, kind) = entry.action.split_once('-').unwrap_or((&entry.action, ""));
    let sign = match verb {
        "add" | "start" => "+ ",
        "delete" | "stop" => "- ",
        "edit" | "set" => "~ ",
        _ => "",
    };
    let what = match (kind, &entry.service, &entry.server, &entry.role) {
        (_, Some(service), Some(server), _) => format!("server {server} of {service}"),
        ("service", Some(service), ..) => format!("service {service}"),
        ("", Some(service), ..) => format!("{verb} the counters of {service}"),
        (_, _, _, Some(role)) => format!("{role} sync daemon"),
        ("", ..) => format!("{verb} all counters"),
        _ => kind.to_owned(),
    };
    let details = match verb {
        // Those of what goes are of use to nobody but a program.
        "delete" | "stop" => String::new(),
        _ => difference::text(entry.before.as_ref(), entry.after.as_ref()),
    };
    let details = if details.is_empty() { details } else { format!(": {details}") };
    let fared = match (entry.result.as_str(), &entry.error) {
        ("done", _) => String::new(),
        ("failed", Some(error)) => return format!("failed: {sign}{what}{details}: {error}"),
        ("unknown", _) => "perhaps done: ".to_owned(),
        (other, _) => format!("{other}: "),
    };
    format!("{fared}{sign}{what}{details}")
}

/// Writes a table of checkpoints.
pub(super) fn write_checkpoints(
    checkpoints: &[Checkpoint],
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut users = Users::default();
    let head = ["N", "WRITTEN", "BY", "BEFORE", "COMMAND"].map(str::to_owned);
    let mut rows = vec![Row::new(Tone::Title, head)];
    for Checkpoint { number, author, cause, .. } in checkpoints {
        let before = match cause {
            Cause::Restore => "restore",
            Cause::Apply => "apply",
            Cause::Rollback => "rollback",
        };
        let cells = [
            number.to_string(),
            seconds(&author.time),
            users.who(author),
            before.to_owned(),
            one_line(&quoted_words(&author.command)),
        ];
        rows.push(Row::new(Tone::Plain, cells));
    }
    write_rows(&rows, |column| column < 5, look, out)
}

/// Says which change stays.
pub(super) fn write_confirmed(confirmed: &Confirmed, out: &mut impl Write) -> io::Result<()> {
    let stays = if confirmed.is_dry_run { "would stay" } else { "stays" };
    writeln!(out, "{}", one_line(&format!("{} {stays}", confirmed.pending.who())))
}

/// Says until when a change is to be confirmed.
pub(super) fn remind(pending: &Pending) {
    let Pending { until, within_seconds, .. } = pending;
    super::note(&format!("undone at {until}, in {within_seconds} s, unless it is confirmed"));
    super::hint("`rsctl confirm` keeps it");
}
