// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Text;
use super::table::attribute_table;

attribute_table! {
    /// The attributes describe a sync daemon (`IPVS_DAEMON_ATTR_*`).
    pub enum DaemonAttribute {
        /// The role: 1 master, 2 backup.
        1 => State(u32),
        /// The interface for multicast.
        2 => Interface(Text),
        /// The sync id.
        3 => SyncId(u32),
        /// Most bytes of UDP payload in a sync message, in host order.
        4 => SyncMaxLength(u16),
        /// The IPv4 multicast group, in network order.
        5 => Group4(Ipv4Addr),
        /// The IPv6 multicast group. If both are given, the kernel takes the
        /// IPv4 one.
        6 => Group6(Ipv6Addr),
        /// The UDP port, in host order, unlike every other port.
        7 => Port(u16),
        /// The time to live of multicast packets.
        8 => Ttl(u8),
    }
}
