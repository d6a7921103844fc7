// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps a line for each object that was changed: who, when, what, before and after.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use foldhash::{HashMap, HashSet};
use ipvs_cluster::file::{self, Object};
use ipvs_cluster::{Applied, Fate, Observed, Plan, Step};
use ipvs_netlink::{Destination, DestinationKey, ServiceKey, SyncRole};
use lvs_host::journald::{Journal, Message, SOCKET};
use lvs_host::state::{Appender, Log};
use serde::{Deserialize, Serialize};

use super::{Author, KeptError};

/// Names what the fields of a line mean.
pub(crate) const FORMAT: &str = "rsctl-history/1";
/// By which the journal of systemd tells these messages from all others.
const MESSAGE_ID: &str = "6f1c2f0e9d0b4d1f8a53c1a0b7e5d2c4";
/// So many objects of one command are told to the journal one by one: it drops what comes too
/// fast (`RateLimitBurst=`), of other programs too.
const TOLD: usize = 1000;
/// What is written at once.
const PIECE: usize = 1 << 20;
/// More than two full files and a restore of a million servers.
const LARGEST: u64 = 1 << 30;

/// Says what was done to an object, or was tried.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// As in `--json`: `edit-server`.
    pub(crate) action: &'static str,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) server: Option<DestinationKey>,
    pub(crate) role: Option<SyncRole>,
    /// Before and after, as far as that is known.
    pub(crate) states: Option<(Option<Part>, Option<Part>)>,
    pub(crate) fared: Fared,
}

/// Holds an object as it is written.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Most are: these are written fast.
    Server(Destination),
    Object(Object),
}

/// Says what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fared {
    Done,
    /// The answer got lost: perhaps done.
    Unknown,
    /// Nothing was changed.
    Failed(String),
}

/// Holds a line of the history.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) author: Author,
    pub(crate) action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) before: Option<Object>,
    #[serde(default)]
    pub(crate) after: Option<Object>,
    pub(crate) result: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// Holds the lines that could be read, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    pub(crate) all: Vec<Entry>,
    /// How many lines are none: half written, or of a later version.
    pub(crate) unread: usize,
}

/// Adds a line for each event, and tells the journal of systemd.
pub(super) fn append(
    mut log: Appender,
    author: &Author,
    events: impl Iterator<Item = Event>,
) -> Result<(), KeptError> {
    let mut told = Told::new(author);
    let start = start(author);
    let mut lines = Vec::new();
    for event in events {
        lines.extend(&start);
        // Nothing fails to be written to memory.
        let _ = line(&event, &mut lines);
        told.tell(&event);
        if lines.len() >= PIECE {
            flush(&mut log, &mut lines)?;
        }
    }
    told.end();
    flush(&mut log, &mut lines)
}

fn flush(log: &mut Appender, lines: &mut Vec<u8>) -> Result<(), KeptError> {
    log.append(lines)?;
    lines.clear();
    Ok(())
}

/// Returns what all lines of a command begin with.
fn start(author: &Author) -> Vec<u8> {
    #[derive(Serialize)]
    struct Start<'a> {
        format: &'static str,
        #[serde(flatten)]
        author: &'a Author,
    }
    let mut start = serde_json::to_vec(&Start { format: FORMAT, author }).unwrap_or_default();
    // The other fields follow.
    start.pop();
    start
}

fn line(event: &Event, out: &mut Vec<u8>) -> io::Result<()> {
    write!(out, ",\"action\":\"{}\"", event.action)?;
    if let Some(service) = event.service {
        write!(out, ",\"service\":\"{service}\"")?;
    }
    if let Some(server) = event.server {
        write!(out, ",\"server\":\"{server}\"")?;
    }
    if let Some(role) = event.role {
        write!(out, ",\"role\":\"{role}\"")?;
    }
    if let Some((before, after)) = &event.states {
        for (name, part) in [("before", before), ("after", after)] {
            write!(out, ",\"{name}\":")?;
            match part {
                Some(part) => part.write(out)?,
                None => out.write_all(b"null")?,
            }
        }
    }
    write!(out, ",\"result\":\"{}\"", event.fared.word())?;
    if let Fared::Failed(error) = &event.fared {
        out.write_all(b",\"error\":")?;
        serde_json::to_writer(&mut *out, error)?;
    }
    out.write_all(b"}\n")
}

