// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes routes, and what the kernel says of a packet's way.

use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ip::{Family, contains, host_prefix};

/// This table has this host's own addresses (`RT_TABLE_LOCAL`).
pub const TABLE_LOCAL: u32 = 255;
/// This table has the routes that `ip route` shows (`RT_TABLE_MAIN`).
pub const TABLE_MAIN: u32 = 254;

/// Describes a route of any table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its table.
    pub table: u32,
    /// What becomes of the packets.
    pub kind: RouteKind,
    /// Destination network.
    pub destination: IpAddr,
    /// Prefix length in bits; 0 is a default route.
    pub prefix: u8,
    /// It is for packets from some sources only.
    pub is_by_source: bool,
    /// It is for packets of this type of service only; 0 is for all.
    pub tos: u8,
    /// It has several next hops (`RTA_MULTIPATH`).
    pub is_multipath: bool,
    /// Its routers; none if it is on-link.
    pub gateways: Vec<IpAddr>,
    /// The interfaces it leaves by.
    pub devices: Vec<String>,
    /// The address of this host that it names as the source (`RTA_PREFSRC`).
    pub source: Option<IpAddr>,
    /// `RTA_PRIORITY`; the lowest wins.
    pub metric: u32,
    /// `advmss` in bytes, if set.
    pub advmss: Option<u32>,
}

/// Says what becomes of packets that take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// They are sent on.
    Unicast,
    /// They are for this host.
    Local,
    /// Anything else: `broadcast`, `blackhole` …
    Other,
}

impl Route {
    /// Builds one of table main, on-link and with nothing special about it.
    #[must_use]
    pub fn new(destination: IpAddr, prefix: u8) -> Self {
        Self {
            table: TABLE_MAIN,
            kind: RouteKind::Unicast,
            destination,
            prefix,
            is_by_source: false,
            tos: 0,
            is_multipath: false,
            gateways: Vec::new(),
            devices: Vec::new(),
            source: None,
            metric: 0,
            advmss: None,
        }
    }

    /// Tells whether it is one of table main that sends on whatever goes there.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.table == TABLE_MAIN
            && self.kind == RouteKind::Unicast
            && self.tos == 0
            && !self.is_by_source
    }

    /// Tells whether packets to `ip` may take it.
    #[must_use]
    pub fn leads_to(&self, ip: IpAddr) -> bool {
        contains(self.destination, self.prefix, ip)
    }
}

/// Describes a default route of table main, with what it takes to put it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultRoute {
    /// The family of its destinations.
    pub family: Family,
    /// Its gateways; several if it is multipath, none if it is on-link.
    pub gateways: Vec<IpAddr>,
    /// The interfaces it leaves by.
    pub devices: Vec<String>,
    /// The address of this host that it names as the source (`RTA_PREFSRC`).
    pub source: Option<IpAddr>,
    /// `RTA_PRIORITY`; the lowest wins.
    pub metric: u32,
    /// The route itself, to put it back.
    pub saved: SavedRoute,
}

/// Holds a route exactly as the kernel described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoute {
    /// As an operator reads it: `default via 10.0.0.1 dev eth0`.
    pub text: String,
    /// The rtnetlink message in hexadecimal, so that every attribute comes back.
    pub message: String,
}

/// Holds the answer of the kernel's route lookup: where a packet would go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup {
    /// To this host itself.
    pub local: bool,
    /// Next router; absent if on-link or local.
    pub gateway: Option<IpAddr>,
    /// By which interface.
    pub device: Option<String>,
    /// From which address of this host.
    pub source: Option<IpAddr>,
    /// `advmss` in bytes, if set.
    pub advmss: Option<u32>,
    /// The table of the route.
    pub table: u32,
}

/// Says which addresses the tables say to be local: by the longest prefix, as the kernel does.
#[derive(Debug, Default)]
pub struct LocalTables {
    single: HashMap<(u32, IpAddr), bool>,
    wide: Vec<(u32, IpAddr, u8, bool)>,
}

impl LocalTables {
    /// Sorts the routes of all tables. Default routes say nothing of one address.
    #[must_use]
    pub fn of(routes: &[Route]) -> Self {
        let mut tables = Self::default();
        for route in routes.iter().filter(|route| route.prefix != 0) {
            let (table, to, prefix) = (route.table, route.destination, route.prefix);
            let is_local = route.kind == RouteKind::Local;
            if prefix == host_prefix(to) {
                *tables.single.entry((table, to)).or_default() |= is_local;
            } else {
                tables.wide.push((table, to, prefix, is_local));
            }
        }
        tables
    }

    /// Tells whether that table has `ip` as an address of this host.
    #[must_use]
    pub fn is_local(&self, table: u32, ip: IpAddr) -> bool {
        if let Some(is_local) = self.single.get(&(table, ip)) {
            return *is_local;
        }
        let covers = |it: &&(u32, IpAddr, u8, bool)| it.0 == table && contains(it.1, it.2, ip);
        let longest = self.wide.iter().filter(covers).max_by_key(|(_, _, prefix, _)| *prefix);
        longest.is_some_and(|(_, _, _, is_local)| *is_local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_says_what_is_local() {
        let route = |kind, table: u32, to: [u8; 4], prefix| Route {
            kind,
            table,
            ..Route::new(to.into(), prefix)
        };
        let tables = LocalTables::of(&[
            route(RouteKind::Local, 255, [10, 0, 0, 0], 8),
            route(RouteKind::Other, 255, [10, 0, 0, 255], 32),
            route(RouteKind::Unicast, 255, [10, 1, 0, 0], 16),
            route(RouteKind::Local, 100, [192, 0, 2, 10], 32),
            route(RouteKind::Local, 2, [0; 4], 0),
        ]);
        let is_local = |table, ip: [u8; 4]| tables.is_local(table, ip.into());
        assert!(is_local(255, [10, 0, 0, 1]) && is_local(100, [192, 0, 2, 10]));
        for (table, ip) in [
            (255, [10, 0, 0, 255]),
            (255, [10, 1, 0, 1]),
            (255, [192, 0, 2, 10]),
            (1, [10, 0, 0, 1]),
            (2, [10, 0, 0, 1]),
        ] {
            assert!(!is_local(table, ip), "{table} {ip:?}");
        }
    }
}
