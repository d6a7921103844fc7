// SPDX-License-Identifier: MIT OR Apache-2.0

use super::table::attribute_table;
use super::{
    BigEndianPort, Stats64Attribute, StatsAttribute, Text, WireAddress, WireFlags, WireNetmask,
};

attribute_table! {
    /// The attributes describe a virtual service (`IPVS_SVC_ATTR_*`).
    pub enum ServiceAttribute {
        /// `AF_INET` or `AF_INET6`, also for firewall-mark services.
        1 => AddressFamily(u16),
        /// The IP protocol number.
        2 => Protocol(u16),
        /// The VIP.
        3 => Address(WireAddress),
        /// The port, in network order.
        4 => Port(BigEndianPort),
        /// The firewall mark. If present, the kernel reads neither protocol
        /// nor address nor port.
        5 => Fwmark(u32),
        /// The scheduler's name, `none` for no scheduler.
        6 => SchedulerName(Text),
        /// Flags, and which of them a request changes.
        7 => Flags(WireFlags),
        /// Persistence timeout in seconds.
        8 => Timeout(u32),
        /// Persistence granularity.
        9 => Netmask(WireNetmask),
        /// 32-bit counters, in replies.
        10 => Stats(Vec<StatsAttribute>),
        /// The persistence engine. Leaving it out of an edit removes it.
        11 => EngineName(Text),
        /// 64-bit counters, in replies.
        12 => Stats64(Vec<Stats64Attribute>),
    }
}
