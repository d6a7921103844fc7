// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes UDP ports at which the kernel takes packets out of an encapsulation (`ip fou`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A UDP port of the kernel's that takes packets out of GUE (`ip fou add`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listener {
    /// UDP port.
    pub port: u16,
    /// For packets over IPv6 rather than IPv4: one of each can share a port.
    pub ipv6: bool,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP port {} over IPv{}", self.port, if self.ipv6 { 6 } else { 4 })
    }
}

/// Describes a UDP port at which the kernel takes packets out of an encapsulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Where.
    pub at: Listener,
    /// It unpacks GUE; else plain packets of one protocol.
    pub gue: bool,
    /// It unpacks GUE, from any peer and to any address.
    pub is_open: bool,
}
