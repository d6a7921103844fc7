// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes sockets that wait for clients.

use std::net::IpAddr;

/// Describes a socket that waits for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// TCP; else UDP.
    pub tcp: bool,
    /// Address it is bound to; unspecified: any.
    pub ip: IpAddr,
    /// Port.
    pub port: u16,
    /// An IPv6 socket that takes no IPv4.
    pub v6only: bool,
    /// The interface or VRF it is bound to.
    pub device: Option<String>,
    /// It may use addresses that are not this host's (IP_TRANSPARENT).
    pub transparent: bool,
}
