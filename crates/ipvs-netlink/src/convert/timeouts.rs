// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use crate::message::{Attribute, attributes};
use crate::model::{SetTimeouts, Timeouts};

pub(super) fn timeout_attributes(timeouts: &SetTimeouts) -> Vec<Attribute> {
    let forms = [Attribute::TimeoutTcp, Attribute::TimeoutTcpFin, Attribute::TimeoutUdp];
    forms.into_iter().zip(timeouts.values()).filter_map(|(form, value)| value.map(form)).collect()
}

/// Reads the answer to `GET_CONFIG`.
pub(crate) fn decode_timeouts(payload: &[u8]) -> Result<Timeouts, DecodeError> {
    let mut timeouts = Timeouts { tcp: None, tcp_fin: None, udp: None };
    for attribute in attributes(payload) {
        match attribute? {
            Attribute::TimeoutTcp(seconds) => timeouts.tcp = Some(seconds),
            Attribute::TimeoutTcpFin(seconds) => timeouts.tcp_fin = Some(seconds),
            Attribute::TimeoutUdp(seconds) => timeouts.udp = Some(seconds),
            _ => {}
        }
    }
    Ok(timeouts)
}
