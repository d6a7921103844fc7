// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{Emitable, NetlinkHeader};
use netlink_packet_generic::constants::GENL_HDRLEN;
use netlink_packet_generic::{GenlFamily, GenlHeader};

const NLMSG_HDRLEN: usize = 16;

/// Appends one request to `buffer`. Families with an id of their own ignore the
/// one given here.
///
/// The length is always a multiple of four, as attributes are, so requests
/// can follow one another without padding.
pub(crate) fn encode<F>(buffer: &mut Vec<u8>, payload: F, family_id: u16, sequence: u32, flags: u16)
where
    F: GenlFamily + Emitable,
{
    let family_id = match payload.family_id() {
        0 => family_id,
        own => own,
    };
    pack(buffer, family_id, payload.version(), sequence, flags, |bytes| {
        let start = bytes.len();
        bytes.resize(start + payload.buffer_len(), 0);
        payload.emit(&mut bytes[start..]);
        payload.command()
    });
}

/// Appends one request whose attributes `attributes` appends; it returns the
/// command.
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

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use netlink_packet_core::NetlinkMessage;
    use netlink_packet_generic::GenlMessage;

    use super::*;
    use crate::genl::get_family;
    use crate::message::{Attribute, Command, IpvsMessage};

    /// The headers are those of netlink-packet-generic, which counts the length
    /// of a message several times over.
    #[test]
    fn a_request_is_a_generic_netlink_message() {
        fn check<F: GenlFamily + Emitable + Clone + Debug>(payload: F) {
            let mut genl = GenlMessage::from_payload(payload.clone());
            genl.set_resolved_family_id(40);
            let mut message = NetlinkMessage::from(genl);
            message.header.flags = 5;
            message.header.sequence_number = 7;
            message.finalize();
            let mut expected = vec![0; message.buffer_len()];
            message.serialize(&mut expected);

            let mut bytes = vec![0xff];
            encode(&mut bytes, payload, 40, 7, 5);
            assert_eq!(bytes[1..], expected);
        }
        check(get_family("IPVS")); // has an id of its own
        check(IpvsMessage::new(Command::GetConfig, vec![Attribute::TimeoutTcp(9)]));
    }
}
