// SPDX-License-Identifier: MIT OR Apache-2.0

use super::table::attribute_table;
use super::{BigEndianPort, Stats64Attribute, StatsAttribute, WireAddress};

attribute_table! {
    /// The attributes describe a real server (`IPVS_DEST_ATTR_*`).
    pub enum DestinationAttribute {
        /// The RIP.
        1 => Address(WireAddress),
        /// The port, in network order.
        2 => Port(BigEndianPort),
        /// The forwarding method; the kernel keeps the lowest three bits.
        3 => ForwardingMethod(u32),
        /// The weight, an `int` to the kernel.
        4 => Weight(u32),
        /// Upper connection threshold; 0 for none.
        5 => UpperThreshold(u32),
        /// Lower connection threshold; 0 for three quarters of the upper one.
        6 => LowerThreshold(u32),
        /// Established connections, in replies.
        7 => ActiveConnections(u32),
        /// Other connections, in replies.
        8 => InactiveConnections(u32),
        /// Persistence templates, in replies.
        9 => PersistentConnections(u32),
        /// 32-bit counters, in replies.
        10 => Stats(Vec<StatsAttribute>),
        /// The real server's family, a part of its key; absent means the
        /// service's.
        11 => AddressFamily(u16),
        /// 64-bit counters, in replies.
        12 => Stats64(Vec<Stats64Attribute>),
        /// Tunnel type. Leaving it out of an edit makes it ipip.
        13 => TunnelType(u8),
        /// UDP port of a GUE tunnel, in network order.
        14 => TunnelPort(BigEndianPort),
        /// Tunnel checksum flags, in host order.
        15 => TunnelFlags(u16),
    }
}
