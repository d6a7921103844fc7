// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the lines of `ipvsadm -Sn`, byte for byte where that can say what there is, between two
//! lines that show that none is missing.

use std::io::{self, Write};

use ipvs_cluster::Observed;
use ipvs_netlink::{
    AddressFamily, Destination, ForwardingMethod, GueChecksum, Protocol, Service, ServiceKey,
    Timeouts, Tunnel,
};

use crate::ipvsadm::whole;

pub(super) fn write(table: &Observed, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", whole::FIRST)?;
    for entry in table.services.iter().filter(|entry| has_option(&entry.service.key)) {
        let name = name(&entry.service.key);
        write!(out, "-A {name}")?;
        service(&entry.service, out)?;
        for destination in &entry.servers {
            if let Some(method) = method(destination) {
                write!(out, "-a {name} -r {} {method} -w ", destination.key)?;
                server(destination, out)?;
            }
        }
    }
    writeln!(out, "{}", whole::LAST)
}

/// Returns whether there is a word for its protocol.
pub(super) fn has_option(key: &ServiceKey) -> bool {
    match key {
        ServiceKey::Endpoint { protocol, .. } => {
            matches!(protocol, Protocol::Tcp | Protocol::Udp | Protocol::Sctp)
        }
        ServiceKey::Fwmark { .. } => true,
    }
}

/// Returns the word for its forwarding method, if there is one.
pub(super) fn method(server: &Destination) -> Option<&'static str> {
    match server.forwarding {
        ForwardingMethod::Masquerade => Some("-m"),
        ForwardingMethod::Gateway => Some("-g"),
        ForwardingMethod::Tunnel(Tunnel::Ipip | Tunnel::Gue { .. } | Tunnel::Gre { .. }) => {
            Some("-i")
        }
        _ => None,
    }
}

fn name(key: &ServiceKey) -> String {
    match key {
        ServiceKey::Endpoint { protocol, address, port } => {
            let option = match protocol {
                Protocol::Tcp => "-t",
                Protocol::Udp => "-u",
                _ => "--sctp-service",
            };
            format!("{option} {}", std::net::SocketAddr::new(*address, *port))
        }
        ServiceKey::Fwmark { family: AddressFamily::Ipv4, mark } => format!("-f {mark}"),
        ServiceKey::Fwmark { family: AddressFamily::Ipv6, mark } => format!("-f {mark} -6"),
    }
}

/// Writes what stands behind the name of a service.
fn service(service: &Service, out: &mut impl Write) -> io::Result<()> {
    write!(out, " -s {}", service.scheduler)?;
    if let Some(persistence) = service.persistence {
        write!(out, " -p {}", persistence.timeout.as_seconds())?;
        if !persistence.netmask.is_host() {
            write!(out, " -M {}", persistence.netmask)?;
        }
    }
    if let Some(engine) = &service.engine {
        write!(out, " --pe {engine}")?;
    }
    if service.one_packet {
        write!(out, " -o")?;
    }
    let words = service.scheduler_flags.words(&service.scheduler);
    for (place, flag) in words.enumerate() {
        write!(out, "{}{}", if place == 0 { " -b " } else { "," }, flag.name())?;
    }
    writeln!(out)
}

/// Writes what stands behind `-w`.
fn server(server: &Destination, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}", server.weight)?;
    match server.tunnel() {
        Some(Tunnel::Ipip) => write!(out, " --tun-type ipip")?,
        Some(Tunnel::Gue { port, checksum }) => {
            let checksum = match checksum {
                GueChecksum::None => "nocsum",
                GueChecksum::Outer => "csum",
                GueChecksum::Remote => "remcsum",
            };
            write!(out, " --tun-type gue --tun-port {port} --tun-{checksum}")?;
        }
        Some(Tunnel::Gre { checksum }) => {
            write!(out, " --tun-type gre --tun-{}", if checksum { "csum" } else { "nocsum" })?;
        }
        _ => {}
    }
    writeln!(out)
}

/// Returns what the lines cannot say about `table`, a line each.
pub(super) fn left_out(table: &Observed) -> Vec<String> {
    let mut left = Vec::new();
    for entry in &table.services {
        let key = entry.service.key;
        if !has_option(&key) {
            left.push(format!("the service {key}, which is left out"));
            continue;
        }
        if entry.service.unknown_flags() != 0 {
            left.push(format!("flags {:#x} of {key}", entry.service.unknown_flags()));
        }
        for server in &entry.servers {
            let (upper, lower) = (server.thresholds.upper(), server.thresholds.lower());
            if (upper, lower) != (0, 0) {
                left.push(format!("thresholds {upper} and {lower} of {} in {key}", server.key));
            }
            if method(server).is_none() {
                left.push(format!("the server {} of {key}, which is left out", server.key));
            }
        }
    }
    let Timeouts { tcp, tcp_fin, udp, .. } = table.timeouts;
    let [tcp, fin, udp] = [tcp, tcp_fin, udp].map(Option::unwrap_or_default);
    if (tcp, fin, udp) != (900, 120, 300) {
        left.push(format!("the timeouts {tcp}, {fin} and {udp}"));
    }
    for daemon in &table.daemons {
        left.push(format!("the {} sync daemon on {}", daemon.role, daemon.interface));
    }
    left
}
