// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::{DestinationKey, Netmask, Scheduler, ServiceKey};

/// The type describes a virtual service as `/proc/net/ip_vs` shows it.
///
/// What is not here the file does not tell: the scheduler's flags, the persistence engine
/// and all counters; of servers the tunnel, the thresholds, the clients remembered, and
/// all counters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableService {
    /// Which one.
    pub key: TableKey,
    /// How servers are chosen.
    pub scheduler: Scheduler,
    /// Whether each packet is scheduled by itself; of a service with an IPv6 address the
    /// file does not tell.
    pub one_packet: Option<bool>,
    /// Whether it remembers clients.
    pub persistence: Option<TablePersistence>,
    /// Its real servers, the one added last first.
    pub servers: Vec<TableServer>,
}

/// The key says which service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKey {
    /// That one.
    Service(ServiceKey),
    /// One of a firewall mark. The file does not tell of which family: there may be two.
    Fwmark(u32),
}

/// The type describes the persistence of a service, whose timeout is told in ticks of a
/// clock that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePersistence {
    /// Which clients are taken for one. `None` for marks: the file does not tell their
    /// family.
    pub netmask: Option<Netmask>,
}

/// The type describes a real server as `/proc/net/ip_vs` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableServer {
    /// Which one.
    pub key: DestinationKey,
    /// How packets reach it.
    pub method: TableMethod,
    /// Its share of new connections.
    pub weight: u32,
    /// Connections that are open.
    pub active: u32,
    /// Connections that are not, or no longer.
    pub inactive: u32,
}

/// The method says how packets travel, of which the file has the word only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableMethod {
    /// NAT, and whatever is none of the others.
    Masquerade,
    /// This host itself.
    Local,
    /// A tunnel, of a type that is not told.
    Tunnel,
    /// Direct routing.
    Gateway,
}
