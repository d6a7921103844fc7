// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{DecodeError, NlasIterator, parse_u16};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

/// `GENL_ID_CTRL`: the family that knows the others.
pub(crate) const CONTROL: u16 = 16;

/// `CTRL_CMD_NEWFAMILY` and `CTRL_CMD_GETFAMILY` (`include/uapi/linux/genetlink.h`)
pub(crate) const NEW_FAMILY: u8 = 1;
pub(crate) const GET_FAMILY: u8 = 3;

/// `CTRL_ATTR_FAMILY_ID` and `CTRL_ATTR_FAMILY_NAME`
pub(crate) const FAMILY_ID: u16 = 1;
pub(crate) const FAMILY_NAME: u16 = 2;

/// Asks for the family called `name`. The kernel loads its module on the way
/// if it can, and needs no privilege for that.
pub(crate) fn get_family(name: &str) -> GenlCtrl {
    GenlCtrl { cmd: GenlCtrlCmd::GetFamily, nlas: vec![GenlCtrlAttrs::FamilyName(name.to_owned())] }
}

/// Reads the id from the answer. By hand, because `GenlCtrl` fails as a whole
/// on one attribute that it does not know.
pub(crate) fn decode_family_id(payload: &[u8]) -> Result<u16, DecodeError> {
    for nla in NlasIterator::new(payload) {
        let nla = nla?;
        if nla.kind() == FAMILY_ID {
            return parse_u16(nla.value());
        }
    }
    Err("the answer holds no family id".into())
}
