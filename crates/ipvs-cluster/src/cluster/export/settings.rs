// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the settings of a service, and those of the director.

use std::net::{IpAddr, Ipv4Addr};

use ipvs_netlink::{
    AddressFamily, Netmask, Persistence, Protocol, Service, ServiceKey, SyncDaemonEntry, Timeouts,
};

use crate::cluster::node::Node;

/// Stands for the key of a service of which only the settings count.
pub(super) const ANY_KEY: ServiceKey = ServiceKey::Endpoint {
    protocol: Protocol::Tcp,
    address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    port: 0,
};

/// Returns what is said of a service beside its scheduler and its servers.
pub(super) fn of_service(service: &Service) -> Vec<(String, Node)> {
    let flags = service.scheduler_flags.words(&service.scheduler);
    let flags: Vec<Node> = flags.map(|flag| Node::text(flag.name())).collect();
    let fields = [
        ("scheduler_flags", (!flags.is_empty()).then(|| Node::List(flags).on_one_line())),
        ("persistent", service.persistence.map(persistent)),
        ("engine", service.engine.as_ref().map(|engine| Node::text(engine.as_str()))),
        ("one_packet", service.one_packet.then_some(Node::Truth(true))),
    ];
    let said = fields.into_iter().filter_map(|(key, node)| Some((key.to_owned(), node?)));
    said.collect()
}

fn persistent(Persistence { timeout, netmask }: Persistence) -> Node {
    let timeout = time(timeout.as_seconds());
    if netmask.is_host() {
        return timeout;
    }
    Node::line([("timeout", Some(timeout)), ("netmask", Some(mask(netmask)))])
}

/// A prefix length has its slash, or it would be a number.
fn mask(netmask: Netmask) -> Node {
    match netmask.family() {
        AddressFamily::Ipv4 => Node::Text(netmask.to_string()),
        AddressFamily::Ipv6 => Node::Text(format!("/{netmask}")),
    }
}

/// So many settings stand on one line.
const FEW: usize = 3;

/// Says what the director has beside its services.
pub(super) fn of_director(
    timeouts: &Timeouts,
    sysctls: Vec<(String, Node)>,
    daemons: &[SyncDaemonEntry],
) -> Option<Node> {
    let Timeouts { tcp, tcp_fin, udp, .. } = *timeouts;
    let times = [("tcp", tcp), ("tcp_fin", tcp_fin), ("udp", udp)];
    let has_times = times.iter().any(|(_, seconds)| seconds.is_some());
    let times = times.map(|(key, seconds)| (key, seconds.map(time)));
    let few = sysctls.len() <= FEW;
    let sysctls = (!sysctls.is_empty()).then_some(Node::Map(sysctls));
    let sysctls = sysctls.map(|all| if few { all.on_one_line() } else { all });
    let daemons: Vec<Node> = daemons.iter().map(daemon).collect();
    let fields = [
        ("timeouts", has_times.then(|| Node::line(times))),
        ("sysctls", sysctls),
        ("daemons", (!daemons.is_empty()).then_some(Node::List(daemons))),
    ];
    let said: Vec<_> =
        fields.into_iter().filter_map(|(key, node)| Some((key.to_owned(), node?))).collect();
    (!said.is_empty()).then_some(Node::Map(said))
}

fn daemon(daemon: &SyncDaemonEntry) -> Node {
    let number =
        |number: u32, default: u32| (number != default).then_some(Node::Number(number.into()));
    let group = (daemon.group != SyncDaemonEntry::DEFAULT_GROUP)
        .then(|| Node::Text(daemon.group.to_string()));
    Node::line([
        ("role", Some(Node::text(daemon.role.name()))),
        ("interface", Some(Node::text(daemon.interface.as_str()))),
        ("syncid", Some(Node::Number(daemon.sync_id.into()))),
        ("maxlen", number(daemon.max_length.into(), 0)),
        ("group", group),
        ("port", number(daemon.port.into(), SyncDaemonEntry::DEFAULT_PORT.into())),
        ("ttl", number(daemon.ttl.into(), SyncDaemonEntry::DEFAULT_TTL.into())),
    ])
}

/// Writes seconds as people do: 90s, 5m, 1h30m.
fn time(seconds: u32) -> Node {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let hours = if hours == 0 { String::new() } else { format!("{hours}h") };
    match (seconds % 60, minutes) {
        (0, 0) if !hours.is_empty() => Node::Text(hours),
        (0, minutes) if seconds != 0 => Node::Text(format!("{hours}{minutes}m")),
        _ => Node::Number(seconds.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        for (seconds, text) in [(300, "5m"), (5400, "1h30m"), (7200, "2h"), (2_678_400, "744h")] {
            assert_eq!(time(seconds), Node::text(text));
        }
        for seconds in [0, 1, 59, 61, 90, 3601] {
            assert_eq!(time(seconds), Node::Number(seconds.into()));
        }
    }
}
