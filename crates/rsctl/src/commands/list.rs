// SPDX-License-Identifier: MIT OR Apache-2.0

use std::cmp::Reverse;
use std::collections::HashSet;
use std::net::IpAddr;

use ipvs_netlink::{
    Client, Connections, Destination, DestinationEntry, ErrorKind, IpvsVersion, Service,
    ServiceEntry, ServiceKey, Stats, TableEntry,
};

use super::Director;
use crate::cli::{List, SortKey, View};
use crate::error::Error;
use crate::names::Names;

/// The table, sorted.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) version: IpvsVersion,
    pub(crate) connection_table_size: u32,
    pub(crate) view: View,
    /// Numbers in full.
    pub(crate) exact: bool,
    pub(crate) services: Vec<ListedService>,
    /// Names, if they were asked for.
    pub(crate) names: Names,
}

#[derive(Debug)]
pub(crate) struct ListedService {
    pub(crate) service: Service,
    pub(crate) stats: Stats,
    pub(crate) servers: Vec<ListedServer>,
}

#[derive(Clone, Debug)]
pub(crate) struct ListedServer {
    pub(crate) server: Destination,
    pub(crate) connections: Connections,
    /// More than all the rest, so kept only where somebody looks at it.
    stats: Option<Box<Stats>>,
}

/// How many servers `ipvsadm` gets at one moment, in 16 KiB.
const AS_IPVSADM: usize = 45;

pub(super) fn run(director: &Director, args: &List) -> Result<Listing, Error> {
    let mut client =
        if args.settled { director.connect()? } else { director.connect_to_look(AS_IPVSADM)? };
    let info = client.info()?;
    let keep = Keep { stats: shows_stats(args) };
    let mut services = match (args.service, args.settled) {
        (Some(selector), settled) => one(&mut client, selector.0, settled, keep)?,
        (None, true) => client.table()?.into_iter().map(|entry| keep.table(entry)).collect(),
        (None, false) => all(&mut client, keep)?,
    };
    sort(&mut services, args.sort());
    let names = if args.names { Names::look_up(addresses(&services)) } else { Names::default() };
    Ok(Listing {
        names,
        version: info.version,
        connection_table_size: info.connection_table_size,
        view: args.view(),
        exact: args.exact,
        services,
    })
}

fn shows_stats(args: &List) -> bool {
    let view = matches!(args.view(), View::Stats | View::Rate);
    args.json
        || view
        || matches!(args.sort(), SortKey::Connections | SortKey::Bytes | SortKey::Rate)
}

/// What of a server is kept.
#[derive(Clone, Copy)]
struct Keep {
    stats: bool,
}

impl Keep {
    fn server(self, entry: DestinationEntry) -> ListedServer {
        let DestinationEntry { destination: server, connections, stats, .. } = entry;
        ListedServer { server, connections, stats: self.stats.then(|| stats.into()) }
    }

    fn table(self, entry: TableEntry) -> ListedService {
        let servers = entry.destinations.into_iter().map(|entry| self.server(entry)).collect();
        ListedService { servers, ..ListedService::new(entry.service) }
    }
}

fn addresses(services: &[ListedService]) -> impl Iterator<Item = IpAddr> {
    services.iter().flat_map(|listed| {
        let vip = match listed.service.key {
            ServiceKey::Endpoint { address, .. } => Some(address),
            ServiceKey::Fwmark { .. } => None,
        };
        vip.into_iter().chain(listed.servers.iter().map(|listed| listed.server.key.address))
    })
}

/// One pass over everything, as `ipvsadm` does it.
fn all(client: &mut Client, keep: Keep) -> Result<Vec<ListedService>, Error> {
    let mut services = Vec::new();
    client.for_each_service(|entry| services.push(ListedService::new(entry)))?;
    for listed in &mut services {
        client.for_each_destination(&listed.service.key, |entry| {
            listed.servers.push(keep.server(entry));
        })?;
    }
    // What is added meanwhile can make others come twice.
    let mut seen = HashSet::with_capacity(services.len());
    services.retain(|listed| seen.insert(listed.service.key));
    Ok(services)
}

