// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the connection table, entry by entry: nothing is gathered to find out how wide the
//! columns should be.

use std::io::Write;
use std::net::SocketAddr;

use ipvs_netlink::procfs::{Connection, Origin, VirtualAddress};
use lvs_term::{Look, Row, Tone, one_line, printable, write_rows};
use serde::Serialize;

use super::json;
use crate::cli::GroupBy;
use crate::commands::{Found, Stream, address_of};
use crate::error::Error;
use crate::names::Names;

/// An entry of what `rsctl connections --json` prints in `connections`.
#[derive(Serialize)]
struct Entry<'a> {
    protocol: String,
    client: String,
    /// The VIP and port, or `fwmark/N` for the template of a mark's service.
    service: String,
    server: String,
    /// With `--names`, as far as there are any; the same for the four below.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_port_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_port_name: Option<String>,
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
    /// With `--names`, if the name is an address and has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    connections: u64,
}

pub(super) fn write(
    found: &mut Found,
    as_json: bool,
    look: Look,
    out: &mut impl Write,
) -> Result<(), Error> {
    match found {
        Found::Stream(stream) if as_json => write_json(stream, out),
        Found::Stream(stream) => write_text(stream, look, out),
        Found::Groups { by, groups, names } => {
            let by = word(*by);
            let host = |name: &str| names.host(address_of(name)?);
            if as_json {
                let groups = groups.iter().map(|(name, connections)| Group {
                    name,
                    host: host(name),
                    connections: *connections,
                });
                let document = GroupsDocument { group_by: by, groups: groups.collect() };
                return Ok(json::write_document(&document, out)?);
            }
            let mut rows = vec![Row::new(Tone::Title, [by.to_owned(), "connections".to_owned()])];
            rows.extend(groups.iter().map(|(name, count)| {
                let shown = match (host(name), name.parse::<SocketAddr>()) {
                    (Some(host), Ok(endpoint)) => format!("{host}:{}", endpoint.port()),
                    (Some(host), Err(_)) => host.to_owned(),
                    (None, _) => name.clone(),
                };
                Row::new(Tone::Plain, [shown, count.to_string()])
            }));
            Ok(write_rows(&rows, 1, look, out)?)
        }
    }
}

/// Returns the three addresses of an entry, or their names.
fn endpoints(connection: &Connection, names: &Names) -> [String; 3] {
    let protocol = Some(connection.protocol);
    let (client, server) = (connection.client, connection.server);
    let service = match connection.service {
        VirtualAddress::Endpoint(vip) => names.endpoint(vip.ip(), vip.port(), protocol),
        other => other.to_string(),
    };
    [
        // A client's port is any, and what it is called says nothing.
        names.endpoint(client.ip(), client.port(), None),
        service,
        names.endpoint(server.address, server.port, protocol),
    ]
}

/// The width of a line of IPv4 addresses.
const WIDTH: usize = 92;

fn write_text(stream: &mut Stream, look: Look, out: &mut impl Write) -> Result<(), Error> {
    let names = std::mem::take(&mut stream.names);
    let (origins, ghosts) = (stream.origin, stream.ghosts);
    let width = if origins { WIDTH + 7 } else { WIDTH };
    // Virtual and real address below the client's.
    let fold = if look.is_too_narrow_for(width) { "\n                         " } else { "" };
    let origin = if origins { "origin " } else { "" };
    let title = format!(
        "{:<5} {:>7} {:<11} {origin}{:<21}{fold} {:<21} destination",
        "prot", "expires", "state", "source", "virtual"
    );
    look.line(Tone::Title, &title, out)?;
    for connection in stream {
        let connection = connection?;
        let seconds = connection.expires.as_secs();
        let expires = format!("{:02}:{:02}", seconds / 60, seconds % 60);
        let mut line = format!(
            "{:<5} {expires:>7} {:<11} ",
            connection.protocol.to_string(),
            printable(connection.state.as_str())
        );
        if origins {
            line += &format!("{:<6} ", word_of_origin(&connection).unwrap_or("?"));
        }
        let [client, service, server] = endpoints(&connection, &names);
        line += &format!("{client:<21}{fold} {service:<21} {server}");
        if connection.is_template() {
            line += " template";
        }
        if let Some(engine) = &connection.engine {
            let data = String::from_utf8_lossy(&engine.data);
            line += &format!(" {} {}", printable(&engine.name), one_line(&data));
        }
        let tone = match (ghosts, connection.is_template()) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Dim,
            _ => Tone::Plain,
        };
        look.line(tone, &line, out)?;
    }
    Ok(())
}

/// Writes an object with a list, as it comes.
fn write_json(stream: &mut Stream, out: &mut impl Write) -> Result<(), Error> {
    let names = std::mem::take(&mut stream.names);
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
        let (client, server) = (connection.client, connection.server);
        let vip = match connection.service {
            VirtualAddress::Endpoint(vip) => Some(vip),
            _ => None,
        };
        let port = |port| names.port(port, Some(connection.protocol));
        let entry = Entry {
            client_host: names.host(client.ip()),
            service_host: vip.and_then(|vip| names.host(vip.ip())),
            service_port_name: vip.and_then(|vip| port(vip.port())),
            server_host: names.host(server.address),
            server_port_name: port(server.port),
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
