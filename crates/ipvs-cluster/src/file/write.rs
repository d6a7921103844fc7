// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use ipvs_netlink::Destination;
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
    list(&entry.servers, "      ", out, write_server)?;
    write!(out, "{}]}}", end(&entry.servers, "    "))
}

/// Writes a server on one line, as a file has it.
///
/// # Errors
/// Those of `out`.
// A large table is mostly servers, and serde takes three times as long over one.
pub fn write_server(server: &Destination, out: &mut impl Write) -> io::Result<()> {
    let Some(method) = server.forwarding.name().filter(|_| server.tunnel().is_none()) else {
        return object(&ServerObject::from(server), out);
    };
    let Destination { key, weight, thresholds, .. } = server;
    write!(out, "{{\"server\": \"{key}\", \"method\": \"{method}\", \"weight\": {weight}")?;
    for (name, limit) in [("upper", thresholds.upper()), ("lower", thresholds.lower())] {
        if limit != 0 {
            write!(out, ", \"{name}_threshold\": {limit}")?;
        }
    }
    out.write_all(b"}")
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
        out.write_all(comma.as_bytes())?;
        out.write_all(b"\n")?;
        out.write_all(indent.as_bytes())?;
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

#[cfg(test)]
mod tests {
    use ipvs_netlink::{ForwardingMethod, Tunnel, Weight, unchecked};

    use super::*;

    #[test]
    fn servers_are_written_as_serde_writes_them() {
        let methods = [
            ForwardingMethod::Masquerade,
            ForwardingMethod::Gateway,
            ForwardingMethod::Local,
            ForwardingMethod::Other(5),
            ForwardingMethod::Tunnel(Tunnel::Ipip),
            ForwardingMethod::Tunnel(Tunnel::Gre { checksum: true }),
        ];
        for key in ["10.0.0.1:80", "[2001:db8::1]:0"] {
            for method in methods {
                for (upper, lower) in [(0, 0), (9, 0), (9, 3), (0, 3)] {
                    let mut it = Destination::new(key.parse().unwrap(), method);
                    it.weight = Weight::new(lower).unwrap();
                    it.thresholds = unchecked::thresholds(upper, lower);
                    let (mut ours, mut serdes) = (Vec::new(), Vec::new());
                    write_server(&it, &mut ours).unwrap();
                    object(&ServerObject::from(&it), &mut serdes).unwrap();
                    assert_eq!(String::from_utf8(ours), String::from_utf8(serdes), "{it:?}");
                }
            }
        }
    }
}
