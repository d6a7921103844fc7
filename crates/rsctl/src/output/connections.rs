// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the connection table, entry by entry: nothing is gathered to find out how wide the
//! columns should be.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;

use ipvs_netlink::procfs::{Connection, Origin, VirtualAddress};
use ipvs_netlink::{DestinationKey, Protocol};
use lvs_term::{Look, Row, Tone, one_line, printable, write_rows};
use serde::{Serialize, Serializer};

use super::json;
use super::numbers::push_endpoint;
use crate::cli::GroupBy;
use crate::commands::{Found, Stream, address_of};
use crate::error::Error;
use crate::names::Names;

/// An entry of what `rsctl connections --json` prints in `connections`.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(serialize_with = "text")]
    protocol: Protocol,
    #[serde(serialize_with = "text")]
    client: SocketAddr,
    /// The VIP and port, or `fwmark/N` for the template of a mark's service.
    #[serde(serialize_with = "text")]
    service: VirtualAddress,
    #[serde(serialize_with = "text")]
    server: DestinationKey,
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

/// Writes it as it is shown, without making a string of it.
fn text<S: Serializer>(shown: &impl Display, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(shown)
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
            Ok(write_rows(&rows, |place| place == 0, look, out)?)
        }
    }
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
    let mut line = Vec::new();
    for connection in stream {
        let connection = connection?;
        line.clear();
        push_entry(&mut line, &connection, origins, fold, &names)?;
        let tone = match (ghosts, connection.is_template()) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Dim,
            _ => Tone::Plain,
        };
        look.line(tone, &line, out)?;
    }
    Ok(())
}

/// Appends the line of an entry. There can be a million of them.
fn push_entry(
    line: &mut Vec<u8>,
    connection: &Connection,
    origins: bool,
    fold: &str,
    names: &Names,
) -> io::Result<()> {
    let protocol = Some(connection.protocol);
    column(line, 5, |line| write!(line, "{}", connection.protocol))?;
    let (minutes, seconds) = (connection.expires.as_secs() / 60, connection.expires.as_secs() % 60);
    // To the right of seven.
    let blanks = match minutes {
        0..100 => "  ",
        100..1000 => " ",
        _ => "",
    };
    write!(line, " {blanks}{minutes:02}:{seconds:02} ")?;
    column(line, 11, |line| line.write_all(printable(connection.state.as_str()).as_bytes()))?;
    line.push(b' ');
    if origins {
        write!(line, "{:<6} ", word_of_origin(connection).unwrap_or("?"))?;
    }
    // A client's port is any, and what it is called says nothing.
    column(line, 21, |line| push_address(line, connection.client, None, names))?;
    line.extend_from_slice(fold.as_bytes());
    line.push(b' ');
    column(line, 21, |line| match connection.service {
        VirtualAddress::Endpoint(vip) => push_address(line, vip, protocol, names),
        other => write!(line, "{other}"),
    })?;
    line.push(b' ');
    push_address(line, connection.server.into(), protocol, names)?;
    if connection.is_template() {
        line.extend_from_slice(b" template");
    }
    if let Some(engine) = &connection.engine {
        let data = String::from_utf8_lossy(&engine.data);
        write!(line, " {} {}", printable(&engine.name), one_line(&data))?;
    }
    Ok(())
}

/// Appends what `push` appends, and blanks up to that width.
fn column(
    line: &mut Vec<u8>,
    width: usize,
    push: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let end = line.len() + width;
    push(line)?;
    line.resize(end.max(line.len()), b' ');
    Ok(())
}

/// Appends an address and port, or their names.
fn push_address(
    line: &mut Vec<u8>,
    endpoint: SocketAddr,
    protocol: Option<Protocol>,
    names: &Names,
) -> io::Result<()> {
    let (address, port) = (endpoint.ip(), endpoint.port());
    if names.are_asked_for() {
        return line.write_all(names.endpoint(address, port, protocol).as_bytes());
    }
    push_endpoint(line, DestinationKey { address, port });
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
            protocol: connection.protocol,
            client,
            service: connection.service,
            server,
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

#[cfg(test)]
mod tests {
    use ipvs_netlink::procfs::ConnectionTable;

    use super::*;

    const TABLE: &str = "\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C0A80001 D431 C000020A 0050 0A00000B 1F90 ESTABLISHED     899
TCP C0A80000 0000 C000020A 0000 0A00000B 0000 ASSURED         6000
IP  C0A80001 0000 00000007 0000 0A00000B 0000 NONE            60000
IP_255 FFFFFFFF FFFF FFFFFFFF FFFF FFFFFFFF FFFF A_STATE_OF_LATER 0
UDP C0A80001 13C4 C000020A 13C4 0A00000B 13C4 UDP             179 sip a b@host
UDP 2001:0db8:0000:0000:0000:0000:0000:0001 0035 2001:0db8:0000:0000:0000:0000:0000:00aa 0035 \
0A00000B 0035 UDP             300
";

    fn shown(connection: &Connection, fold: &str) -> String {
        let mut line = Vec::new();
        push_entry(&mut line, connection, true, fold, &Names::default()).unwrap();
        String::from_utf8(line).unwrap()
    }

    /// However they are put into the line, the columns are as wide as a format makes them.
    #[test]
    fn columns_are_as_by_format() {
        let table = ConnectionTable::from_reader(TABLE.as_bytes()).unwrap();
        for connection in table {
            let Connection { protocol, client, service, server, ref state, expires, .. } =
                connection.unwrap_or_else(|error| panic!("{error}"));
            let mut connection = Connection::new(protocol, client, service, server, state.as_str());
            connection.expires = expires;
            let seconds = expires.as_secs();
            let expires = format!("{:02}:{:02}", seconds / 60, seconds % 60);
            let [protocol, client, service] =
                [protocol.to_string(), client.to_string(), service.to_string()];
            for fold in ["", "\n   "] {
                let expected = format!(
                    "{protocol:<5} {expires:>7} {state:<11} ?      {client:<21}{fold} \
                     {service:<21} {server}{}",
                    if connection.is_template() { " template" } else { "" }
                );
                assert_eq!(shown(&connection, fold), expected);
            }
        }
    }
}
