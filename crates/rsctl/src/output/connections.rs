// SPDX-License-Identifier: MIT OR Apache-2.0

//! The connection table, entry by entry: nothing is gathered to find out how wide
//! the columns should be.

use std::io::Write;

use ipvs_netlink::procfs::{Connection, Origin};
use serde::Serialize;

use super::{columns, json};
use crate::cli::GroupBy;
use crate::commands::{Found, Stream};
use crate::error::Error;

/// An entry of what `rsctl connections --json` prints in `connections`.
#[derive(Serialize)]
struct Entry<'a> {
    protocol: String,
    client: String,
    /// The VIP and port, or `fwmark/N` for the template of a mark's service.
    service: String,
    server: String,
    state: &'a str,
    expires_seconds: u64,
    /// Whether it remembers a client, and is no connection itself.
    template: bool,
    /// `local` or `sync`, with `--origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    /// The persistence engine and its data, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Engine<'a>>,
}

#[derive(Serialize)]
struct Engine<'a> {
    name: &'a str,
    /// What is not UTF-8 in it is replaced.
    data: String,
}

#[derive(Serialize)]
struct GroupsDocument<'a> {
    /// `client`, `service`, `server`, `state` or `protocol`.
    group_by: &'static str,
    groups: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    connections: u64,
}

pub(super) fn write(found: &mut Found, as_json: bool, out: &mut impl Write) -> Result<(), Error> {
    match found {
        Found::Stream(stream) if as_json => write_json(stream, out),
        Found::Stream(stream) => write_text(stream, out),
        Found::Groups { by, groups } => {
            let by = word(*by);
            if as_json {
                let groups = groups.iter();
                let groups =
                    groups.map(|(name, connections)| Group { name, connections: *connections });
                let document = GroupsDocument { group_by: by, groups: groups.collect() };
                return Ok(json::write_document(&document, out)?);
            }
            let mut rows = vec![[by.to_owned(), "connections".to_owned()]];
            rows.extend(groups.iter().map(|(name, count)| [name.clone(), count.to_string()]));
            Ok(columns::write(&rows, 1, out)?)
        }
    }
}

fn write_text(stream: &mut Stream, out: &mut impl Write) -> Result<(), Error> {
    let origins = stream.origin;
    let origin = if origins { "origin " } else { "" };
    writeln!(
        out,
        "{:<5} {:>7} {:<11} {origin}{:<21} {:<21} destination",
        "prot", "expires", "state", "source", "virtual"
    )?;
    for connection in stream {
        let connection = connection?;
        let seconds = connection.expires.as_secs();
        let expires = format!("{:02}:{:02}", seconds / 60, seconds % 60);
        write!(
            out,
            "{:<5} {expires:>7} {:<11} ",
            connection.protocol.to_string(),
            connection.state
        )?;
        if origins {
            write!(out, "{:<6} ", word_of_origin(&connection).unwrap_or("?"))?;
        }
        write!(
            out,
            "{:<21} {:<21} {}",
            connection.client.to_string(),
            connection.service.to_string(),
            connection.server
        )?;
        if connection.is_template() {
            write!(out, " template")?;
        }
        if let Some(engine) = &connection.engine {
            let data = String::from_utf8_lossy(&engine.data);
            write!(out, " {} {}", engine.name, super::one_line(&data))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// An object with a list, written as it comes.
fn write_json(stream: &mut Stream, out: &mut impl Write) -> Result<(), Error> {
    write!(out, "{{\"connections\":[")?;
    for (place, connection) in stream.enumerate() {
        let connection = connection?;
        if place > 0 {
            write!(out, ",")?;
        }
        let engine = connection.engine.as_ref().map(|engine| Engine {
            name: &engine.name,
            data: String::from_utf8_lossy(&engine.data).into_owned(),
        });
        let entry = Entry {
            protocol: connection.protocol.to_string(),
            client: connection.client.to_string(),
            service: connection.service.to_string(),
            server: connection.server.to_string(),
            state: connection.state.as_str(),
            expires_seconds: connection.expires.as_secs(),
            template: connection.is_template(),
            origin: word_of_origin(&connection),
            engine,
        };
        serde_json::to_writer(&mut *out, &entry).map_err(std::io::Error::from)?;
    }
    Ok(writeln!(out, "]}}")?)
}

fn word_of_origin(connection: &Connection) -> Option<&'static str> {
    match connection.origin? {
        Origin::Local => Some("local"),
        Origin::Sync => Some("sync"),
        _ => None,
    }
}

fn word(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Client => "client",
        GroupBy::Service => "service",
        GroupBy::Server => "server",
        GroupBy::State => "state",
        GroupBy::Protocol => "protocol",
    }
}
