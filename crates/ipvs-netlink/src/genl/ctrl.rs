// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{DecodeError, DefaultNla, Emitable, NlasIterator, parse_u16};

use super::pack;

/// `GENL_ID_CTRL`: the family that knows the others.
pub(crate) const CONTROL: u16 = 16;
/// Of its messages.
const VERSION: u8 = 2;

/// `CTRL_CMD_NEWFAMILY` and `CTRL_CMD_GETFAMILY` (`include/uapi/linux/genetlink.h`)
pub(crate) const NEW_FAMILY: u8 = 1;
pub(crate) const GET_FAMILY: u8 = 3;

/// `CTRL_ATTR_FAMILY_ID` and `CTRL_ATTR_FAMILY_NAME`
pub(crate) const FAMILY_ID: u16 = 1;
pub(crate) const FAMILY_NAME: u16 = 2;

/// Asks for the family called `name`. The kernel loads its module on the way
/// if it can, and needs no privilege for that.
pub(crate) fn pack_get_family(buffer: &mut Vec<u8>, name: &str, sequence: u32, flags: u16) {
    pack(buffer, CONTROL, VERSION, sequence, flags, |bytes| {
        let name = DefaultNla::new(FAMILY_NAME, [name.as_bytes(), &[0]].concat());
        let start = bytes.len();
        bytes.resize(start + name.buffer_len(), 0);
        name.emit(&mut bytes[start..]);
        GET_FAMILY
    });
}

/// Reads the id from the answer, and passes over all else.
pub(crate) fn decode_family_id(payload: &[u8]) -> Result<u16, DecodeError> {
    for nla in NlasIterator::new(payload) {
        let nla = nla?;
        if nla.kind() == FAMILY_ID {
            return parse_u16(nla.value());
        }
    }
    Err("the answer holds no family id".into())
}
