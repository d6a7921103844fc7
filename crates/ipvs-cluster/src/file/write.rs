// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::FORMAT;
use super::objects::{DaemonObject, ServerObject, ServiceObject, TimeoutsObject};
use crate::observed::{Observed, ObservedService};

/// Writes all of it, one server a line: services sorted, servers in the order
/// of adding.
///
/// # Errors
/// Those of `out`.
pub fn write(observed: &Observed, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\n  \"format\": \"{FORMAT}\",\n  \"timeouts\": ")?;
    object(&TimeoutsObject::from(observed.timeouts), out)?;
    write!(out, ",\n  \"daemons\": [")?;
    list(&observed.daemons, "    ", out, |daemon, out| object(&DaemonObject::from(daemon), out))?;
    write!(out, "{}],\n  \"services\": [", end(&observed.daemons, "  "))?;
    list(&observed.services, "    ", out, service)?;
    writeln!(out, "{}]\n}}", end(&observed.services, "  "))
}

fn service(entry: &ObservedService, out: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    object(&ServiceObject::from(&entry.service), &mut bytes)?;
    // The servers are its last field.
    bytes.pop();
    out.write_all(&bytes)?;
    write!(out, ", \"servers\": [")?;
    list(&entry.servers, "      ", out, |server, out| object(&ServerObject::from(server), out))?;
    write!(out, "{}]}}", end(&entry.servers, "    "))
}

/// Each item on a line of its own.
fn list<T, W: Write>(
    items: &[T],
    indent: &str,
    out: &mut W,
    write: impl Fn(&T, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    for (place, item) in items.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(out, "{comma}\n{indent}")?;
        write(item, out)?;
    }
    Ok(())
}

/// What stands before the bracket that closes `items`.
fn end<T>(items: &[T], indent: &str) -> String {
    if items.is_empty() { String::new() } else { format!("\n{indent}") }
}

fn object(object: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    object.serialize(&mut Serializer::with_formatter(out, OneLine)).map_err(io::Error::from)
}

/// JSON on one line, with a blank behind each comma and colon.
struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
