// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use crate::message::{all_taken, expected_attribute, next_attribute};
use crate::model::Stats;

/// `IPVS_SVC_ATTR_STATS` and `IPVS_DEST_ATTR_STATS`: counters of 32 bits.
pub(super) const NARROW: u16 = 10;
/// `IPVS_SVC_ATTR_STATS64` and `IPVS_DEST_ATTR_STATS64`, since Linux 4.1.
pub(super) const WIDE: u16 = 12;

/// Takes the counters out of a service's or a server's attributes, and decodes
/// the 64-bit ones only if there are both: they are more than half of a dump.
#[derive(Default)]
pub(super) struct Decoder<'a> {
    narrow: Option<&'a [u8]>,
    wide: Option<&'a [u8]>,
}

impl<'a> Decoder<'a> {
    /// Whether the attribute held counters.
    pub(super) fn take(&mut self, kind: u16, payload: &'a [u8]) -> bool {
        match kind {
            NARROW => self.narrow = Some(payload),
            WIDE => self.wide = Some(payload),
            _ => return false,
        }
        true
    }

    pub(super) fn finish(self) -> Result<Stats, DecodeError> {
        match self.wide.or(self.narrow) {
            Some(payload) => decode(payload),
            None => Ok(Stats::default()),
        }
    }
}

/// Bytes of the payloads of `NARROW` and `WIDE`, if they hold each counter once.
pub(super) const NARROW_LENGTH: usize = 8 * 8 + 2 * 12;
pub(super) const WIDE_LENGTH: usize = 10 * 12;

/// Reads `WIDE` if its counters come in the order in which every kernel writes
/// them.
#[inline(always)]
pub(super) fn decode_in_order(mut wide: &[u8]) -> Option<Stats> {
    let mut next = |kind| expected_attribute(&mut wide, kind).copied().map(u64::from_ne_bytes);
    Some(Stats {
        connections: next(1)?,
        incoming_packets: next(2)?,
        outgoing_packets: next(3)?,
        incoming_bytes: next(4)?,
        outgoing_bytes: next(5)?,
        connections_per_second: next(6)?,
        incoming_packets_per_second: next(7)?,
        outgoing_packets_per_second: next(8)?,
        incoming_bytes_per_second: next(9)?,
        outgoing_bytes_per_second: next(10)?,
    })
}

/// `IPVS_STATS_ATTR_*` are numbered alike in both and differ in width only.
fn decode(payload: &[u8]) -> Result<Stats, DecodeError> {
    let mut counters = [0; 11];
    let mut rest = payload;
    while let Some((kind, value)) = next_attribute(&mut rest) {
        let Some(counter) = counters.get_mut(usize::from(kind)) else { continue };
        if let Ok(wide) = value.try_into() {
            *counter = u64::from_ne_bytes(wide);
        } else if let Ok(narrow) = value.try_into() {
            *counter = u32::from_ne_bytes(narrow).into();
        }
    }
    all_taken(rest)?;
    let [
        _,
        connections,
        incoming_packets,
        outgoing_packets,
        incoming_bytes,
        outgoing_bytes,
        connections_per_second,
        incoming_packets_per_second,
        outgoing_packets_per_second,
        incoming_bytes_per_second,
        outgoing_bytes_per_second,
    ] = counters;
    Ok(Stats {
        connections,
        incoming_packets,
        outgoing_packets,
        incoming_bytes,
        outgoing_bytes,
        connections_per_second,
        incoming_packets_per_second,
        outgoing_packets_per_second,
        incoming_bytes_per_second,
        outgoing_bytes_per_second,
    })
}
