// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes timeouts and sync daemons.

use std::io::{self, Write};

use ipvs_netlink::{SyncDaemonEntry, Timeouts};
use lvs_term::{Look, Row, Tone, one_line, write_rows};
use serde::Serialize;

use super::json;
use crate::commands::{Daemon, Status};

/// What `rsctl timeouts --json` prints: seconds, or null if the kernel has none.
#[derive(Serialize)]
struct TimeoutsDocument {
    tcp: Option<u32>,
    tcp_fin: Option<u32>,
    udp: Option<u32>,
}

pub(super) fn write_timeouts(
    timeouts: &Timeouts,
    as_json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let &Timeouts { tcp, tcp_fin, udp, .. } = timeouts;
    if as_json {
        return json::write_document(&TimeoutsDocument { tcp, tcp_fin, udp }, out);
    }
    for (name, seconds) in [("tcp", tcp), ("tcp-fin", tcp_fin), ("udp", udp)] {
        if let Some(seconds) = seconds {
            writeln!(out, "{name:<7} {seconds:>7} s")?;
        }
    }
    Ok(())
}

/// What `rsctl sync-daemon --json` prints.
#[derive(Serialize)]
struct DaemonsDocument {
    daemons: Vec<Daemon>,
}

pub(super) fn write_daemons(
    daemons: &[SyncDaemonEntry],
    as_json: bool,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let daemons: Vec<Daemon> = daemons.iter().map(Daemon::from).collect();
    if as_json {
        return json::write_document(&DaemonsDocument { daemons }, out);
    }
    table(&daemons, look, out)
}

fn table(daemons: &[Daemon], look: Look, out: &mut impl Write) -> io::Result<()> {
    if daemons.is_empty() {
        return writeln!(out, "no sync daemon runs");
    }
    let titles = ["Role", "Interface", "Group", "SyncID", "MaxLen", "Port", "TTL"];
    let mut rows = vec![Row::new(Tone::Title, titles.map(str::to_owned))];
    rows.extend(daemons.iter().map(|daemon| {
        let cells = [
            daemon.role.clone(),
            daemon.interface.clone(),
            daemon.group.to_string(),
            daemon.syncid.to_string(),
            daemon.maxlen.to_string(),
            daemon.port.to_string(),
            daemon.ttl.to_string(),
        ];
        Row::new(Tone::Plain, cells)
    }));
    write_rows(&rows, |place| place < 3, look, out)
}

pub(super) fn write_status(
    status: &Status,
    as_json: bool,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    if as_json {
        return json::write_document(status, out);
    }
    table(&status.daemons, look, out)?;
    writeln!(out)?;
    for (name, value) in &status.sysctls {
        let (name, value) = (one_line(name), one_line(&value.replace('\t', " ")));
        writeln!(out, "net.ipv4.vs.{name} = {value}")?;
    }
    writeln!(out, "connections seen here: {}", status.local_connections)?;
    writeln!(out, "connections told of:   {}", status.synced_connections)?;
    if let Some(peer) = status.peer_connections {
        writeln!(out, "connections seen at the peer:    {}", peer.local)?;
        writeln!(out, "connections the peer is told of: {}", peer.synced)?;
    }
    match &status.problems {
        None => Ok(()),
        Some(problems) if problems.is_empty() => writeln!(out, "this director and its peer agree"),
        Some(problems) => {
            problems.iter().try_for_each(|problem| writeln!(out, "problem: {}", one_line(problem)))
        }
    }
}
