// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{Emitable, NetlinkHeader};

use super::GENL_HDRLEN;

const NLMSG_HDRLEN: usize = 16;

/// Appends one request whose attributes `attributes` appends; it returns the
/// command.
///
/// The length is always a multiple of four, as attributes are, so requests
/// can follow one another without padding.
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
    // `struct genlmsghdr`; its last two bytes are reserved.
    request[NLMSG_HDRLEN..][..2].copy_from_slice(&[cmd, version]);
}

/// Appends a message as netlink-packet has it, for tests.
#[cfg(test)]
pub(crate) fn encode<F>(
    buffer: &mut Vec<u8>,
    payload: &F,
    family_id: u16,
    sequence: u32,
    flags: u16,
) where
    F: netlink_packet_generic::GenlFamily + Emitable,
{
    pack(buffer, family_id, payload.version(), sequence, flags, |bytes| {
        let start = bytes.len();
        bytes.resize(start + payload.buffer_len(), 0);
        payload.emit(&mut bytes[start..]);
        payload.command()
    });
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use netlink_packet_core::NetlinkMessage;
    use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
    use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
    use netlink_packet_generic::{GenlFamily, GenlMessage};

    use super::*;
    use crate::genl::{CONTROL, pack_get_family};
    use crate::message::{Attribute, Command, IpvsMessage};

    /// What netlink-packet-generic makes of it, which counts the length of a message
    /// several times over.
    fn expected<F: GenlFamily + Emitable + Clone + Debug>(payload: &F) -> Vec<u8> {
        let mut genl = GenlMessage::from_payload(payload.clone());
        genl.set_resolved_family_id(40);
        let mut message = NetlinkMessage::from(genl);
        message.header.flags = 5;
        message.header.sequence_number = 7;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }

    #[test]
    fn a_request_is_a_generic_netlink_message() {
        let payload = IpvsMessage::new(Command::GetConfig, vec![Attribute::TimeoutTcp(9)]);
        let mut bytes = vec![0xff];
        encode(&mut bytes, &payload, 40, 7, 5);
        assert_eq!(bytes[1..], expected(&payload));
    }

    #[test]
    fn the_question_for_a_family_is_that_of_the_controller() {
        // With padding behind the name, and without.
        for name in ["IPVS", "nlctrl1"] {
            let nlas = vec![GenlCtrlAttrs::FamilyName(name.to_owned())];
            let question = GenlCtrl { cmd: GenlCtrlCmd::GetFamily, nlas };
            let mut bytes = vec![0xff];
            pack_get_family(&mut bytes, name, 7, 5);
            assert_eq!(bytes[1..], expected(&question), "{name}");
        }
        assert_eq!(GenlCtrl { cmd: GenlCtrlCmd::GetFamily, nlas: vec![] }.family_id(), CONTROL);
    }
}
