// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use ipvs_netlink::{AddressFamily, Protocol, Service, ServiceEntry, ServiceKey};

use super::endpoint::{endpoint, truncate};
use super::numbers::counter;
use crate::ipvsadm::flags;
use crate::ipvsadm::line::protocol_name;
use crate::ipvsadm::names::Names;
use crate::ipvsadm::view::{Layout, Style};

/// Columns for the name of a service in front of numbers.
const NAME: usize = 33;

/// Returns the name of a service: in a list, or as the words that select it.
pub(in crate::ipvsadm) fn service_name(
    key: &ServiceKey,
    style: Style,
    names: &mut Names,
) -> String {
    match *key {
        ServiceKey::Fwmark { family, mark } => {
            let mark = mark.get() as i32;
            match (style.save, family) {
                (true, AddressFamily::Ipv4) => format!("-f {mark}"),
                (true, AddressFamily::Ipv6) => format!("-f {mark} -6"),
                (false, AddressFamily::Ipv4) => format!("FWM  {mark}"),
                (false, AddressFamily::Ipv6) => format!("FWM  {mark} IPv6"),
            }
        }
        ServiceKey::Endpoint { protocol, address, port } => {
            let place = endpoint(address, port, protocol_name(protocol), style.numeric, names);
            if style.save {
                return format!("{} {place}", selector(protocol));
            }
            let mut name = format!("{:<4} {place}", word(protocol));
            if matches!(address, IpAddr::V4(_)) {
                truncate(&mut name, NAME);
            }
            name
        }
    }
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
        _ => "?",
    }
}

fn selector(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "-u",
        Protocol::Sctp => "--sctp-service",
        _ => "-t",
    }
}

/// Returns the line of a service.
pub(in crate::ipvsadm) fn service(entry: &ServiceEntry, name: &str, style: Style) -> String {
    let stats = &entry.stats;
    let numbers = match style.layout {
        Layout::Stats => [
            stats.connections,
            stats.incoming_packets,
            stats.outgoing_packets,
            stats.incoming_bytes,
            stats.outgoing_bytes,
        ],
        Layout::Rate => [
            stats.connections_per_second,
            stats.incoming_packets_per_second,
            stats.outgoing_packets_per_second,
            stats.incoming_bytes_per_second,
            stats.outgoing_bytes_per_second,
        ],
        _ => return format!("{name} {}\n", settings(&entry.service)),
    };
    let numbers = numbers.map(|number| counter(number, style.exact)).concat();
    format!("{name:<NAME$}{numbers}\n")
}

fn settings(service: &Service) -> String {
    let mut text = service.scheduler.name().to_owned();
    if !service.scheduler_flags.is_empty() {
        text += &format!(" ({})", flags::write(service.scheduler_flags, &service.scheduler));
    }
    if let Some(persistence) = &service.persistence {
        text += &format!(" persistent {}", persistence.timeout.as_seconds());
        if !persistence.netmask.is_host() {
            text += &format!(" mask {}", persistence.netmask);
        }
        if let Some(engine) = &service.engine {
            text += &format!(" pe {engine}");
        }
    }
    if service.one_packet {
        text += " ops";
    }
    text
}

/// Returns the words behind the selector that would make the service.
pub(in crate::ipvsadm) fn save_words(service: &Service) -> String {
    let mut text = format!("-s {}", service.scheduler.name());
    if let Some(persistence) = &service.persistence {
        text += &format!(" -p {}", persistence.timeout.as_seconds());
        if !persistence.netmask.is_host() {
            text += &format!(" -M {}", persistence.netmask);
        }
    }
    // Here also without persistence, unlike in a list.
    if let Some(engine) = &service.engine {
        text += &format!(" --pe {engine}");
    }
    if service.one_packet {
        text += " -o";
    }
    if !service.scheduler_flags.is_empty() {
        text += &format!(" -b {}", flags::write(service.scheduler_flags, &service.scheduler));
    }
    text
}
