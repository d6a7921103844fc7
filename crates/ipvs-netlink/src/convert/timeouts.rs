// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use crate::message::{Attribute, attributes};
use crate::model::{SetTimeouts, Timeouts};

pub(super) fn timeout_attributes(timeouts: &SetTimeouts) -> Vec<Attribute> {
    let Timeouts { tcp, tcp_fin, udp } = timeouts.values();
    let tcp = tcp.map(Attribute::TimeoutTcp);
    let tcp_fin = tcp_fin.map(Attribute::TimeoutTcpFin);
    let udp = udp.map(Attribute::TimeoutUdp);
    [tcp, tcp_fin, udp].into_iter().flatten().collect()
}

/// Reads the answer to `GET_CONFIG`.
pub(crate) fn decode_timeouts(payload: &[u8]) -> Result<Timeouts, DecodeError> {
    let mut timeouts = Timeouts::default();
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
