// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells of servers that are drained or brought back: what began, how far it is, and what became
//! of it.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use ipvs_cluster::drain::Then;
use lvs_term::{
    Complaint, JsonOut, Look, Row, Status, Stdout, Tone, count, one_line, unless_closed, write_rows,
};
use serde::Serialize;

use super::{Format, json, note, warning};
use crate::commands::drain::{Drained, Item, State, Verb, Work};

/// How often what is waited for is told where no terminal shows it.
const EVERY: Duration = Duration::from_secs(10);

/// Tells of a wait, as it goes on.
#[derive(Debug)]
pub(crate) struct Drains {
    format: Format,
    is_verbose: bool,
    status: Option<Status>,
    /// Whose end was told.
    over: Vec<bool>,
    /// What is waited for, as it was told last, and when.
    waiting: Option<(String, Instant)>,
    written: io::Result<()>,
}

impl Drains {
    /// Tells what has begun, or would.
    pub(crate) fn begin(drained: &Drained, format: Format, is_verbose: bool) -> Self {
        let status = Status::of_stderr().filter(|_| format != Format::Json);
        let over = vec![false; drained.items.len()];
        let mut told = Self { format, is_verbose, status, over, waiting: None, written: Ok(()) };
        if format != Format::Json {
            drained.warnings.iter().for_each(|it| warning(it));
            let begun = drained.items.iter().filter(|item| !item.state.is_over());
            let lines: Vec<String> =
                begun.map(|item| beginning(item, drained.is_dry_run)).collect();
            told.write(&lines);
        }
        told.ends(drained);
        told
    }

    /// Tells what is new.
    pub(crate) fn tell(&mut self, drained: &Drained) {
        self.ends(drained);
        if self.format == Format::Json {
            return;
        }
        let open: Vec<&Item> = drained.items.iter().filter(|it| !it.state.is_over()).collect();
        if open.is_empty() {
            return;
        }
        if let Some(status) = &mut self.status {
            status.show(&waiting(&open));
            if !self.is_verbose {
                return;
            }
        }
        let now = Instant::now();
        let what: Vec<String> = open.iter().map(|item| counted(item)).collect();
        let what = what.join("; ");
        let is_new = match &self.waiting {
            // It has just been told.
            None => false,
            Some((told, at)) => *told != what && (self.is_verbose || now - *at >= EVERY),
        };
        if is_new {
            let lines: Vec<String> = open
                .iter()
                .map(|item| format!("waiting for {}: {}", name(item), far(item)))
                .collect();
            self.write(&lines);
        }
        if is_new || self.waiting.is_none() {
            self.waiting = Some((what, now));
        }
    }

    /// Writes what is left to be told.
    ///
    /// # Errors
    /// Why something could not be written, now or before. A reader that has seen enough is none.
    pub(crate) fn end(mut self, drained: &Drained) -> io::Result<()> {
        self.status = None;
        if self.format == Format::Json {
            self.written = write_json(drained);
        } else if !drained.is_over() && drained.failed.is_empty() {
            let open: Vec<&Item> = drained.items.iter().filter(|it| !it.state.is_over()).collect();
            let lines: Vec<String> =
                open.iter().map(|item| format!("{}: {}", name(item), far(item))).collect();
            self.write(&lines);
        }
        unless_closed(self.written)
    }

    fn ends(&mut self, drained: &Drained) {
        if self.format == Format::Json {
            return;
        }
        let mut lines = Vec::new();
        for (item, told) in drained.items.iter().zip(&mut self.over) {
            if item.state.is_over() && !*told {
                *told = true;
                lines.extend(ending(item, drained));
            }
        }
        self.write(&lines);
    }

