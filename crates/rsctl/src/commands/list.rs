// SPDX-License-Identifier: MIT OR Apache-2.0

use std::cmp::Reverse;
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use ipvs_netlink::procfs::TableKey;
use ipvs_netlink::{
    Client, DestinationEntry, DestinationKey, ErrorKind, IpvsVersion, ServiceKey, Stats,
};

use super::Director;
use super::listed::{ListedServer, ListedService};
use super::public::{self, Public};
use crate::cli::{List, SortKey, View};
use crate::error::Error;
use crate::names::Names;

/// Holds the table, sorted.
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
    /// Whether it is only what the kernel tells to everyone, and how sure that is.
    pub(crate) public: Option<IsSettled>,
}

/// Says whether no service is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsSettled(pub(crate) bool);

/// How many servers most services have at most.
const USUAL_SERVERS: usize = 45;

pub(super) fn run(director: &Director, args: &List) -> Result<Listing, Error> {
    let mut client = director.connect_to_look(USUAL_SERVERS)?;
    let info = match client.info() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let Public { version, connection_table_size, services, is_settled } =
                public::read(director, args, error)?;
            let listing = listing(args, version, connection_table_size, services);
            return Ok(Listing { public: Some(IsSettled(is_settled)), ..listing });
        }
        info => info?,
    };
    let keep = Keep { stats: shows_stats(args) };
    let services = match args.service {
        Some(selector) => one(&mut client, selector.0, keep)?,
        None => all(director, &mut client, keep)?,
    };
    Ok(listing(args, info.version, info.connection_table_size, services))
}

fn listing(
    args: &List,
    version: IpvsVersion,
    connection_table_size: u32,
    mut services: Vec<ListedService>,
) -> Listing {
    sort(&mut services, args.sort());
    let names = if args.names { Names::look_up(addresses(&services)) } else { Names::default() };
    Listing {
        names,
        version,
        connection_table_size,
        view: args.view(),
        exact: args.exact,
        services,
        public: None,
    }
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

/// Reads everything: nothing is left out that nobody touched meanwhile.
fn all(director: &Director, client: &mut Client, keep: Keep) -> Result<Vec<ListedService>, Error> {
    let services = client.services()?.into_iter();
    let mut services: Vec<_> = services.map(ListedService::new).collect();
    let mut unsure = Vec::new();
    for (place, listed) in services.iter_mut().enumerate() {
        let key = listed.service.key;
        let add = |entry| listed.servers.push(keep.server(entry));
        let pass = client.for_each_destination(&key, add)?;
        if !pass.is_snapshot() {
            unsure.push(place);
        }
    }
    if !unsure.is_empty() {
        look_again(director, client, keep, &mut services, unsure)?;
    }
    // Of a service that is gone the kernel says that it has no servers.
    let mut gone = HashSet::default();
    for listed in services.iter().filter(|listed| listed.servers.is_empty()) {
        let key = listed.service.key;
        if client.service(&key)?.is_none() {
            gone.insert(key);
        }
    }
    services.retain(|listed| !gone.contains(&listed.service.key));
    Ok(services)
}

/// Reads the servers of these services until none is missing.
fn look_again(
    director: &Director,
    client: &mut Client,
    keep: Keep,
    services: &mut [ListedService],
    unsure: Vec<usize>,
) -> Result<(), Error> {
    // Who cannot read it asks the kernel again.
    let witness = Witness::read(director).unwrap_or_default();
    for place in unsure {
        let Some(listed) = services.get_mut(place) else { continue };
        if !witness.agrees(listed) {
            let servers = client.destinations_if_any(&listed.service.key)?.into_iter();
            listed.servers = servers.map(|entry| keep.server(entry)).collect();
        }
    }
    Ok(())
}

/// What `/proc/net/ip_vs` has of the servers of each service.
///
/// The kernel writes a service with all its servers in one walk over them, however many
/// there are (`ip_vs_ctl.c: ip_vs_info_seq_show`), so of a service that is shown no server
/// is missing that was there all the time. That takes less than asking again
/// (docs/performance.md). It cannot say that a service is missing.
#[derive(Default)]
struct Witness(HashMap<ServiceKey, Vec<DestinationKey>>);

impl Witness {
    fn read(director: &Director) -> Result<Self, ipvs_netlink::Error> {
        let mut services = HashMap::default();
        for service in director.procfs().services()? {
            let service = service?;
            // Of a mark it does not tell the family: of which service that is, is not known.
            if let TableKey::Service(key) = service.key {
                services.insert(key, service.servers.iter().map(|server| server.key).collect());
            }
        }
        Ok(Self(services))
    }

    /// Returns whether nothing is missing in what was read, and nothing there twice.
    fn agrees(&self, listed: &ListedService) -> bool {
        let Some(servers) = self.0.get(&listed.service.key) else { return false };
        let read = || listed.servers.iter().map(|listed| listed.server.key);
        // Both have the kernel's order.
        if read().eq(servers.iter().copied()) {
            return true;
        }
        let shown: HashSet<_> = read().collect();
        shown.len() == listed.servers.len() && servers.iter().all(|key| shown.contains(key))
    }
}

fn one(client: &mut Client, key: ServiceKey, keep: Keep) -> Result<Vec<ListedService>, Error> {
    let entry = client.service(&key)?.ok_or(Error::NoService(key))?;
    let mut listed = ListedService::new(entry);
    let servers = client.destinations_if_any(&key)?.into_iter();
    listed.servers = servers.map(|entry| keep.server(entry)).collect();
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

/// Reads the servers of a service, or returns `None` if it went away since it was listed.
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

/// Returns what services are sorted by, as in `ipvsadm`: family, protocol, address and port, then
/// the marks; but by numbers without a sign.
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
