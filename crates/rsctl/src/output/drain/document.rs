// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes all servers at once: as JSON, and as the table of `drain --list`.

use std::io::{self, Write};

use ipvs_cluster::drain::Then;
use lvs_term::{JsonOut, Look, Row, Stdout, Tone, unless_closed, write_rows};
use serde::Serialize;

use super::super::{Format, json, note};
use super::time;
use crate::commands::drain::{Drained, Item, State, Work};

/// What `drain`, `undrain` and `slow-start` print with `--json`.
#[derive(Serialize)]
struct DrainsDocument<'a> {
    servers: Vec<ServerObject>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

#[derive(Serialize)]
struct ServerObject {
    service: String,
    server: String,
    work: &'static str,
    state: &'static str,
    weight: Option<u32>,
    full_weight: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<&'static str>,
    connections: Option<ConnectionsObject>,
    left: u64,
    remaining_seconds: f64,
    resumed: bool,
}

#[derive(Serialize)]
struct ConnectionsObject {
    active: u32,
    inactive: u32,
    persistent: u32,
}

fn state(state: State) -> &'static str {
    match state {
        State::Draining => "draining",
        State::Drained => "drained",
        State::Late(_) => "late",
        State::Removed(_) => "removed",
        State::Rising => "rising",
        State::Risen => "risen",
        State::Restored => "restored",
        State::Unchanged => "unchanged",
        State::Gone => "gone",
        State::Reweighted(_) => "reweighted",
        State::Cancelled => "cancelled",
        State::Failed => "failed",
    }
}

fn then(then: Then) -> &'static str {
    match then {
        Then::Keep => "keep",
        Then::Remove => "remove",
    }
}

impl From<&Item> for ServerObject {
    fn from(item: &Item) -> Self {
        let (work, full, of) = match &item.work {
            Work::Drain { drain, .. } => ("drain", drain.weight, Some(then(drain.then))),
            Work::Rise(rise) => ("slow-start", rise.ramp.to(), None),
        };
        Self {
            service: item.service.to_string(),
            server: item.server.to_string(),
            work,
            state: state(item.state),
            weight: item.seen.map(|seen| seen.weight.get()),
            full_weight: full.get(),
            then: of,
            connections: item.seen.map(|seen| ConnectionsObject {
                active: seen.connections.active,
                inactive: seen.connections.inactive,
                persistent: seen.connections.persistent,
            }),
            left: match item.state {
                State::Removed(left) | State::Late(left) => left,
                _ => item.left(),
            },
            remaining_seconds: item.remaining().as_millis() as f64 / 1000.0,
            resumed: item.is_resumed,
        }
    }
}

pub(super) fn write_json(drained: &Drained) -> io::Result<()> {
    let document = DrainsDocument {
        servers: drained.items.iter().map(ServerObject::from).collect(),
        warnings: &drained.warnings,
        dry_run: drained.is_dry_run,
    };
    let mut out = Stdout::lock();
    let mut json = JsonOut::new(&mut out);
    json::write_document(&document, &mut json)?;
    json.flush()
}

/// Lists what is under way.
///
/// # Errors
/// Why it could not be written.
pub(crate) fn write_list(listed: &Drained, format: Format, look: Look) -> io::Result<()> {
    if format == Format::Json {
        return unless_closed(write_json(listed));
    }
    listed.warnings.iter().for_each(|it| note(it));
    unless_closed(table(listed, look, &mut Stdout::lock()))
}

fn table(listed: &Drained, look: Look, out: &mut impl Write) -> io::Result<()> {
    if listed.items.is_empty() {
        return writeln!(out, "nothing is being drained");
    }
    let titles = [
        "Server",
        "Service",
        "State",
        "Then",
        "Weight",
        "Of",
        "Active",
        "Inactive",
        "Persistent",
        "Remaining",
    ];
    let mut rows = vec![Row::new(Tone::Title, titles.map(str::to_owned))];
    rows.extend(listed.items.iter().map(|item| {
        let (full, then) = match &item.work {
            Work::Drain { drain, .. } => (drain.weight, then(drain.then)),
            Work::Rise(rise) => (rise.ramp.to(), "-"),
        };
        let or_none = |number: Option<u32>| number.map_or("-".to_owned(), |it| it.to_string());
        let of = item.seen.map(|seen| seen.connections);
        let remaining = match item.state.is_over() {
            true => "-".to_owned(),
            false => time(item.remaining()),
        };
        let cells = [
            item.server.to_string(),
            item.service.to_string(),
            state(item.state).to_owned(),
            then.to_owned(),
            or_none(item.seen.map(|seen| seen.weight.get())),
            full.to_string(),
            or_none(of.map(|of| of.active)),
            or_none(of.map(|of| of.inactive)),
            or_none(of.map(|of| of.persistent)),
            remaining,
        ];
        let tone = if item.state.fell_short() { Tone::Notable } else { Tone::Plain };
        Row::new(tone, cells)
    }));
    write_rows(&rows, |place| place < 4, look, out)
}
