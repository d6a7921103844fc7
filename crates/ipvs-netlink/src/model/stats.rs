// SPDX-License-Identifier: MIT OR Apache-2.0

/// The statistics hold counters and rates of a service or a real server.
///
/// A copy the kernel makes every 2 seconds (`ip_vs_est.c`); right after
/// traffic it is still the old one, and with `run_estimation=0` it stands
/// still. Rates are running averages over those 2-second samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Stats {
    /// Connections scheduled.
    pub connections: u64,
    /// Packets towards the real servers.
    pub incoming_packets: u64,
    /// Packets towards the clients; only masquerading sees them.
    pub outgoing_packets: u64,
    /// Bytes towards the real servers.
    pub incoming_bytes: u64,
    /// Bytes towards the clients; only masquerading sees them.
    pub outgoing_bytes: u64,
    /// Connections per second.
    pub connections_per_second: u64,
    /// Packets per second towards the real servers.
    pub incoming_packets_per_second: u64,
    /// Packets per second towards the clients.
    pub outgoing_packets_per_second: u64,
    /// Bytes (not bits) per second towards the real servers.
    pub incoming_bytes_per_second: u64,
    /// Bytes (not bits) per second towards the clients.
    pub outgoing_bytes_per_second: u64,
}

/// The numbers say how many connections a real server has now. Unlike [`Stats`] these are
/// live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Connections {
    /// Established connections.
    pub active: u32,
    /// Connections in any other state, for instance closing ones.
    pub inactive: u32,
    /// Persistence templates: clients remembered.
    pub persistent: u32,
}
