// SPDX-License-Identifier: MIT OR Apache-2.0

use super::table::attribute_table;

attribute_table! {
    /// The attributes hold counters of mixed width (`IPVS_STATS_ATTR_*` within
    /// `*_ATTR_STATS`). The 32-bit ones wrap silently.
    pub enum StatsAttribute {
        /// Connections scheduled.
        1 => Connections(u32),
        /// Packets in.
        2 => IncomingPackets(u32),
        /// Packets out.
        3 => OutgoingPackets(u32),
        /// Bytes in.
        4 => IncomingBytes(u64),
        /// Bytes out.
        5 => OutgoingBytes(u64),
        /// Connections per second.
        6 => ConnectionsPerSecond(u32),
        /// Packets in per second.
        7 => IncomingPacketsPerSecond(u32),
        /// Packets out per second.
        8 => OutgoingPacketsPerSecond(u32),
        /// Bytes in per second.
        9 => IncomingBytesPerSecond(u32),
        /// Bytes out per second.
        10 => OutgoingBytesPerSecond(u32),
    }
}

attribute_table! {
    /// The attributes hold counters of 64 bits (`IPVS_STATS_ATTR_*` within
    /// `*_ATTR_STATS64`).
    pub enum Stats64Attribute {
        /// Connections scheduled.
        1 => Connections(u64),
        /// Packets in.
        2 => IncomingPackets(u64),
        /// Packets out.
        3 => OutgoingPackets(u64),
        /// Bytes in.
        4 => IncomingBytes(u64),
        /// Bytes out.
        5 => OutgoingBytes(u64),
        /// Connections per second.
        6 => ConnectionsPerSecond(u64),
        /// Packets in per second.
        7 => IncomingPacketsPerSecond(u64),
        /// Packets out per second.
        8 => OutgoingPacketsPerSecond(u64),
        /// Bytes in per second.
        9 => IncomingBytesPerSecond(u64),
        /// Bytes out per second.
        10 => OutgoingBytesPerSecond(u64),
    }
}
