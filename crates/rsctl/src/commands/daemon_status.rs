// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows the sync daemons of this director, and tells whether they and those of another one hear
//! each other.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ipvs_netlink::procfs::Origin;
use ipvs_netlink::{SyncDaemonEntry, SyncRole};
use lvs_term::{count, escaped};
use serde::{Deserialize, Serialize};

use super::Director;
use crate::cli::DaemonStatus;
use crate::error::Error;

/// Holds what is printed, and read back as the other director's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The daemons that run.
    pub(crate) daemons: Vec<Daemon>,
    /// The sysctls of `net.ipv4.vs` on which they depend, by name.
    pub(crate) sysctls: std::collections::BTreeMap<String, String>,
    /// Connections that this director saw itself.
    pub(crate) local_connections: u64,
    /// Connections that it was told of.
    pub(crate) synced_connections: u64,
    /// Those of the peer; only if compared with one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) peer_connections: Option<Connections>,
    /// What keeps messages from arriving; only if compared with a peer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) problems: Option<Vec<String>>,
}

/// Counts the connections of the other director.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Connections {
    /// Those that it saw itself.
    pub(crate) local: u64,
    /// Those that it was told of.
    pub(crate) synced: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Daemon {
    /// `master` or `backup`.
    pub(crate) role: String,
    pub(crate) interface: String,
    pub(crate) syncid: u32,
    pub(crate) maxlen: u16,
    pub(crate) group: std::net::IpAddr,
    pub(crate) port: u16,
    pub(crate) ttl: u8,
}

impl From<&SyncDaemonEntry> for Daemon {
    fn from(entry: &SyncDaemonEntry) -> Self {
        Self {
            role: entry.role.to_string(),
            interface: entry.interface.to_string(),
            syncid: entry.sync_id,
            maxlen: entry.max_length,
            group: entry.group,
            port: entry.port,
            ttl: entry.ttl,
        }
    }
}

/// The most that is read of a status: more than any has.
const MAX_BYTES: u64 = 1024 * 1024;

pub(super) fn run(director: &Director, args: &DaemonStatus) -> Result<Status, Error> {
    // The peer's first: what cannot be read is said before anything is asked.
    let peer = args.peer.as_deref().map(read_peer).transpose()?;
    let mut status = here(director)?;
    if let Some(peer) = peer {
        status.problems = Some(problems(&status, &peer));
        let (local, synced) = (peer.local_connections, peer.synced_connections);
        status.peer_connections = Some(Connections { local, synced });
    }
    Ok(status)
}

fn here(director: &Director) -> Result<Status, Error> {
    let daemons = director.connect()?.daemons()?;
    let procfs = director.procfs();
    let (mut local, mut synced) = (0, 0);
    for connection in procfs.connections_with_origin()? {
        match connection?.origin {
            Some(Origin::Sync) => synced += 1,
            _ => local += 1,
        }
    }
    let sysctls = procfs.sysctls()?.into_iter().filter(|sysctl| sysctl.name.starts_with("sync_"));
    Ok(Status {
        daemons: daemons.iter().map(Daemon::from).collect(),
        sysctls: sysctls.filter_map(|sysctl| Some((sysctl.name, sysctl.value?))).collect(),
        local_connections: local,
        synced_connections: synced,
        peer_connections: None,
        problems: None,
    })
}

fn read_peer(path: &Path) -> Result<Status, Error> {
    let mut text = String::new();
    let unreadable = |why: String| Error::Peer { path: escaped(path.as_os_str()), why };
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| unreadable(lvs_term::system_error(&error)))?;
    // What was cut, by whomever, is no object.
    parse(&text).map_err(|error| unreadable(error.to_string()))
}

pub(super) fn parse(text: &str) -> serde_json::Result<Status> {
    serde_json::from_str(text)
}

/// Returns what keeps the messages of one director's master from the other's backup.
pub(crate) fn problems(here: &Status, peer: &Status) -> Vec<String> {
    let mut problems = Vec::new();
    for (from, to, names) in
        [(here, peer, ["this", "the peer's"]), (peer, here, ["the peer's", "this"])]
    {
        let find = |status: &Status, role: SyncRole| {
            let role = role.to_string();
            status.daemons.iter().find(|daemon| daemon.role == role).cloned()
        };
        match (find(from, SyncRole::Master), find(to, SyncRole::Backup)) {
            (Some(master), Some(backup)) => {
                let before = problems.len();
                compare(&master, &backup, names, &mut problems);
                if problems.len() == before {
                    problems.extend(unheard(from, to, names));
                }
            }
            (Some(_), None) => problems.push(format!(
                "{} master runs, and {} director runs no backup",
                names[0], names[1]
            )),
            (None, Some(_)) => problems.push(format!(
                "{} backup runs, and {} director runs no master",
                names[1], names[0]
            )),
            (None, None) => {}
        }
    }
    if here.daemons.is_empty() && peer.daemons.is_empty() {
        problems.push("neither director runs a daemon".to_owned());
    }
    // Each thread has a port of its own, from the first one on.
    for name in ["sync_ports", "sync_version"] {
        let (ours, theirs) = (here.sysctls.get(name), peer.sysctls.get(name));
        if let Some((ours, theirs)) = ours.zip(theirs).filter(|(ours, theirs)| ours != theirs) {
            problems.push(format!("{name} is {ours} here and {theirs} at the peer"));
        }
    }
    problems
}

