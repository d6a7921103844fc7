// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads a file and says everything that is wrong with it, each with its line.

use ipvs_netlink::Timeouts;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::objects::{DaemonObject, ServerObject, ServiceObject, TableObject, TimeoutsObject};
use super::{FORMAT, Problem};
use crate::desired::{Builder, Desired, DesiredServer, DesiredService, Doubt};
use crate::plan::{Step, flaw};

/// The most bytes of a file: half a million servers.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The most services and servers together.
pub const MAX_OBJECTS: usize = 1_000_000;

/// Reads the JSON form.
///
/// # Errors
/// All that is wrong, in the order of the file. Where the JSON itself is broken,
/// what is behind cannot be judged.
pub fn read(bytes: &[u8]) -> Result<Desired, Vec<Problem>> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        return Err(vec![Problem { line: 1, message }]);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = lines_before(&bytes[..error.valid_up_to()]) + 1;
        vec![Problem { line, message: "not UTF-8".to_owned() }]
    })?;
    let mut reader = Reader {
        text,
        starts: line_starts(text),
        problems: Vec::new(),
        doubts: Vec::new(),
        mixed: Vec::new(),
    };
    let mut desired = reader.table();
    desired.doubts.append(&mut reader.doubts);
    desired.doubts.sort_by_key(|doubt| doubt.line);
    desired.is_judged = true;
    if reader.problems.is_empty() {
        return Ok(desired);
    }
    // If there is something to be put right, then all of it.
    let doubts = desired.doubts.into_iter();
    reader.problems.extend(doubts.map(|Doubt { line, message, .. }| Problem { line, message }));
    reader.problems.sort_by_key(|problem| problem.line);
    Err(reader.problems)
}

/// The most problems that are told. A file with more is no table.
const MAX_PROBLEMS: usize = 10_000;

/// To name what a later version has before complaining of its fields.
#[derive(Deserialize)]
struct Version<'a> {
    #[serde(default, borrow)]
    format: Option<&'a RawValue>,
}

struct Reader<'a> {
    text: &'a str,
    /// Where each line starts.
    starts: Vec<usize>,
    problems: Vec<Problem>,
    /// What could be there already, and would not be set.
    doubts: Vec<Doubt>,
    /// Servers of the other address family, and what is wrong with them if there
    /// is a sync daemon: the kernel has either.
    mixed: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn table(&mut self) -> Desired {
        let Some(table) = self.parts() else { return Desired::default() };
        let mut builder = Builder::default();
        for raw in table.services.0 {
            self.service(raw, &mut builder);
            if builder.objects() > MAX_OBJECTS {
                self.problem(raw, format!("more than {MAX_OBJECTS} services and servers"));
                break;
            }
            if self.problems.len() > MAX_PROBLEMS {
                self.problem(raw, "too many problems to go on".to_owned());
                break;
            }
        }
        let problems = std::mem::take(&mut self.mixed);
        if table.daemons.as_ref().is_some_and(|daemons| !daemons.0.is_empty()) {
            self.problems.extend(problems);
        }
        let timeouts = table.timeouts.and_then(|raw| {
            let timeouts = self.parse::<TimeoutsObject>(raw)?;
            let timeouts = self.keep(raw, timeouts.into_model())?;
            self.doubt(raw, &Step::SetTimeouts { before: Timeouts::default(), after: timeouts });
            Some(timeouts)
        });
        let daemons = table.daemons.map(|raws| {
            let mut daemons = Vec::<ipvs_netlink::SyncDaemon>::new();
            for raw in raws.0 {
                let daemon = self.parse::<DaemonObject>(raw);
                let daemon = daemon.and_then(|object| self.keep(raw, object.into_model()));
                let Some(daemon) = daemon else { continue };
                self.doubt(raw, &Step::StartDaemon(daemon.clone()));
                if daemons.iter().any(|other| other.role == daemon.role) {
                    self.problem(raw, format!("there is one {} sync daemon at most", daemon.role));
                }
                daemons.push(daemon);
            }
            daemons
        });
        Desired { timeouts, daemons, ..builder.finish() }
    }

    /// The pieces of the document, not looked at yet.
    fn parts(&mut self) -> Option<TableObject<'a>> {
        let table =
            serde_json::from_str::<Version<'a>>(self.text).and_then(|version| {
                match version.format.map(RawValue::get) {
                    Some(format) if format.trim_matches('"') != FORMAT => Ok(Err(format)),
                    _ => serde_json::from_str::<TableObject<'a>>(self.text).map(Ok),
                }
            });
        match table {
            Ok(Ok(table)) => Some(table),
            Ok(Err(format)) => {
                let line = self.line_of(format);
                let message =
                    format!("the format is {format}, and this program reads \"{FORMAT}\"");
                self.problems.push(Problem { line, message });
                None
            }
            Err(error) => {
                self.problems.push(problem(1, &error));
                None
            }
        }
    }

    fn service(&mut self, raw: &'a RawValue, builder: &mut Builder) {
        let Some(object) = self.parse::<ServiceObject<'a>>(raw) else { return };
        let service = self.keep(raw, object.to_model());
        let line = self.line_of(raw.get());
        let key = service.as_ref().map(|service| service.key);
        if let Some(service) = service {
            self.doubt(raw, &Step::AddService(service.clone()));
            let added = builder.service(line, DesiredService::new(service));
            self.keep(raw, added);
        }
        for raw in object.servers.0 {
            let server = self.parse::<ServerObject>(raw);
            // Without a service, its servers are judged by themselves only.
            let (Some(server), Some(key)) = (server, key) else { continue };
            if let Some(server) = self.keep(raw, server.into_model()) {
                self.doubt(raw, &Step::AddServer { service: key, server, of_new_service: false });
                let line = self.line_of(raw.get());
                if server.key.family() != key.family() {
                    let server = server.key;
                    let message = format!(
                        "{server} and {key} are of different address families, and the kernel has \
                         no such server while a sync daemon runs"
                    );
                    self.mixed.push(Problem { line, message });
                }
                let added = builder.server(line, key, DesiredServer::new(server));
                self.keep(raw, added);
            }
        }
    }

    /// Notes what the library would not set if it were new.
    fn doubt(&mut self, raw: &RawValue, step: &Step) {
        if let Some(message) = flaw(step) {
            let (line, subject) = (self.line_of(raw.get()), step.subject());
            self.doubts.push(Doubt { line, subject, message });
        }
    }

    fn parse<T: Deserialize<'a>>(&mut self, raw: &'a RawValue) -> Option<T> {
        let line = self.line_of(raw.get());
        serde_json::from_str(raw.get())
            .map_err(|error| self.problems.push(problem(line, &error)))
            .ok()
    }

    fn keep<T, E: ToString>(&mut self, raw: &RawValue, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|why| self.problem(raw, why.to_string())).ok()
    }

    fn problem(&mut self, raw: &RawValue, message: String) {
        let line = self.line_of(raw.get());
        self.problems.push(Problem { line, message });
    }

    /// The line in which `part`, a piece of the text, starts.
    fn line_of(&self, part: &str) -> usize {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.starts.partition_point(|start| *start <= offset)
    }
}

/// Serde's complaint about a piece that starts in `line`.
fn problem(line: usize, error: &serde_json::Error) -> Problem {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    Problem { line: line + error.line().saturating_sub(1), message }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(place, _)| place + 1)).collect()
}

fn lines_before(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}