impl Part {
    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Server(server) => file::write_server(server, out),
            Self::Object(object) => Ok(serde_json::to_writer(out, object)?),
        }
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let _ = self.write(&mut text);
        text
    }
}

impl Fared {
    fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Failed(_) => "failed",
        }
    }
}

/// Says what was done to what: `edit-server 10.0.0.11:80 of tcp/192.0.2.10:80`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action)?;
        match (self.service, self.server, self.role) {
            (Some(service), Some(server), _) => write!(f, " {server} of {service}"),
            (Some(service), None, _) => write!(f, " {service}"),
            (None, _, Some(role)) => write!(f, " {role}"),
            _ => Ok(()),
        }
    }
}

/// Tells the journal of systemd, if there is one that keeps up.
struct Told<'a> {
    journal: Option<Journal>,
    author: &'a Author,
    command: String,
    number: usize,
}

impl<'a> Told<'a> {
    fn new(author: &'a Author) -> Self {
        let journal = Journal::at(Path::new(SOCKET)).ok();
        let command = match journal {
            Some(_) => lvs_term::quoted_words(&author.command),
            None => String::new(),
        };
        Self { journal, author, command, number: 0 }
    }

    fn tell(&mut self, event: &Event) {
        self.number += 1;
        if self.journal.is_none() || self.number > TOLD {
            return;
        }
        let text = match &event.fared {
            Fared::Done => event.to_string(),
            Fared::Unknown => format!("{event}: perhaps done"),
            Fared::Failed(error) => format!("{event}: failed: {error}"),
        };
        let mut message = self.message(&text, if event.fared == Fared::Done { "6" } else { "4" });
        message = message.with("RSCTL_ACTION", event.action);
        if let Some(service) = event.service {
            message = message.with("RSCTL_SERVICE", service.to_string());
        }
        if let Some(server) = event.server {
            message = message.with("RSCTL_SERVER", server.to_string());
        }
        if let Some(role) = event.role {
            message = message.with("RSCTL_ROLE", role.to_string());
        }
        if let Some((before, after)) = &event.states {
            for (name, part) in [("RSCTL_BEFORE", before), ("RSCTL_AFTER", after)] {
                message =
                    message.with(name, part.as_ref().map_or_else(|| b"null".to_vec(), Part::text));
            }
        }
        self.send(&message.with("RSCTL_RESULT", event.fared.word()));
    }

    fn end(&mut self) {
        let more = self.number.saturating_sub(TOLD);
        if more > 0 && self.journal.is_some() {
            let text = format!("{more} more changes by the same command: see `rsctl history`");
            self.send(&self.message(&text, "6"));
        }
    }

    fn message(&self, text: &str, priority: &str) -> Message {
        let message = Message::default()
            .with("MESSAGE", text)
            .with("MESSAGE_ID", MESSAGE_ID)
            .with("PRIORITY", priority)
            .with("SYSLOG_IDENTIFIER", "rsctl")
            .with("RSCTL_RUN", &self.author.run)
            .with("RSCTL_COMMAND", &self.command);
        match self.author.login_uid {
            Some(uid) => message.with("RSCTL_LOGIN_UID", uid.to_string()),
            None => message,
        }
    }

    fn send(&mut self, message: &Message) {
        // The file has it; one that does not keep up is not waited for again.
        if self.journal.as_ref().is_some_and(|journal| journal.send(message).is_err()) {
            self.journal = None;
        }
    }
}

