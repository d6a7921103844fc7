// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interfaces.

use crate::tunnel::Tunnel;

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name, which may contain dots.
    pub name: String,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// Could answer ARP: neither loopback nor NOARP.
    pub arp: bool,
    /// A port of a bridge, bond or team: the master has the addresses and decides about ARP.
    pub port: bool,
    /// `IFLA_INFO_KIND`, for instance `dummy` or `ipip`; physical interfaces have none.
    pub kind: Option<String>,
    /// Its ends, if it is one of the tunnels this program makes.
    pub tunnel: Option<Tunnel>,
}
