// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipvs_netlink::procfs::{Procfs, TableKey, TableServer, TableService};
use ipvs_netlink::{AddressFamily, Protocol, ServiceKey};
use lvs_term::{Candidate, Line, count};
use nix::time::ClockId;

use crate::cli::Endpoint;

/// How much time of the processor reading a table takes: somebody waits to type on. What comes
/// later is not offered. By the clock on the wall, a busy host would be offered nothing.
const PATIENCE: Duration = Duration::from_millis(30);

/// Offers the services that the argument of this id can name.
pub(super) fn services(procfs: &Procfs, line: &Line<'_>, id: &str) -> Vec<Candidate> {
    // One that is there cannot be added.
    if line.command() == "add-service" {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for service in read(procfs) {
        let about = format!("{}, {}", service.scheduler, count(service.servers.len(), "server"));
        let texts = keys(&service).into_iter().filter_map(|key| text_for(id, key));
        found.extend(texts.map(|text| Candidate::new(text, about.clone())));
    }
    found.into_iter().collect()
}

/// Returns what is typed for the service behind that argument, if it is one of its kind.
fn text_for(id: &str, key: ServiceKey) -> Option<String> {
    Some(match (id, key) {
        ("service", key) => key.to_string(),
        ("fwmark", ServiceKey::Fwmark { mark, .. }) => mark.to_string(),
        ("tcp", ServiceKey::Endpoint { protocol: Protocol::Tcp, address, port })
        | ("udp", ServiceKey::Endpoint { protocol: Protocol::Udp, address, port })
        | ("sctp", ServiceKey::Endpoint { protocol: Protocol::Sctp, address, port }) => {
            SocketAddr::new(address, port).to_string()
        }
        _ => return None,
    })
}

/// Returns the addresses of the services.
pub(super) fn vips(procfs: &Procfs) -> Vec<String> {
    let vip = |service: TableService| match service.key {
        TableKey::Service(ServiceKey::Endpoint { address, .. }) => Some(address),
        _ => None,
    };
    let found: BTreeSet<_> = read(procfs).filter_map(vip).collect();
    found.into_iter().map(|vip| vip.to_string()).collect()
}

/// Offers the servers of the service that the line names, or all if it names none. What is added
/// is one that other services have and this one lacks.
pub(super) fn servers(procfs: &Procfs, line: &Line<'_>) -> Vec<Candidate> {
    let named = named(line);
    let is_named =
        |service: &TableService| named.is_none_or(|named| keys(service).contains(&named));
    let (mut of_named, mut of_others) = (BTreeMap::new(), BTreeMap::new());
    for service in read(procfs) {
        let servers = if is_named(&service) { &mut of_named } else { &mut of_others };
        servers
            .extend(service.servers.iter().map(|server| (server.key.to_string(), about(server))));
    }
    if line.command() == "add-server" {
        of_others.retain(|server, _| !of_named.contains_key(server));
        of_named = of_others;
    }
    of_named.into_iter().map(|(server, about)| Candidate::new(server, about)).collect()
}

fn about(server: &TableServer) -> String {
    format!("weight {}, {} active", server.weight, server.active)
}

/// Returns the service that the line names, by whatever it names it.
fn named(line: &Line<'_>) -> Option<ServiceKey> {
    let endpoint = |id: &str, protocol| {
        let endpoint: Endpoint = line.value_of(id)?.parse().ok()?;
        Some(endpoint.service(protocol))
    };
    let mark = || {
        let v6 = line.value_of("ipv6").is_some();
        let family = if v6 { AddressFamily::Ipv6 } else { AddressFamily::Ipv4 };
        Some(ServiceKey::Fwmark { family, mark: line.value_of("fwmark")?.parse().ok()? })
    };
    let service = |id: &str| line.value_of(id).and_then(|text| text.parse().ok());
    service("service")
        .or_else(|| service("only_service"))
        .or_else(|| endpoint("tcp", Protocol::Tcp))
        .or_else(|| endpoint("udp", Protocol::Udp))
        .or_else(|| endpoint("sctp", Protocol::Sctp))
        .or_else(mark)
}

/// Returns which service it is, or may be. Of a mark the file does not tell the family: the
/// servers do, if there are any.
fn keys(service: &TableService) -> Vec<ServiceKey> {
    match service.key {
        TableKey::Service(key) => vec![key],
        TableKey::Fwmark(mark) => {
            let Some(mark) = NonZeroU32::new(mark) else { return Vec::new() };
            let families = match service.servers.first().map(|server| server.key.family()) {
                Some(family) => vec![family],
                None => vec![AddressFamily::Ipv4, AddressFamily::Ipv6],
            };
            families.into_iter().map(|family| ServiceKey::Fwmark { family, mark }).collect()
        }
        _ => Vec::new(),
    }
}

/// Reads services for as long as is bearable; none without IPVS.
fn read(procfs: &Procfs) -> impl Iterator<Item = TableService> {
    let used = || ClockId::CLOCK_THREAD_CPUTIME_ID.now().map(Duration::from).unwrap_or_default();
    let end = used() + PATIENCE;
    let services = procfs.services().into_iter().flatten().map_while(Result::ok);
    services.take_while(move |_| used() < end)
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::procfs::ServiceTable;

    use super::*;

    #[test]
    fn a_mark_without_servers_may_be_of_either_family() {
        let text = "IP Virtual Server version 1.2.1 (size=4096)\n\
                    Prot LocalAddress:Port Scheduler Flags\n  \
                    -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
                    FWM  00000007 rr\n\
                    FWM  00000008 rr\n  \
                    -> 0A010001:0050      Masq    1      0          0         \n\
                    FWM  00000009 rr\n  \
                    -> [2001:0db8:0000:0000:0000:0000:0000:0001]:0050      Masq    1 0 0\n";
        let table = ServiceTable::from_reader(text.as_bytes()).unwrap();
        let keys: Vec<_> = table.flat_map(|it| keys(&it.unwrap())).collect();
        let texts: Vec<_> = keys.iter().filter_map(|key| text_for("service", *key)).collect();
        assert_eq!(texts, ["fwmark/7", "fwmark/7/ipv6", "fwmark/8", "fwmark/9/ipv6"]);
        let marks: BTreeSet<_> = keys.iter().filter_map(|key| text_for("fwmark", *key)).collect();
        assert_eq!(marks.into_iter().collect::<Vec<_>>(), ["7", "8", "9"]);
    }
}
