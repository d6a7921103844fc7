// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells of servers that are drained or brought back: what began, how far it is, and what became
//! of it.

mod document;
mod shortfall;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use lvs_term::{Status, Stdout, count, one_line, unless_closed};

use super::{Format, warning};
use crate::commands::drain::{Drained, Item, State, Work};

use self::document::write_json;
pub(crate) use self::document::write_list;
pub(crate) use self::shortfall::shortfall;

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

#[cfg(test)]
mod tests {
    use ipvs_cluster::drain::{Drain, Then, Waits};
    use ipvs_netlink::{Connections, Weight};

    use super::*;
    use crate::commands::drain::{Seen, Verb};

    fn item(server: &str, state: State, active: u32) -> Item {
        let drain = Drain {
            service: "tcp/192.0.2.10:80".parse().unwrap(),
            server: server.parse().unwrap(),
            weight: Weight::new(3).unwrap(),
            deadline: Duration::from_secs(1252),
            then: Then::Keep,
        };
        let mut connections = Connections::default();
        (connections.active, connections.inactive) = (active, 1);
        Item {
            service: drain.service,
            server: drain.server,
            work: Work::Drain { drain, waits: Waits::Connections },
            state,
            seen: Some(Seen { weight: Weight::ZERO, connections }),
            at: Duration::from_millis(1_000_001),
            is_resumed: false,
        }
    }

    #[test]
    fn what_is_waited_for_is_one_line() {
        let one = item("10.0.0.11:80", State::Draining, 12);
        let other = item("10.0.0.12:80", State::Draining, 5);
        assert_eq!(
            waiting(&[&one]),
            "waiting for server 10.0.0.11:80 of tcp/192.0.2.10:80: 12 active, 1 inactive, 4m12s \
             left"
        );
        assert_eq!(
            waiting(&[&one, &other]),
            "waiting for 2 servers: 17 active, 2 inactive, 4m12s left"
        );
    }

    #[test]
    fn of_several_servers_each_that_falls_short_is_told() {
        let items = vec![
            item("10.0.0.11:80", State::Late(13), 12),
            item("10.0.0.12:80", State::Drained, 0),
            item("10.0.0.13:80", State::Reweighted(Weight::ONE), 0),
        ];
        let told = |items: Vec<Item>, is_interrupted| {
            let drained = Drained { verb: Verb::Drain, items, ..Drained::default() };
            shortfall(&drained, is_interrupted).map(|it| it.to_string())
        };
        assert_eq!(
            told(items, false).unwrap(),
            "error: cannot drain all servers: 2 of 3 fell short\n\
             server 10.0.0.11:80 of tcp/192.0.2.10:80: 13 connections are left at the deadline; it \
             is kept with weight 0\n\
             server 10.0.0.13:80 of tcp/192.0.2.10:80: somebody else has given it weight 1, which \
             stays\n\
             hint: `rsctl drain 10.0.0.11:80 --deadline 10m` waits longer, `--deadline 0 --then \
             remove` deletes it now; `rsctl undrain 10.0.0.11:80` gives the weight back\n"
        );
        assert_eq!(told(vec![item("10.0.0.12:80", State::Drained, 0)], false), None);
        let interrupted = told(vec![item("10.0.0.12:80", State::Draining, 2)], true).unwrap();
        assert!(
            interrupted
                .contains(": interrupted; it gets no new connections: 2 active, 1 inactive\n")
        );
    }
}
