// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use crate::ipvsadm::address;
use crate::ipvsadm::names::Names;

/// The buffer `ipvsadm` puts names in, without the final NUL.
const BUFFER: usize = 59;

/// Address and port, by name unless they are to be numeric; IPv6 in brackets.
pub(super) fn endpoint(
    address: IpAddr,
    port: u16,
    protocol: &str,
    numeric: bool,
    names: &mut Names,
) -> String {
    let host = (!numeric).then(|| names.host_of(address)).flatten();
    let host = host.unwrap_or_else(|| address::numeric(address));
    let name = (!numeric).then(|| names.port_name(port, protocol)).flatten();
    let port = name.unwrap_or_else(|| port.to_string());
    let mut text = match address {
        IpAddr::V4(_) => format!("{host}:{port}"),
        IpAddr::V6(_) => format!("[{host}]:{port}"),
    };
    truncate(&mut text, BUFFER);
    text
}

/// Cuts `text` to as many bytes as fit.
pub(super) fn truncate(text: &mut String, most: usize) {
    if let Some(end) = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)) {
        text.truncate(end);
    }
}