/// Tells the journal of systemd what became of a command that nobody sees.
pub(super) fn note(author: &Author, text: &str) {
    let mut told = Told::new(author);
    told.send(&told.message(text, "4"));
}

/// Reads all lines.
pub(super) fn read(log: &Log) -> Result<Entries, KeptError> {
    let bytes = log.read(LARGEST)?;
    let mut entries = Entries::default();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(entry) => entries.all.push(entry),
            Err(_) => entries.unread += 1,
        }
    }
    Ok(entries)
}

/// Holds the servers that go with the services that a plan deletes: no step is about them.
#[derive(Debug, Default)]
pub(crate) struct Going(HashMap<ServiceKey, Vec<Destination>>);

impl Going {
    /// Finds them in the table as it is before.
    pub(crate) fn of(plan: &Plan, observed: &Observed) -> Self {
        let keys: HashSet<_> = plan.steps().iter().filter_map(goes).collect();
        let all = observed.services.iter().filter(|entry| keys.contains(&entry.service.key));
        Self(all.map(|entry| (entry.service.key, entry.servers.clone())).collect())
    }
}

fn goes(step: &Step) -> Option<ServiceKey> {
    match step {
        Step::DeleteService { before, servers: 1.., .. } => Some(before.key),
        _ => None,
    }
}

/// Says what the steps of a plan changed, each object of its own. What was not tried is left out.
pub(crate) fn of_plan<'a>(
    plan: &'a Plan,
    applied: &'a Applied,
    going: &'a Going,
) -> impl Iterator<Item = Event> + 'a {
    plan.steps().iter().zip(&applied.fates).flat_map(move |(step, fate)| {
        let fared = match fate {
            Fate::Done => Some(Fared::Done),
            Fate::Unknown => Some(Fared::Unknown),
            Fate::Failed(error) => Some(Fared::Failed(error.to_string())),
            Fate::NotTried(_) => None,
        };
        let servers = goes(step).and_then(|key| going.0.get(&key));
        let with_it = fared.clone().filter(|fared| !matches!(fared, Fared::Failed(_)));
        let gone = servers.zip(with_it).into_iter().flat_map(move |(servers, fared)| {
            servers.iter().map(move |server| Event {
                action: "delete-server",
                service: step.service(),
                server: Some(server.key),
                role: None,
                states: Some((Some(Part::Server(*server)), None)),
                fared: fared.clone(),
            })
        });
        let event = fared.map(|fared| Event {
            action: action(step),
            service: step.service(),
            server: step.server(),
            role: match step {
                Step::StopDaemon { before, .. } => Some(before.role),
                Step::StartDaemon(daemon) => Some(daemon.role),
                _ => None,
            },
            states: Some(states(step)),
            fared,
        });
        gone.chain(event)
    })
}

fn states(step: &Step) -> (Option<Part>, Option<Part>) {
    let server = |server: &Destination| Some(Part::Server(*server));
    match step {
        Step::AddServer { server: after, .. } | Step::PutServer { server: after, .. } => {
            (None, server(after))
        }
        Step::EditServer { before, after, .. } => (server(before), server(after)),
        Step::DeleteServer { before, .. } | Step::LiftServer { server: before, .. } => {
            (server(before), None)
        }
        _ => (file::before(step).map(Part::Object), file::after(step).map(Part::Object)),
    }
}

fn action(step: &Step) -> &'static str {
    match step {
        Step::AddService(_) => "add-service",
        Step::EditService { .. } => "edit-service",
        Step::DeleteService { .. } => "delete-service",
        Step::AddServer { .. } | Step::PutServer { .. } => "add-server",
        Step::EditServer { .. } => "edit-server",
        Step::DeleteServer { .. } | Step::LiftServer { .. } => "delete-server",
        Step::SetTimeouts { .. } => "set-timeouts",
        Step::StartDaemon(_) => "start-daemon",
        Step::StopDaemon { .. } => "stop-daemon",
        // A step of a later version of the library: its own words.
        _ => "change",
    }
}
