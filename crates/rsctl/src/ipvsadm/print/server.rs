// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use ipvs_netlink::{DestinationEntry, ForwardingMethod, GueChecksum, ServiceKey, Tunnel};

use super::endpoint::{endpoint, truncate};
use super::numbers::counter;
use crate::ipvsadm::line::protocol_name;
use crate::ipvsadm::names::Names;
use crate::ipvsadm::view::{Layout, Style};

/// Columns for the name of a real server.
const NAME: usize = 28;

/// Returns the line of a real server; `selector` is what selects its service.
pub(in crate::ipvsadm) fn server(
    entry: &DestinationEntry,
    service: &ServiceKey,
    selector: &str,
    style: Style,
    names: &mut Names,
) -> String {
    let server = &entry.destination;
    let protocol = match *service {
        ServiceKey::Endpoint { protocol, .. } => protocol_name(protocol),
        // Ports of all protocols, so none has a name.
        ServiceKey::Fwmark { .. } => "",
    };
    let (address, port) = (server.key.address, server.key.port);
    let mut name = endpoint(address, port, protocol, style.numeric, names);
    let weight = server.weight;
    if style.save {
        let (method, tunnel) = method_words(server.forwarding);
        return format!("-a {selector} -r {name} {method} -w {weight}{tunnel}\n");
    }
    if matches!(address, IpAddr::V4(_)) {
        truncate(&mut name, NAME);
    }
    let (upper, lower) = (server.thresholds.upper(), server.thresholds.lower());
    let (active, inactive) = (entry.connections.active, entry.connections.inactive);
    let persistent = entry.connections.persistent;
    let method = server.forwarding.listed_as().unwrap_or("(null)");
    let rest = match style.layout {
        Layout::Stats | Layout::Rate => counters(entry, style),
        Layout::Thresholds => format!(" {upper:<10} {lower:<10} {active:<10} {inactive:<10}"),
        Layout::Persistent => {
            let weight = weight.get();
            format!(" {weight:<9} {persistent:<11} {active:<10} {inactive:<10}")
        }
        Layout::Tunnel => {
            let (tunnel, weight) = (tunnel_info(server.forwarding), weight.get());
            format!(" {method:<7} {tunnel:<13} {weight:<6} {active:<10} {inactive:<10}")
        }
        Layout::Plain => {
            let weight = weight.get();
            format!(" {method:<7} {weight:<6} {active:<10} {inactive:<10}")
        }
    };
    format!("  -> {name:<NAME$}{rest}\n")
}

fn counters(entry: &DestinationEntry, style: Style) -> String {
    let stats = &entry.stats;
    if style.layout == Layout::Stats {
        let numbers = [
            stats.connections,
            stats.incoming_packets,
            stats.outgoing_packets,
            stats.incoming_bytes,
            stats.outgoing_bytes,
        ];
        return numbers.map(|number| counter(number, style.exact)).concat();
    }
    format!(
        " {:8} {:8} {:8}{}{}",
        stats.connections_per_second,
        stats.incoming_packets_per_second,
        stats.outgoing_packets_per_second,
        counter(stats.incoming_bytes_per_second, style.exact),
        counter(stats.outgoing_bytes_per_second, style.exact)
    )
}

/// Returns the words that make the method, and those that make the tunnel.
fn method_words(method: ForwardingMethod) -> (&'static str, String) {
    match method {
        ForwardingMethod::Masquerade => ("-m", String::new()),
        ForwardingMethod::Gateway => ("-g", String::new()),
        ForwardingMethod::Tunnel(tunnel) => ("-i", format!(" --tun-type {}", tunnel_words(tunnel))),
        _ => ("(null)", String::new()),
    }
}

fn tunnel_words(tunnel: Tunnel) -> String {
    match tunnel {
        Tunnel::Gue { port, checksum } => {
            let word = match checksum {
                GueChecksum::None => "--tun-nocsum",
                GueChecksum::Outer => "--tun-csum",
                GueChecksum::Remote => "--tun-remcsum",
            };
            format!("gue --tun-port {port} {word}")
        }
        Tunnel::Gre { checksum: true } => "gre --tun-csum".to_owned(),
        Tunnel::Gre { checksum: false } => "gre --tun-nocsum".to_owned(),
        Tunnel::Ipip => "ipip".to_owned(),
        _ => "(null)".to_owned(),
    }
}

fn tunnel_info(method: ForwardingMethod) -> String {
    let ForwardingMethod::Tunnel(tunnel) = method else { return "n/a".to_owned() };
    match tunnel {
        Tunnel::Ipip => "ipip".to_owned(),
        Tunnel::Gue { port, checksum } => {
            let word = match checksum {
                GueChecksum::None => "-c",
                GueChecksum::Outer => "+c",
                GueChecksum::Remote => "r+c",
            };
            format!("gue:{port}:{word}")
        }
        Tunnel::Gre { checksum: true } => "gre:+c".to_owned(),
        Tunnel::Gre { checksum: false } => "gre:-c".to_owned(),
        _ => "(null)".to_owned(),
    }
}
