// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::Debug;

use netlink_packet_core::{Emitable, NetlinkMessage};
use netlink_packet_generic::{GenlFamily, GenlMessage};

/// Appends one request to `buffer`.
///
/// The length is always a multiple of four, as attributes are, so requests
/// can follow one another without padding.
pub(crate) fn encode<F>(buffer: &mut Vec<u8>, payload: F, family_id: u16, sequence: u32, flags: u16)
where
    F: GenlFamily + Emitable + Debug,
{
    let mut genl = GenlMessage::from_payload(payload);
    genl.set_resolved_family_id(family_id);
    let mut message = NetlinkMessage::from(genl);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    message.finalize();
    let start = buffer.len();
    buffer.resize(start + message.buffer_len(), 0);
    message.serialize(&mut buffer[start..]);
}