fn one(
    client: &mut Client,
    key: ServiceKey,
    settled: bool,
    keep: Keep,
) -> Result<Vec<ListedService>, Error> {
    let entry = client.service(&key)?.ok_or(Error::NoService(key))?;
    let mut listed = ListedService::new(entry);
    if settled {
        let servers = client.destinations(&key)?.into_iter();
        listed.servers = servers.map(|entry| keep.server(entry)).collect();
    } else {
        client.for_each_destination(&key, |entry| listed.servers.push(keep.server(entry)))?;
    }
    Ok(vec![listed])
}

fn sort(services: &mut [ListedService], by: SortKey) {
    if by == SortKey::None {
        return;
    }
    services.sort_by_key(|listed| order(&listed.service.key));
    for listed in &mut *services {
        listed.servers.sort_by_key(|server| server.server.key);
    }
    // By number the largest come first, and what is equal stays in order.
    let bytes = |stats: &Stats| stats.incoming_bytes.saturating_add(stats.outgoing_bytes);
    let rate = |stats: &Stats| {
        stats.incoming_bytes_per_second.saturating_add(stats.outgoing_bytes_per_second)
    };
    let active = |server: &ListedServer| u64::from(server.connections.active);
    let number = |server: &ListedServer| match by {
        SortKey::Weight => server.server.weight.get().into(),
        SortKey::Active => active(server),
        SortKey::Connections => server.stats().connections,
        SortKey::Bytes => bytes(&server.stats()),
        SortKey::Rate => rate(&server.stats()),
        SortKey::Address | SortKey::None => 0,
    };
    for listed in &mut *services {
        listed.servers.sort_by_key(|server| Reverse(number(server)));
    }
    services.sort_by_key(|listed| {
        Reverse(match by {
            SortKey::Active => listed.servers.iter().map(active).sum(),
            SortKey::Connections => listed.stats.connections,
            SortKey::Bytes => bytes(&listed.stats),
            SortKey::Rate => rate(&listed.stats),
            SortKey::Weight | SortKey::Address | SortKey::None => 0,
        })
    });
}

impl ListedService {
    fn new(entry: ServiceEntry) -> Self {
        Self { service: entry.service, stats: entry.stats, servers: Vec::new() }
    }
}

impl ListedServer {
    /// A server with all that there is to tell of it.
    #[cfg(test)]
    pub(crate) fn new(server: Destination, connections: Connections, stats: Stats) -> Self {
        Self { server, connections, stats: Some(stats.into()) }
    }

    /// Its counters, where they are shown or sorted by; else zeros.
    pub(crate) fn stats(&self) -> Stats {
        self.stats.as_deref().copied().unwrap_or_default()
    }
}

/// The servers of a service, or `None` if it went away since it was listed.
pub(super) fn servers(
    client: &mut Client,
    key: &ServiceKey,
) -> Result<Option<Vec<DestinationEntry>>, Error> {
    match client.destinations(key) {
        Ok(servers) => Ok(Some(servers)),
        Err(error) if error.kind() == ErrorKind::ServiceMissing => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As `ipvsadm` sorts, by family, protocol, address and port, then the marks;
/// but by numbers without a sign.
pub(super) fn order(key: &ServiceKey) -> impl Ord + use<> {
    (matches!(key, ServiceKey::Fwmark { .. }), key.family(), *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_come_by_family_protocol_address_and_port_and_marks_last() {
        let sorted = [
            "tcp/10.0.0.9:80",
            "tcp/10.0.0.10:80",
            "tcp/10.0.0.10:443",
            "tcp/255.255.255.255:1",
            "udp/10.0.0.1:53",
            "tcp/[2001:db8::1]:80",
            "tcp/[fe80::1]:80",
            "fwmark/7",
            "fwmark/2147483648",
            "fwmark/7/ipv6",
        ];
        let mut keys: Vec<ServiceKey> =
            sorted.iter().rev().map(|text| text.parse().unwrap()).collect();
        keys.sort_by_key(order);
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), sorted);
    }
}
