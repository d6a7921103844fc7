// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{DecodeError, NlaBuffer};

use crate::message::{Stats64Attribute, StatsAttribute, attributes, payload};
use crate::model::Stats;

/// `IPVS_SVC_ATTR_STATS` and `IPVS_DEST_ATTR_STATS`: counters of 32 bits.
const NARROW: u16 = 10;
/// `IPVS_SVC_ATTR_STATS64` and `IPVS_DEST_ATTR_STATS64`, since Linux 4.1.
const WIDE: u16 = 12;

/// Takes the counters out of a service's or a server's attributes, and decodes
/// the 64-bit ones only if there are both: they are more than half of a dump.
#[derive(Default)]
pub(super) struct Decoder<'a> {
    narrow: Option<&'a [u8]>,
    wide: Option<&'a [u8]>,
}

impl<'a> Decoder<'a> {
    /// Whether `nla` held counters.
    pub(super) fn take(&mut self, nla: NlaBuffer<&'a [u8]>) -> bool {
        match nla.kind() {
            NARROW => self.narrow = Some(payload(nla)),
            WIDE => self.wide = Some(payload(nla)),
            _ => return false,
        }
        true
    }

    pub(super) fn finish(self) -> Result<Stats, DecodeError> {
        match (self.wide, self.narrow) {
            (Some(wide), _) => decode_wide(wide),
            (None, Some(narrow)) => decode_narrow(narrow),
            (None, None) => Ok(Stats::default()),
        }
    }
}

fn decode_wide(payload: &[u8]) -> Result<Stats, DecodeError> {
    let mut stats = Stats::default();
    for attribute in attributes(payload) {
        match attribute? {
            Stats64Attribute::Connections(n) => stats.connections = n,
            Stats64Attribute::IncomingPackets(n) => stats.incoming_packets = n,
            Stats64Attribute::OutgoingPackets(n) => stats.outgoing_packets = n,
            Stats64Attribute::IncomingBytes(n) => stats.incoming_bytes = n,
            Stats64Attribute::OutgoingBytes(n) => stats.outgoing_bytes = n,
            Stats64Attribute::ConnectionsPerSecond(n) => stats.connections_per_second = n,
            Stats64Attribute::IncomingPacketsPerSecond(n) => stats.incoming_packets_per_second = n,
            Stats64Attribute::OutgoingPacketsPerSecond(n) => stats.outgoing_packets_per_second = n,
            Stats64Attribute::IncomingBytesPerSecond(n) => stats.incoming_bytes_per_second = n,
            Stats64Attribute::OutgoingBytesPerSecond(n) => stats.outgoing_bytes_per_second = n,
            Stats64Attribute::Other(_) => {}
        }
    }
    Ok(stats)
}

fn decode_narrow(payload: &[u8]) -> Result<Stats, DecodeError> {
    let mut stats = Stats::default();
    for attribute in attributes(payload) {
        match attribute? {
            StatsAttribute::Connections(n) => stats.connections = n.into(),
            StatsAttribute::IncomingPackets(n) => stats.incoming_packets = n.into(),
            StatsAttribute::OutgoingPackets(n) => stats.outgoing_packets = n.into(),
            StatsAttribute::IncomingBytes(n) => stats.incoming_bytes = n,
            StatsAttribute::OutgoingBytes(n) => stats.outgoing_bytes = n,
            StatsAttribute::ConnectionsPerSecond(n) => stats.connections_per_second = n.into(),
            StatsAttribute::IncomingPacketsPerSecond(n) => {
                stats.incoming_packets_per_second = n.into();
            }
            StatsAttribute::OutgoingPacketsPerSecond(n) => {
                stats.outgoing_packets_per_second = n.into();
            }
            StatsAttribute::IncomingBytesPerSecond(n) => stats.incoming_bytes_per_second = n.into(),
            StatsAttribute::OutgoingBytesPerSecond(n) => stats.outgoing_bytes_per_second = n.into(),
            StatsAttribute::Other(_) => {}
        }
    }
    Ok(stats)
}
