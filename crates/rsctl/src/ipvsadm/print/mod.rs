// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes what `ipvsadm` writes, to the byte: titles, services, real servers, numbers, connections.
//! Everything here makes text and writes nothing.

mod connections;
mod endpoint;
mod numbers;
mod server;
mod service;
mod title;

use ipvs_netlink::{SyncDaemonEntry, Timeouts};

pub(super) use connections::{connection_line, connection_title};
pub(super) use server::server;
pub(super) use service::{save_words, service, service_name};
pub(super) use title::{header, title};

use super::address;

/// Returns what `-L --timeout` shows.
pub(super) fn timeouts(timeouts: &Timeouts) -> String {
    let &Timeouts { tcp, tcp_fin, udp, .. } = timeouts;
    let [tcp, fin, udp] = [tcp, tcp_fin, udp].map(|seconds| seconds.unwrap_or(0) as i32);
    format!("Timeout (tcp tcpfin udp): {tcp} {fin} {udp}\n")
}

/// Returns a line of `-L --daemon`. What an old kernel does not tell is left out.
pub(super) fn daemon(daemon: &SyncDaemonEntry) -> String {
    let SyncDaemonEntry { role, interface, sync_id, max_length, group, port, ttl, .. } = daemon;
    let mut text = format!("{role} sync daemon (mcast={interface}, syncid={}", *sync_id as i32);
    if *max_length != 0 {
        text += &format!(", maxlen={max_length}");
    }
    text += &format!(", group={}", address::numeric(*group));
    if *port != 0 {
        text += &format!(", port={port}");
    }
    if *ttl != 0 {
        text += &format!(", ttl={ttl}");
    }
    text + ")\n"
}
