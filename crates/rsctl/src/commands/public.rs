// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table without `CAP_NET_ADMIN`: as far as the kernel tells it to everyone.

use std::num::NonZeroU32;

use ipvs_netlink::procfs::{TableKey, TableMethod, TableServer, TableService};
use ipvs_netlink::{
    AddressFamily, Connections, Destination, ForwardingMethod, IpvsVersion, Netmask, Persistence,
    PersistenceTimeout, Service, ServiceKey, Stats, Tunnel, Weight,
};

use super::Director;
use super::list::{ListedServer, ListedService};
use crate::cli::{List, SortKey, View};
use crate::error::Error;

/// How often the table is read before it is shown as it is.
const MOST_READS: usize = 16;

/// What `/proc/net/ip_vs` has. What it lacks has values here that mean nothing.
pub(super) struct Public {
    pub(super) version: IpvsVersion,
    pub(super) connection_table_size: u32,
    pub(super) services: Vec<ListedService>,
    /// Whether two reads agreed: the kernel starts over behind each page, so one beside
    /// a writer can leave services out.
    pub(super) is_settled: bool,
}

/// Reads it, if it has what is asked for. `denied` is why the kernel was not asked.
pub(super) fn read(
    director: &Director,
    args: &List,
    denied: ipvs_netlink::Error,
) -> Result<Public, Error> {
    if let Some(what) = lacking(args) {
        return Err(Error::NotPublic { what, error: denied });
    }
    let (mut table, mut is_settled) = (pass(director)?, false);
    for _ in 1..MOST_READS {
        let again = pass(director)?;
        is_settled = same(&table.2, &again.2);
        table = again;
        if is_settled {
            break;
        }
    }
    let (version, connection_table_size, mut found) = table;
    if let Some(selector) = &args.service {
        found.retain(|service| is(service.key, selector.0));
        if found.is_empty() {
            return Err(Error::NoService(selector.0));
        }
    }
    let services = found.into_iter().filter_map(listed).collect();
    Ok(Public { version, connection_table_size, services, is_settled })
}

/// What is asked for that the file does not have.
fn lacking(args: &List) -> Option<&'static str> {
    match (args.view(), args.sort()) {
        (View::Stats, _) => Some("counters"),
        (View::Rate, _) => Some("rates"),
        (View::Thresholds, _) => Some("thresholds"),
        (View::Persistent, _) => Some("the clients remembered"),
        (View::Tunnels, _) => Some("tunnels"),
        (View::Default, SortKey::Connections | SortKey::Bytes) => Some("counters to sort by"),
        (View::Default, SortKey::Rate) => Some("rates to sort by"),
        (View::Default, _) => None,
    }
}

type Pass = (IpvsVersion, u32, Vec<TableService>);

fn pass(director: &Director) -> Result<Pass, ipvs_netlink::Error> {
    let table = director.procfs().services()?;
    let (version, size) = (table.version(), table.connection_table_size());
    Ok((version, size, table.collect::<Result<_, _>>()?))
}

/// Whether both show the same services and servers; connections come and go.
fn same(one: &[TableService], other: &[TableService]) -> bool {
    let keys = |service: &TableService| {
        (service.key, service.servers.iter().map(|server| server.key).collect::<Vec<_>>())
    };
    one.iter().map(keys).eq(other.iter().map(keys))
}

fn is(found: TableKey, wanted: ServiceKey) -> bool {
    match (found, wanted) {
        (TableKey::Service(found), wanted) => found == wanted,
        (TableKey::Fwmark(found), ServiceKey::Fwmark { mark, .. }) => found == mark.get(),
        _ => false,
    }
}

fn listed(found: TableService) -> Option<ListedService> {
    let key = match found.key {
        TableKey::Service(key) => key,
        // Of which family, is not told.
        TableKey::Fwmark(mark) => {
            ServiceKey::Fwmark { family: AddressFamily::Ipv4, mark: NonZeroU32::new(mark)? }
        }
        _ => return None,
    };
    let mut service = Service::new(key, found.scheduler);
    service.one_packet = found.one_packet.unwrap_or_default();
    service.persistence = found.persistence.map(|persistence| Persistence {
        timeout: PersistenceTimeout::DEFAULT,
        netmask: persistence.netmask.unwrap_or(Netmask::host(key.family())),
    });
    let servers = found.servers.into_iter().filter_map(server).collect();
    Some(ListedService { service, stats: Stats::default(), servers })
}

fn server(found: TableServer) -> Option<ListedServer> {
    let method = match found.method {
        TableMethod::Local => ForwardingMethod::Local,
        TableMethod::Tunnel => ForwardingMethod::Tunnel(Tunnel::Ipip),
        TableMethod::Gateway => ForwardingMethod::Gateway,
        _ => ForwardingMethod::Masquerade,
    };
    let mut server = Destination::new(found.key, method);
    server.weight = Weight::new(found.weight).ok()?;
    let mut connections = Connections::default();
    (connections.active, connections.inactive) = (found.active, found.inactive);
    Some(ListedServer { server, connections, stats: None })
}