/// Connections of which the other was told nothing, though the daemons fit: messages are lost
/// on their way, or `sync_threshold` keeps each of them back.
fn unheard(from: &Status, to: &Status, names: [&str; 2]) -> Option<String> {
    (from.local_connections > 0 && to.synced_connections == 0).then(|| {
        format!(
            "{} master has seen {}, and {} backup was told of none \
             (those of few packets are kept back: sync_threshold)",
            names[0],
            count(from.local_connections, "connection"),
            names[1]
        )
    })
}

fn compare(master: &Daemon, backup: &Daemon, names: [&str; 2], problems: &mut Vec<String>) {
    let mut differ = |what: &str, sent: String, heard: String| {
        problems.push(format!(
            "{} master uses {what} {sent}, and {} backup {heard}",
            names[0], names[1]
        ));
    };
    // A backup with 0 listens to all (`ip_vs_sync.c: ip_vs_process_message`).
    if backup.syncid != 0 && master.syncid != backup.syncid {
        differ("sync id", master.syncid.to_string(), backup.syncid.to_string());
    }
    if master.group != backup.group {
        differ("group", master.group.to_string(), backup.group.to_string());
    }
    if master.port != backup.port {
        differ("port", master.port.to_string(), backup.port.to_string());
    }
    if master.maxlen > backup.maxlen {
        differ("messages of", master.maxlen.to_string(), backup.maxlen.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon(role: SyncRole) -> Daemon {
        Daemon {
            role: role.to_string(),
            interface: "eth1".to_owned(),
            syncid: 7,
            maxlen: 1472,
            group: [224, 0, 0, 81].into(),
            port: 8848,
            ttl: 1,
        }
    }

    fn status(daemons: Vec<Daemon>) -> Status {
        let sysctls = [("sync_ports".to_owned(), "1".to_owned())].into();
        Status {
            daemons,
            sysctls,
            local_connections: 0,
            synced_connections: 0,
            peer_connections: None,
            problems: None,
        }
    }

    #[test]
    fn a_status_that_was_cut_is_none() {
        let text = serde_json::to_string(&status(vec![daemon(SyncRole::Master)])).unwrap();
        assert!(parse(&text).is_ok());
        assert!((0..text.len()).all(|cut| parse(&text[..cut]).is_err()));
    }

    #[test]
    fn what_fits_has_no_problems() {
        let mut any = daemon(SyncRole::Backup);
        any.syncid = 0;
        let here = status(vec![daemon(SyncRole::Master), any]);
        let peer = status(vec![daemon(SyncRole::Backup), daemon(SyncRole::Master)]);
        assert_eq!(problems(&here, &peer), [""; 0]);
    }

    #[test]
    fn connections_of_which_nothing_is_heard_are_named() {
        let mut here = status(vec![daemon(SyncRole::Master)]);
        let mut peer = status(vec![daemon(SyncRole::Backup)]);
        here.local_connections = 30;
        let end = "backup was told of none (those of few packets are kept back: sync_threshold)";
        let told = format!("this master has seen 30 connections, and the peer's {end}");
        assert_eq!(problems(&here, &peer), [told]);
        let told = format!("the peer's master has seen 30 connections, and this {end}");
        assert_eq!(problems(&peer, &here), [told]);
        // Not each of them is told of (`sync_threshold`), and some came before.
        peer.synced_connections = 1;
        assert_eq!(problems(&here, &peer), [""; 0]);
        // Why is known already.
        peer.synced_connections = 0;
        peer.daemons[0].port = 8849;
        assert_eq!(problems(&here, &peer).len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut backup = daemon(SyncRole::Backup);
        (backup.syncid, backup.port, backup.maxlen) = (8, 8849, 1000);
        let here = status(vec![daemon(SyncRole::Master)]);
        let mut peer = status(vec![backup]);
        peer.sysctls.insert("sync_ports".to_owned(), "4".to_owned());
        assert_eq!(
            problems(&here, &peer),
            [
                "this master uses sync id 7, and the peer's backup 8",
                "this master uses port 8848, and the peer's backup 8849",
                "this master uses messages of 1472, and the peer's backup 1000",
                "sync_ports is 1 here and 4 at the peer",
            ]
        );
        assert_eq!(
            problems(&here, &status(Vec::new())),
            ["this master runs, and the peer's director runs no backup"]
        );
        let nothing = status(Vec::new());
        assert_eq!(problems(&nothing, &nothing), ["neither director runs a daemon"]);
    }
}