    fn write(&mut self, lines: &[String]) {
        if lines.is_empty() || self.written.is_err() {
            return;
        }
        if let Some(status) = &mut self.status {
            status.clear();
        }
        let mut out = Stdout::lock();
        let text: String = lines.iter().map(|line| one_line(line) + "\n").collect();
        self.written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn name(item: &Item) -> String {
    format!("server {} of {}", item.server, item.service)
}

/// Returns the connections that a server has.
fn counted(item: &Item) -> String {
    let Some(seen) = item.seen else { return "gone".to_owned() };
    let of = seen.connections;
    let mut text = match &item.work {
        Work::Rise(rise) => return format!("weight {} of {}", seen.weight, rise.ramp.to()),
        Work::Drain { .. } => format!("{} active, {} inactive", of.active, of.inactive),
    };
    if of.persistent > 0 {
        text += &format!(", {} persistent", of.persistent);
    }
    text
}

/// Returns how far it is.
fn far(item: &Item) -> String {
    format!("{}, {} left", counted(item), time(item.remaining()))
}

/// Returns a time as `--deadline` takes it.
fn time(time: Duration) -> String {
    // What is not over yet is not shown as 0.
    let seconds = time.as_secs() + u64::from(time.subsec_millis() > 0);
    humantime::format_duration(Duration::from_secs(seconds)).to_string().replace(' ', "")
}

/// Returns what is shown in one line.
fn waiting(open: &[&Item]) -> String {
    match open {
        [item] => format!("waiting for {}: {}", name(item), far(item)),
        open => {
            let seen = open.iter().filter_map(|item| item.seen);
            let (mut active, mut inactive) = (0, 0);
            for seen in seen {
                active += u64::from(seen.connections.active);
                inactive += u64::from(seen.connections.inactive);
            }
            let left = open.iter().map(|item| item.remaining()).max().unwrap_or_default();
            format!(
                "waiting for {}: {active} active, {inactive} inactive, {} left",
                count(open.len(), "server"),
                time(left)
            )
        }
    }
}

fn beginning(item: &Item, is_dry_run: bool) -> String {
    let name = name(item);
    let weight = item.seen.map_or(0, |seen| seen.weight.get());
    match (&item.work, is_dry_run) {
        (Work::Drain { drain, .. }, true) if item.is_resumed => {
            format!("would go on draining {name}: weight 0, {} before; {}", drain.weight, far(item))
        }
        (Work::Drain { drain, .. }, false) if item.is_resumed => {
            format!("draining {name}: weight 0, {} before; {}", drain.weight, far(item))
        }
        (Work::Drain { .. }, true) => {
            format!("would drain {name}: weight {weight} -> 0; {}", far(item))
        }
        (Work::Drain { .. }, false) => {
            format!("draining {name}: weight {weight} -> 0; {}", far(item))
        }
        (Work::Rise(rise), is_dry_run) => {
            let verb = match (is_dry_run, item.is_resumed) {
                (false, _) => "starting",
                (true, false) => "would start",
                (true, true) => "would go on starting",
            };
            let begin = match item.is_resumed {
                true => format!("weight {weight}"),
                false => format!("weight {weight} -> 1"),
            };
            format!("{verb} {name}: {begin}, {} in {}", rise.ramp.to(), time(item.remaining()))
        }
    }
}

/// Returns what became of a server, unless that is a complaint.
fn ending(item: &Item, drained: &Drained) -> Option<String> {
    let name = name(item);
    Some(match item.state {
        State::Drained => format!("drained {name}: no connection is left"),
        State::Removed(0) if item.is_resumed && item.seen.is_none() => format!("{name} is removed"),
        State::Removed(0) => format!("removed {name}: no connection is left"),
        State::Removed(left) => {
            format!("removed {name}: {} left, and lost", were(left))
        }
        State::Risen => format!("started {name}: weight {}", weight(item)),
        State::Restored if drained.is_dry_run => {
            let Work::Drain { drain, .. } = &item.work else { return None };
            format!("would undrain {name}: weight 0 -> {}", drain.weight)
        }
        State::Restored => format!("undrained {name}: weight {}", weight(item)),
        State::Unchanged => {
            format!("nothing to change: {name} has weight {} anyway", weight(item))
        }
        _ => return None,
    })
}

fn weight(item: &Item) -> u32 {
    item.seen.map_or(0, |seen| seen.weight.get())
}

fn were(left: u64) -> String {
    let connections = count(left, "connection");
    if left == 1 { format!("{connections} was") } else { format!("{connections} were") }
}

/// Returns why a server is not what was asked for.
fn why(item: &Item, is_interrupted: bool) -> Option<String> {
    Some(match item.state {
        State::Late(left) => {
            let are = if left == 1 { "is" } else { "are" };
            format!(
                "{} {are} left at the deadline; it is kept with weight 0",
                count(left, "connection")
            )
        }
        State::Gone => "somebody else has deleted it, and it is not added again".to_owned(),
        State::Reweighted(weight) => {
            format!("somebody else has given it weight {weight}, which stays")
        }
        State::Cancelled => "another command has ended this".to_owned(),
        State::Draining if is_interrupted => {
            format!("interrupted; it gets no new connections: {}", counted(item))
        }
        State::Rising if is_interrupted => {
            format!("interrupted; it stays where it is: {}", counted(item))
        }
        _ => return None,
    })
}

/// Returns what a command that did not do all that was asked for has to say.
pub(crate) fn shortfall(drained: &Drained, is_interrupted: bool) -> Option<Complaint> {
    if !is_interrupted && !drained.fell_short() && drained.failed.is_empty() {
        return None;
    }
    let short: Vec<(&Item, String)> =
        drained.items.iter().filter_map(|item| Some((item, why(item, is_interrupted)?))).collect();
    let (verb, adverb) = match drained.verb {
        Verb::Undrain => ("undrain", ""),
        Verb::SlowStart => ("start", " slowly"),
        Verb::Drain | Verb::List => ("drain", ""),
    };
    let failed = drained.failed.iter().map(ToString::to_string);
    let hints = hints(drained, &short);
    let complaint = match (&short[..], &drained.failed[..]) {
        ([], [error]) => error.complaint(),
        ([(item, why)], []) => {
            let message = format!("cannot {verb} {}{adverb}: {why}", name(item));
            Complaint { message, details: Vec::new(), hints }
        }
        (short, of) => {
            let not = short.len() + of.len();
            let all = drained.items.len();
            let message = format!("cannot {verb} all servers{adverb}: {not} of {all} fell short");
            let lines = short.iter().map(|(item, why)| format!("{}: {why}", name(item)));
            Complaint { message, details: lines.chain(failed).collect(), hints }
        }
    };
    Some(complaint.shortened())
}

fn hints(drained: &Drained, short: &[(&Item, String)]) -> Vec<String> {
    let mut servers: Vec<String> = Vec::new();
    for (item, _) in short {
        let server = item.server.to_string();
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    let mut which = servers.join(" ");
    if let [item] = &drained.items[..] {
        which += &format!(" --service {}", item.service);
    }
    let has = |is: fn(&State) -> bool| short.iter().any(|(item, _)| is(&item.state));
    let mut hints = Vec::new();
    if has(|state| matches!(state, State::Draining)) {
        hints.push(format!(
            "`rsctl drain {which}` goes on, `rsctl undrain {which}` gives the weight back"
        ));
    }
    if has(|state| matches!(state, State::Late(_))) {
        hints.push(format!(
            "`rsctl drain {which} --deadline 10m` waits longer, `--deadline 0 --then remove` \
             deletes it now; `rsctl undrain {which}` gives the weight back"
        ));
    }
    if has(|state| matches!(state, State::Rising)) {
        hints.push(format!(
            "`rsctl slow-start {which}` goes on, `rsctl undrain {which}` gives it all of its weight \
             at once"
        ));
    }
    hints
}

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

fn write_json(drained: &Drained) -> io::Result<()> {
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
    write_rows(&rows, 4, look, out)
}
