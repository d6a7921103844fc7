// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes sockets that wait for clients.

use std::fmt;
use std::net::IpAddr;

/// A transport says which of the two protocols of transport a socket or a port is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// Lists both.
    pub const ALL: [Self; 2] = [Self::Tcp, Self::Udp];

    /// Returns its name, as in `/proc/sys/net/ipv4/tcp_l3mdev_accept`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// Returns its number in an IP header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Describes a socket that waits for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// TCP or UDP.
    pub transport: Transport,
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
