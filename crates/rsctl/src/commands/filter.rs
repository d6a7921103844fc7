// SPDX-License-Identifier: MIT OR Apache-2.0

//! Leaves out of a list what was not asked for.

use ipvs_netlink::{Protocol, ServiceKey};

use super::connections::within;
use super::listed::{ListedServer, ListedService};
use crate::cli::{Filters, ServiceKind};

/// Leaves out services by what they are, before their servers are read.
pub(super) fn services(services: &mut Vec<ListedService>, filters: &Filters) {
    if filters.vip.is_some() || filters.protocol.is_some() {
        services.retain(|listed| is_wanted(listed.service.key, filters));
    }
}

/// Leaves out servers, and services by their servers; by what services are, too.
pub(super) fn servers(found: &mut Vec<ListedService>, filters: &Filters) {
    services(found, filters);
    if filters.empty {
        let takes = |listed: &ListedServer| listed.server.weight.get() > 0;
        found.retain(|listed| !listed.servers.iter().any(takes));
    }
    if filters.of_servers() {
        found.retain_mut(|listed| {
            listed.servers.retain(|server| is_shown(server, filters));
            !listed.servers.is_empty()
        });
    }
}

fn is_wanted(key: ServiceKey, filters: &Filters) -> bool {
    let (kind, vip) = match key {
        ServiceKey::Endpoint { protocol, address, .. } => (kind(protocol), Some(address)),
        ServiceKey::Fwmark { .. } => (Some(ServiceKind::Fwmark), None),
    };
    let is_there = |network| vip.is_some_and(|vip| within(vip, network));
    filters.vip.is_none_or(is_there) && filters.protocol.is_none_or(|it| Some(it) == kind)
}

fn kind(protocol: Protocol) -> Option<ServiceKind> {
    match protocol {
        Protocol::Tcp => Some(ServiceKind::Tcp),
        Protocol::Udp => Some(ServiceKind::Udp),
        Protocol::Sctp => Some(ServiceKind::Sctp),
        _ => None,
    }
}

fn is_shown(listed: &ListedServer, filters: &Filters) -> bool {
    let key = listed.server.key;
    let is_it = filters.server.is_none_or(|wanted| wanted.means(key));
    let is_by = filters.method.is_none_or(|method| method.is_of(listed.server.forwarding));
    is_it
        && is_by
        && (!filters.drained || listed.server.weight.get() == 0)
        && (!filters.full || listed.is_full())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ipvs_netlink::{
        Connections, Destination, ForwardingMethod, Scheduler, Service, Stats, Thresholds, Tunnel,
        Weight,
    };

    use super::super::listed::Whole;
    use super::*;
    use crate::cli::{Cli, Command};

    fn service(key: &str, servers: &[(&str, ForwardingMethod, u32, u32)]) -> ListedService {
        let service = Service::new(key.parse().unwrap(), Scheduler::Rr);
        let servers = servers.iter().map(|(key, forwarding, weight, connections)| {
            let mut server = Destination::new(key.parse().unwrap(), *forwarding);
            server.weight = Weight::new(*weight).unwrap();
            server.thresholds = Thresholds::new(10, 5).unwrap();
            let mut counts = Connections::default();
            (counts.active, counts.inactive) = (connections / 2, connections.div_ceil(2));
            ListedServer::new(server, counts, Stats::default())
        });
        let (servers, stats) = (servers.collect(), Stats::default());
        ListedService { service, stats, servers, whole: Whole::default() }
    }

    /// Returns what is left, as `tcp/192.0.2.1:80 10.0.0.11:80 10.0.0.12:80`.
    fn left(options: &str) -> Vec<String> {
        let (dr, nat) = (ForwardingMethod::Gateway, ForwardingMethod::Masquerade);
        let tun = ForwardingMethod::Tunnel(Tunnel::Ipip);
        let mut services = vec![
            service(
                "tcp/192.0.2.1:80",
                &[("10.0.0.11:80", dr, 1, 10), ("10.0.0.12:8080", nat, 0, 9)],
            ),
            service("udp/192.0.3.1:53", &[("10.0.0.11:53", tun, 0, 11)]),
            service("tcp/[2001:db8::1]:80", &[]),
            service("fwmark/7", &[("10.0.0.12:0", ForwardingMethod::Local, 1, 0)]),
        ];
        let words = ["rsctl", "list"].into_iter().chain(options.split_whitespace());
        let Command::List(list) = Cli::try_parse_from(words).unwrap().command else { panic!() };
        servers(&mut services, &list.filters);
        let text = |listed: ListedService| {
            let servers = listed.servers.iter().map(|it| format!(" {}", it.server.key));
            format!("{}{}", listed.service.key, servers.collect::<String>())
        };
        services.into_iter().map(text).collect()
    }

    #[test]
    fn what_is_not_wanted_is_left_out() {
        let web = "tcp/192.0.2.1:80 10.0.0.11:80 10.0.0.12:8080";
        let dns = "udp/192.0.3.1:53 10.0.0.11:53";
        let (bare, mark) = ("tcp/[2001:db8::1]:80", "fwmark/7 10.0.0.12:0");
        for (options, expected) in [
            ("", &[web, dns, bare, mark][..]),
            ("--vip 192.0.2.1", &[web]),
            ("--vip 192.0.0.0/16", &[web, dns]),
            ("--vip 2001:db8::/32", &[bare]),
            ("--vip 198.51.100.1", &[]),
            ("--protocol tcp", &[web, bare]),
            ("--protocol FWMARK", &[mark]),
            ("-r 10.0.0.11", &["tcp/192.0.2.1:80 10.0.0.11:80", dns]),
            ("--server 10.0.0.12:8080", &["tcp/192.0.2.1:80 10.0.0.12:8080"]),
            ("--method dr", &["tcp/192.0.2.1:80 10.0.0.11:80"]),
            ("--method Masq", &["tcp/192.0.2.1:80 10.0.0.12:8080"]),
            ("--method tun", &[dns]),
            ("--method local", &[mark]),
            ("--drained", &["tcp/192.0.2.1:80 10.0.0.12:8080", dns]),
            ("--full", &["tcp/192.0.2.1:80 10.0.0.11:80", dns]),
            ("--empty", &[dns, bare]),
            ("--empty --full", &[dns]),
            ("--drained --full", &[dns]),
            ("--drained --protocol tcp", &["tcp/192.0.2.1:80 10.0.0.12:8080"]),
            ("--vip 192.0.2.1 --full --drained", &[]),
        ] {
            assert_eq!(left(options), expected, "{options}");
        }
    }
}
