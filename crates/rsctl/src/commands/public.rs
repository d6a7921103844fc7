// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the table without `CAP_NET_ADMIN`: as far as the kernel tells it to everyone.

use std::num::NonZeroU32;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use ipvs_netlink::procfs::{TableKey, TableMethod, TableServer, TableService};
use ipvs_netlink::{
    AddressFamily, Connections, Destination, ForwardingMethod, IpvsVersion, Netmask, Persistence,
    PersistenceTimeout, Service, ServiceKey, Stats, Tunnel, Weight,
};

use super::Director;
use super::listed::{ListedServer, ListedService, Whole};
use crate::cli::{List, SortKey, View};
use crate::error::Error;

/// How often the table is read before it is shown as it is.
const MOST_READS: usize = 16;

/// Holds what `/proc/net/ip_vs` has. What it lacks has values here that mean nothing.
pub(super) struct Public {
    pub(super) version: IpvsVersion,
    pub(super) connection_table_size: u32,
    pub(super) services: Vec<ListedService>,
    /// Whether two reads agreed that were cut at other places: the kernel starts over
    /// behind each piece, so one beside a writer can leave services out or repeat them.
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
    let (mut table, mut is_settled) = (pass(director, 0)?, false);
    for read in 1..MOST_READS {
        let again = pass(director, read)?;
        is_settled = agree(&table.2, &again.2);
        table = again;
        if is_settled {
            break;
        }
    }
    let (version, connection_table_size, mut found) = table;
    leave_out_repeated(&mut found);
    if let Some(selector) = &args.service {
        found.retain(|service| is(service.key, selector.0));
        if found.is_empty() {
            let service = selector.0;
            return Err(if is_settled {
                Error::NoService(service)
            } else {
                Error::NotShown { service, error: denied }
            });
        }
    }
    let services = found.into_iter().filter_map(listed).collect();
    Ok(Public { version, connection_table_size, services, is_settled })
}

/// Returns what is asked for that the file does not have.
fn lacking(args: &List) -> Option<&'static str> {
    match (args.view(), args.sort()) {
        _ if args.filters.full => Some("thresholds to filter by"),
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

/// In what pieces the file is read: no two reads in a row are cut at the same places.
const PIECES: [usize; 5] = [4096, 2560, 3328, 1792, 3072];

fn pass(director: &Director, read: usize) -> Result<Pass, ipvs_netlink::Error> {
    let table = director.procfs().services_in_pieces(PIECES[read % PIECES.len()])?;
    let (version, size) = (table.version(), table.connection_table_size());
    Ok((version, size, table.collect::<Result<_, _>>()?))
}

/// Returns whether both show the same services and servers, each once; connections come and go.
fn agree(one: &[TableService], other: &[TableService]) -> bool {
    let keys = |service: &TableService| {
        (service.key, service.servers.iter().map(|server| server.key).collect::<Vec<_>>())
    };
    one.iter().map(keys).eq(other.iter().map(keys)) && !has_repeated(other)
}

/// Returns how often a key can be in the table: of a mark there may be a service of each family.
fn most(key: TableKey) -> usize {
    if matches!(key, TableKey::Fwmark(_)) { 2 } else { 1 }
}

fn has_repeated(services: &[TableService]) -> bool {
    let mut seen = HashMap::new();
    services.iter().any(|service| {
        let count: &mut usize = seen.entry(service.key).or_default();
        *count += 1;
        let mut servers = HashSet::new();
        *count > most(service.key) || !service.servers.iter().all(|found| servers.insert(found.key))
    })
}

/// Leaves out what one read beside a writer had more than once.
fn leave_out_repeated(services: &mut Vec<TableService>) {
    let mut seen = HashMap::new();
    services.retain_mut(|service| {
        let mut servers = HashSet::new();
        service.servers.retain(|found| servers.insert(found.key));
        let count: &mut usize = seen.entry(service.key).or_default();
        *count += 1;
        *count <= most(service.key)
    });
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
    Some(ListedService { service, stats: Stats::default(), servers, whole: Whole::default() })
}

/// Returns the server as it is listed: of a tunnel without its type, and without thresholds.
pub(super) fn server(found: TableServer) -> Option<ListedServer> {
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

#[cfg(test)]
mod tests {
    use ipvs_netlink::procfs::ServiceTable;

    use super::*;

    fn table(lines: &str) -> Vec<TableService> {
        let head = "IP Virtual Server version 1.2.1 (size=4096)\n\
                    Prot LocalAddress:Port Scheduler Flags\n  \
                    -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
        let text = format!("{head}{lines}");
        ServiceTable::from_reader(text.as_bytes()).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn two_reads_that_show_something_twice_do_not_agree() {
        let web = "TCP  0A000001:0050 rr\n";
        let mail = "TCP  0A000001:0019 rr\n";
        let server = "  -> 0A010001:0050      Masq    1      0          0\n";
        let mark = "FWM  00000007 rr\n";
        for (text, agrees) in [
            (format!("{web}{server}{mail}{server}"), true),
            (format!("{web}{mail}{web}"), false),
            (format!("{web}{server}{server}{mail}"), false),
            // One of each family.
            (format!("{mark}{mark}"), true),
            (format!("{mark}{mark}{mark}"), false),
        ] {
            let mut found = table(&text);
            assert!(!found.is_empty());
            assert_eq!(agree(&found, &found), agrees, "{text}");
            leave_out_repeated(&mut found);
            assert!(agree(&found, &found), "{text}");
        }
        assert!(!agree(&table(web), &table(mail)));
    }

    /// The mark may be of IPv4 or of IPv6, and its netmask is of the same family.
    #[test]
    fn of_a_mark_no_netmask_is_shown() {
        let netmask = |line: &str| {
            let service = listed(table(line).remove(0)).unwrap().service;
            service.persistence.unwrap().netmask
        };
        assert!(netmask("FWM  00000007 rr persistent 90000 FFFFFF00\n").is_host());
        assert_eq!(
            netmask("TCP  0A000001:0050 rr persistent 90000 FFFFFF00\n").to_string(),
            "255.255.255.0"
        );
    }
}
