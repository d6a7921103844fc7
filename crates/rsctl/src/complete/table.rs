// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use ipvs_netlink::procfs::{Procfs, TableKey, TableServer, TableService};
use ipvs_netlink::{AddressFamily, Protocol, ServiceKey};
use lvs_term::{Candidate, Line, count};
use nix::time::ClockId;

use crate::cli::{BadValue, Endpoint, typed, value};

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

/// Offers the servers of the services that the line names, or all if it names none. What is added
/// is one that other services have and this one lacks.
pub(super) fn servers(procfs: &Procfs, line: &Line<'_>) -> Vec<Candidate> {
    let named = Named::read(|id| line.value_of(id));
    offered(read(procfs), named, line.command() == "add-server")
}

/// Offers the servers of the services that are named, or, to be added, those of the others.
fn offered(
    services: impl Iterator<Item = TableService>,
    named: Option<Named>,
    is_added: bool,
) -> Vec<Candidate> {
    let is_named = |service: &TableService| named.is_none_or(|named| named.has(service));
    let (mut of_named, mut of_others) = (BTreeMap::new(), BTreeMap::new());
    for service in services {
        let servers = if is_named(&service) { &mut of_named } else { &mut of_others };
        servers
            .extend(service.servers.iter().map(|server| (server.key.to_string(), about(server))));
    }
    if is_added {
        of_others.retain(|server, _| !of_named.contains_key(server));
        of_named = of_others;
    }
    of_named.into_iter().map(|(server, about)| Candidate::new(server, about)).collect()
}

fn about(server: &TableServer) -> String {
    format!("weight {}, {} active", server.weight, server.active)
}

/// Says which services a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Service(ServiceKey),
    /// All that have this address.
    Vip(IpAddr),
}

impl Named {
    /// Reads the values of a line's arguments, by their ids, as the line is read once it is run.
    fn read<'a>(value_of: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let endpoint = |id: &str, read: fn(&str) -> Result<Endpoint, BadValue>, protocol| {
            Some(read(value_of(id)?).ok()?.service(protocol))
        };
        let mark = || {
            let v6 = value_of("ipv6").is_some();
            let family = if v6 { AddressFamily::Ipv6 } else { AddressFamily::Ipv4 };
            Some(ServiceKey::Fwmark { family, mark: typed::fwmark(value_of("fwmark")?).ok()? })
        };
        let service = |id: &str| value_of(id).and_then(|text| typed::service(text).ok());
        service("service")
            .or_else(|| service("only_service"))
            .or_else(|| endpoint("tcp", typed::tcp, Protocol::Tcp))
            .or_else(|| endpoint("udp", typed::udp, Protocol::Udp))
            .or_else(|| endpoint("sctp", typed::sctp, Protocol::Sctp))
            .or_else(mark)
            .map(Self::Service)
            .or_else(|| Some(Self::Vip(value::vip(value_of("vip")?).ok()?)))
    }

    fn has(self, service: &TableService) -> bool {
        let is_it = |key| match (self, key) {
            (Self::Vip(vip), ServiceKey::Endpoint { address, .. }) => vip == address,
            (Self::Vip(_), ServiceKey::Fwmark { .. }) => false,
            (Self::Service(named), key) => named == key,
        };
        keys(service).into_iter().any(is_it)
    }
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
    /// Holds the servers that are offered behind arguments with these ids and values against the
    /// expected ones.
    #[track_caller]
    fn offers(given: &[(&str, &'static str)], is_added: bool, servers: &[&str]) {
        let text = "IP Virtual Server version 1.2.1 (size=4096)\n\
                    Prot LocalAddress:Port Scheduler Flags\n  \
                    -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n\
                    TCP  C000020A:0050 rr\n  \
                    -> 0A010001:0050      Masq    1      0          0         \n\
                    UDP  C000020A:0035 rr\n  \
                    -> 0A010002:0035      Masq    1      0          0         \n\
                    SCTP C0000214:0050 rr\n  \
                    -> 0A010003:0050      Masq    1      0          0         \n\
                    FWM  00000010 rr\n  \
                    -> 0A010004:0050      Masq    1      0          0         \n";
        let table = ServiceTable::from_reader(text.as_bytes()).unwrap();
        let value_of = |id: &str| given.iter().find(|(it, _)| *it == id).map(|(_, value)| *value);
        let offered = offered(table.map(Result::unwrap), Named::read(value_of), is_added);
        let about = |server: &&str| Candidate::new(*server, "weight 1, 0 active");
        assert_eq!(offered, servers.iter().map(about).collect::<Vec<_>>(), "{given:?}");
    }

    #[test]
    fn a_service_is_named_as_on_a_line_that_is_run() {
        for (id, value, server) in [
            ("service", "TCP/192.0.2.10:80", "10.1.0.1:80"),
            ("tcp", "192.0.2.10:80", "10.1.0.1:80"),
            ("udp", "192.0.2.10:53", "10.1.0.2:53"),
            ("sctp", "192.0.2.20:80", "10.1.0.3:80"),
            ("service", "FWMARK/0x10", "10.1.0.4:80"),
            ("fwmark", "0x10", "10.1.0.4:80"),
            ("vip", "192.0.2.20", "10.1.0.3:80"),
        ] {
            offers(&[(id, value)], false, &[server]);
        }
        offers(&[("vip", "192.0.2.10")], false, &["10.1.0.1:80", "10.1.0.2:53"]);
        offers(&[("vip", "192.0.2.10")], true, &["10.1.0.3:80", "10.1.0.4:80"]);
        offers(&[("fwmark", "16"), ("ipv6", "")], false, &[]);
        let all = ["10.1.0.1:80", "10.1.0.2:53", "10.1.0.3:80", "10.1.0.4:80"];
        offers(&[], false, &all);
    }
}
