// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use serde::Serialize;

use super::write_document;
use crate::commands::{Confirmed, Records};
use crate::kept::{Author, Cause, Checkpoint, Entry};

/// Names what the fields of a history mean.
const HISTORY_FORMAT: &str = "rsctl-history/1";

/// Holds what `rsctl history --json` prints.
#[derive(Serialize)]
struct HistoryDocument<'a> {
    /// [`HISTORY_FORMAT`].
    format: &'static str,
    /// The oldest first.
    records: &'a [Entry],
}

/// Holds what `rsctl rollback --list --json` prints.
#[derive(Serialize)]
struct CheckpointsDocument<'a> {
    /// The oldest first.
    checkpoints: Vec<CheckpointObject<'a>>,
}

#[derive(Serialize)]
struct CheckpointObject<'a> {
    /// What `rsctl rollback` takes.
    number: u32,
    /// `restore`, `apply` or `rollback`: what came behind it.
    before: Cause,
    /// Who did that: as in a record of the history.
    #[serde(flatten)]
    author: &'a Author,
}

/// Holds what `rsctl confirm --json` prints.
#[derive(Serialize)]
struct ConfirmedDocument<'a> {
    /// What stays: the number of the table before it, and who made it.
    confirmed: ConfirmedObject<'a>,
    /// Whether it was only to be shown.
    dry_run: bool,
}

#[derive(Serialize)]
struct ConfirmedObject<'a> {
    checkpoint: u32,
    /// Until when it was to be confirmed.
    confirm_until: &'a str,
    #[serde(flatten)]
    author: &'a Author,
}

pub(in super::super) fn write_history(records: &Records, out: &mut impl Write) -> io::Result<()> {
    write_document(&HistoryDocument { format: HISTORY_FORMAT, records: &records.all }, out)
}

pub(in super::super) fn write_checkpoints(
    checkpoints: &[Checkpoint],
    out: &mut impl Write,
) -> io::Result<()> {
    let checkpoints = checkpoints.iter().map(|it: &Checkpoint| CheckpointObject {
        number: it.number,
        before: it.cause,
        author: &it.author,
    });
    write_document(&CheckpointsDocument { checkpoints: checkpoints.collect() }, out)
}

pub(in super::super) fn write_confirmed(
    confirmed: &Confirmed,
    out: &mut impl Write,
) -> io::Result<()> {
    let pending = &confirmed.pending;
    let (checkpoint, author) = (pending.checkpoint, &pending.author);
    let confirmed_object = ConfirmedObject { checkpoint, confirm_until: &pending.until, author };
    let document = ConfirmedDocument { confirmed: confirmed_object, dry_run: confirmed.is_dry_run };
    write_document(&document, out)
}
