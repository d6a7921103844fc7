// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use super::missing;
use crate::message::{InfoAttribute, attributes};
use crate::model::{Info, IpvsVersion};

/// Reads the answer to `GET_INFO`.
pub(crate) fn decode_info(payload: &[u8]) -> Result<Info, DecodeError> {
    let mut version = None;
    let mut size = None;
    for attribute in attributes(payload) {
        match attribute? {
            InfoAttribute::Version(code) => version = Some(IpvsVersion::from_code(code)),
            InfoAttribute::ConnectionTableSize(buckets) => size = Some(buckets),
            InfoAttribute::Other(_) => {}
        }
    }
    Ok(Info {
        version: version.ok_or_else(|| missing("IPVS_INFO_ATTR_VERSION"))?,
        connection_table_size: size.ok_or_else(|| missing("IPVS_INFO_ATTR_CONN_TAB_SIZE"))?,
    })
}
