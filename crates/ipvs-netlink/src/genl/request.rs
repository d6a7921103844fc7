// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::Debug;

use netlink_packet_core::{Emitable, NetlinkHeader, NetlinkMessage};
use netlink_packet_generic::constants::GENL_HDRLEN;
use netlink_packet_generic::{GenlFamily, GenlHeader, GenlMessage};

const NLMSG_HDRLEN: usize = 16;

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

/// Appends one request with the attributes that `pack` appends; it returns the
/// command. The same bytes as those of [`encode`], in a fraction of the time.
#[inline]
pub(crate) fn pack(
    buffer: &mut Vec<u8>,
    family_id: u16,
    version: u8,
    sequence: u32,
    flags: u16,
    attributes: impl FnOnce(&mut Vec<u8>) -> u8,
) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; NLMSG_HDRLEN + GENL_HDRLEN]);
    let cmd = attributes(buffer);
    let request = &mut buffer[start..];
    let mut header = NetlinkHeader::default();
    // No request is near 4 GiB long.
    header.length = u32::try_from(request.len()).unwrap_or(u32::MAX);
    header.message_type = family_id;
    header.flags = flags;
    header.sequence_number = sequence;
    header.emit(&mut request[..NLMSG_HDRLEN]);
    GenlHeader { cmd, version }.emit(&mut request[NLMSG_HDRLEN..]);
}
