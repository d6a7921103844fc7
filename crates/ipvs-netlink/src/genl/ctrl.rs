// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::{DecodeError, NlasIterator, parse_u16};
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

/// `GENL_ID_CTRL`: the family that knows the others.
pub(crate) const CONTROL: u16 = 16;

/// `CTRL_ATTR_FAMILY_ID` (`include/uapi/linux/genetlink.h`)
const FAMILY_ID: u16 = 1;

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
