// SPDX-License-Identifier: MIT OR Apache-2.0

//! Holds the JSON documents; `docs/json.md` has each field, and a test holds them against it. They
//! are stable: fields may be added, none is renamed, removed or given another meaning. Numbers are
//! numbers, up to 64 bits.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipvs_cluster::file::Object;
use serde::Serialize;

/// Holds what a changing command prints with `--json`.
#[derive(Serialize)]
pub(super) struct ChangesDocument {
    /// What changed, in order; empty if nothing had to.
    pub(super) changed: Vec<ChangeObject>,
    /// What is hardly meant about it; absent if there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    /// What of several changes could not be made, and why; absent if all could.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failed: Vec<String>,
    /// Whether it was only tried: nothing has changed then. Absent if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) dry_run: bool,
}

#[derive(Serialize)]
pub(super) struct ChangeObject {
    /// `add-service`, `edit-service`, `delete-service`, `add-server`,
    /// `edit-server`, `delete-server`, `zero`, `set-timeouts`, `start-daemon` or
    /// `stop-daemon`.
    pub(super) action: &'static str,
    /// The virtual service, for example `tcp/192.0.2.10:80`; absent if the change
    /// was about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    /// The real server, for example `10.0.0.11:8080`; absent if the change was
    /// about the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<String>,
    /// `master` or `backup`, if the change was about a sync daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    /// As in a saved file, without the servers: null if it is not there, absent if that is not
    /// known, or there is nothing to it.
    #[serde(flatten)]
    pub(super) states: Option<StatesObject>,
}

/// Holds what there is before a change, and after it.
#[derive(Serialize)]
pub(super) struct StatesObject {
    pub(super) before: Option<Object>,
    pub(super) after: Option<Object>,
}

/// Names what the fields of a list mean. A number has gone up if one means another thing.
pub(super) const LIST_FORMAT: &str = "ipvs-list/2";

/// Holds what `rsctl list --json` prints.
#[derive(Serialize)]
pub(super) struct ListDocument<S> {
    /// [`LIST_FORMAT`].
    pub(super) format: &'static str,
    /// The version of the kernel's IPVS, for example `1.2.1`.
    pub(super) version: String,
    /// Buckets of the connection table; 0 in kernels that make it with the
    /// first service.
    pub(super) connection_table_size: u32,
    /// Sorted as the text form is: a list of [`ServiceObject`].
    pub(super) services: S,
}

#[derive(Serialize)]
pub(super) struct ServiceObject {
    /// What the service is called in every command: `tcp/192.0.2.10:80`.
    pub(super) service: String,
    /// The name of the VIP's host, with `--names` and if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// The name of the port, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port_name: Option<String>,
    #[serde(flatten)]
    pub(super) identity: Identity,
    pub(super) scheduler: String,
    /// Names as `--sched-flags` takes them.
    pub(super) scheduler_flags: Vec<&'static str>,
    /// Null without persistence.
    pub(super) persistent: Option<PersistentObject>,
    /// The persistence engine, or null.
    pub(super) engine: Option<String>,
    /// One-packet scheduling.
    pub(super) one_packet: bool,
    pub(super) stats: StatsObject,
    pub(super) servers: Vec<ServerObject>,
}

/// Holds the parts of the service's name.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Identity {
    Endpoint {
        /// `tcp`, `udp`, `sctp`, `esp`, `ah` or `ip-N`.
        protocol: String,
        address: IpAddr,
        /// 0 is every port.
        port: u16,
    },
    Fwmark {
        fwmark: NonZeroU32,
        /// `ipv4` or `ipv6`.
        family: &'static str,
    },
}

#[derive(Serialize)]
pub(super) struct PersistentObject {
    pub(super) timeout_seconds: u32,
    /// A mask such as `255.255.255.255`, or for IPv6 a prefix length as text.
    pub(super) netmask: String,
}

#[derive(Serialize)]
pub(super) struct ServerObject {
    /// What the server is called in every command: `10.0.0.11:8080`.
    pub(super) server: String,
    /// The name of the host, with `--names` and if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// The name of the port, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port_name: Option<String>,
    pub(super) address: IpAddr,
    pub(super) port: u16,
    /// `dr`, `tun`, `nat`, `local`, or `unknown`.
    pub(super) method: &'static str,
    /// Null unless the method is `tun`.
    pub(super) tunnel: Option<TunnelObject>,
    pub(super) weight: u32,
    /// 0 is no limit.
    pub(super) upper_threshold: u32,
    /// 0 is three quarters of the upper one.
    pub(super) lower_threshold: u32,
    pub(super) connections: ConnectionsObject,
    pub(super) stats: StatsObject,
}

#[derive(Serialize)]
pub(super) struct TunnelObject {
    /// `ipip`, `gue`, `gre`, or `unknown`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The UDP port of gue, null for others.
    pub(super) port: Option<u16>,
    /// `none`, `outer` or `remote`.
    pub(super) checksum: &'static str,
}

/// Counts the connections of this moment.
#[derive(Serialize)]
pub(super) struct ConnectionsObject {
    pub(super) active: u32,
    pub(super) inactive: u32,
    /// Persistence templates: clients remembered.
    pub(super) persistent: u32,
}

/// Holds counters and rates, up to 2 seconds old. Outgoing ones count masqueraded traffic only.
/// Bytes are bytes, not bits.
#[derive(Serialize)]
pub(super) struct StatsObject {
    pub(super) connections: u64,
    pub(super) incoming_packets: u64,
    pub(super) outgoing_packets: u64,
    pub(super) incoming_bytes: u64,
    pub(super) outgoing_bytes: u64,
    pub(super) connections_per_second: u64,
    pub(super) incoming_packets_per_second: u64,
    pub(super) outgoing_packets_per_second: u64,
    pub(super) incoming_bytes_per_second: u64,
    pub(super) outgoing_bytes_per_second: u64,
}
