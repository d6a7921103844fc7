// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads a file and says everything that is wrong with it, each with its line.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::objects::{DaemonObject, ServerObject, ServiceObject, TableObject, TimeoutsObject};
use super::problem::{Line, Problem};
use super::{READ, Table};
use crate::desired::{Builder, DesiredServer, DesiredService, Faults};

/// A file has this many bytes at most: half a million servers.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// A file has this many services and servers together at most.
pub const MAX_OBJECTS: usize = 1_000_000;

/// Reads the JSON form.
///
/// # Errors
/// All that is wrong, in the order of the file. Where the JSON itself is broken,
/// what is behind cannot be judged.
pub fn read(bytes: &[u8]) -> Result<Table, Vec<Problem>> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        return Err(vec![Problem { line: 1, message }]);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = lines_before(&bytes[..error.valid_up_to()]) + 1;
        vec![Problem { line, message: "not UTF-8".to_owned() }]
    })?;
    let mut reader = Reader { text, starts: line_starts(text), problems: Vec::new() };
    let mut builder = Builder::new();
    reader.table(&mut builder);
    let mut problems = reader.problems;
    // If there is something to be put right, then all of it.
    match builder.finish_as_found() {
        Ok((desired, Faults(mut doubts))) if problems.is_empty() => {
            doubts.sort_by_key(|doubt| doubt.origin);
            return Ok(Table { desired, doubts });
        }
        Ok((_, faults)) | Err(faults) => problems.extend(faults.0.into_iter().map(Problem::from)),
    }
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
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
    /// What is wrong with what never got as far as the builder.
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn table(&mut self, builder: &mut Builder<Line>) {
        let Some(table) = self.parts() else { return };
        for raw in table.services.0 {
            self.service(raw, builder);
            if builder.objects() > MAX_OBJECTS {
                self.problem(raw, format!("more than {MAX_OBJECTS} services and servers"));
                break;
            }
            if self.problems.len() + builder.faults() > MAX_PROBLEMS {
                self.problem(raw, "too many problems to go on".to_owned());
                break;
            }
        }
        if let Some(raw) = table.timeouts {
            let timeouts = self.parse::<TimeoutsObject>(raw);
            if let Some(timeouts) = timeouts.and_then(|it| self.keep(raw, it.into_model())) {
                builder.timeouts(self.line_of(raw), timeouts);
            }
        }
        let Some(daemons) = table.daemons else { return };
        builder.only_daemons();
        for raw in daemons.0 {
            let daemon = self.parse::<DaemonObject>(raw);
            if let Some(daemon) = daemon.and_then(|object| self.keep(raw, object.into_model())) {
                builder.daemon(self.line_of(raw), daemon);
            }
        }
    }

    /// The pieces of the document, not looked at yet.
    fn parts(&mut self) -> Option<TableObject<'a>> {
        let table =
            serde_json::from_str::<Version<'a>>(self.text).and_then(|version| {
                match version.format.map(RawValue::get) {
                    Some(format) if !READ.contains(&format.trim_matches('"')) => Ok(Err(format)),
                    _ => serde_json::from_str::<TableObject<'a>>(self.text).map(Ok),
                }
            });
        match table {
            Ok(Ok(table)) => Some(table),
            Ok(Err(format)) => {
                let line = self.line_at(format).number();
                let [old, new] = READ;
                let message = format!(
                    "the format is {format}, and this program reads \"{old}\" and \"{new}\""
                );
                self.problems.push(Problem { line, message });
                None
            }
            Err(error) if error.is_eof() => {
                let line = self.text.lines().count().max(1);
                let message = "the file ends in the middle".to_owned();
                self.problems.push(Problem { line, message });
                None
            }
            Err(error) => {
                self.problems.push(problem(1, &error));
                None
            }
        }
    }

    fn service(&mut self, raw: &'a RawValue, builder: &mut Builder<Line>) {
        let Some(object) = self.parse::<ServiceObject<'a>>(raw) else { return };
        let service = self.keep(raw, object.to_model());
        let key = service.as_ref().map(|service| service.key);
        if let Some(service) = service {
            builder.service(self.line_of(raw), DesiredService::new(service));
        }
        for raw in object.servers.0 {
            let server = self.parse::<ServerObject>(raw);
            // Without a service, its servers are judged by themselves only.
            let (Some(server), Some(key)) = (server, key) else { continue };
            if let Some(server) = self.keep(raw, server.into_model()) {
                builder.server(self.line_of(raw), key, DesiredServer::new(server));
            }
        }
    }

    fn parse<T: Deserialize<'a>>(&mut self, raw: &'a RawValue) -> Option<T> {
        let line = self.line_of(raw).number();
        serde_json::from_str(raw.get())
            .map_err(|error| self.problems.push(problem(line, &error)))
            .ok()
    }

    fn keep<T, E: ToString>(&mut self, raw: &RawValue, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|why| self.problem(raw, why.to_string())).ok()
    }

    fn problem(&mut self, raw: &RawValue, message: String) {
        let line = self.line_of(raw).number();
        self.problems.push(Problem { line, message });
    }

    fn line_of(&self, raw: &RawValue) -> Line {
        self.line_at(raw.get())
    }

    /// The line in which `part`, a piece of the text, starts.
    fn line_at(&self, part: &str) -> Line {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        Line::new(self.starts.partition_point(|start| *start <= offset))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let problems = read(text.as_bytes()).expect_err(text);
        problems.into_iter().map(|it| format!("{}: {}", it.line, it.message)).collect()
    }

    /// Its last line has a number that an editor has, too.
    #[test]
    fn a_file_that_was_cut_ends_in_the_middle() {
        for (text, line) in [
            ("{", 1),
            ("{\n", 1),
            ("{\"format\": \"ipvs-table/2\",\n\"services\": [\n", 2),
            ("{\"format\": \"ipvs-table/2\",\n\"services\": [{\"service\": \"tc", 2),
            ("{\"format\": \"ipvs-tab", 1),
        ] {
            assert_eq!(told(text), [format!("{line}: the file ends in the middle")]);
        }
    }

    /// As it is of a line of ipvsadm's.
    #[test]
    fn a_port_out_of_range_is_told() {
        let service = |key: &str, server: &str| {
            let servers = format!(r#"[{{"server": "{server}", "method": "dr"}}]"#);
            let service =
                format!(r#"{{"service": "{key}", "scheduler": "rr", "servers": {servers}}}"#);
            told(&format!(r#"{{"format": "ipvs-table/2", "services": [{service}]}}"#))
        };
        let range = |port: &str| [format!("1: port {port} is out of range: use 0 to 65535")];
        assert_eq!(service("tcp/192.0.2.1:99999", "10.0.0.1:80"), range("99999"));
        assert_eq!(service("tcp/[2001:db8::1]:65536", "10.0.0.1:80"), range("65536"));
        assert_eq!(service("tcp/192.0.2.1:80", "10.0.0.1:100000000000"), range("100000000000"));
        for (key, server) in [("tcp/192.0.2:99999", "10.0.0.1:80"), ("fwmark/7", "10.0.0.1:x")] {
            assert!(service(key, server)[0].contains(" is not a "), "{key}");
        }
    }
}
