// SPDX-License-Identifier: MIT OR Apache-2.0
//! Routes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A default route of table main.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRoute {
    /// Whether it is an IPv6 route.
    pub ipv6: bool,
    /// Its gateways; several if it is multipath, none if it is on-link.
    pub gateways: Vec<IpAddr>,
    /// `RTA_PRIORITY`; the lowest wins.
    pub metric: u32,
    /// The route itself, to put it back.
    pub saved: SavedRoute,
}

/// A route exactly as the kernel described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoute {
    /// As an operator reads it: `default via 10.0.0.1 dev eth0`.
    pub text: String,
    /// The rtnetlink message in hexadecimal, so that every attribute comes back.
    pub message: String,
}

/// Where a packet to some address would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Next router; absent if on-link or local.
    pub gateway: Option<IpAddr>,
    /// The address this host would use.
    pub source: Option<IpAddr>,
}
