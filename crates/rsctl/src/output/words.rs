// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names services and servers in tables, and says what else their lines have to say of them.

use std::borrow::Cow;

use ipvs_netlink::{AddressFamily, Destination, ForwardingMethod, Protocol, Service, ServiceKey};
use lvs_term::{Tone, printable};

use crate::commands::ListedServer;
use crate::names::Names;

/// Returns the tone of a server: dim if it is drained, marked if it takes no more for now.
pub(super) fn tone(listed: &ListedServer) -> Tone {
    match listed.server.weight.get() {
        0 => Tone::Dim,
        _ if listed.is_full() => Tone::Notable,
        _ => Tone::Plain,
    }
}

/// Returns the server's address and port, or their names.
pub(super) fn server_address(service: ServiceKey, listed: &ListedServer, names: &Names) -> String {
    let protocol = match service {
        ServiceKey::Endpoint { protocol, .. } => Some(protocol),
        ServiceKey::Fwmark { .. } => None,
    };
    let key = listed.server.key;
    names.endpoint(key.address, key.port, protocol)
}

/// Returns the scheduler's name: modules of the kernel are called as those who wrote them like.
pub(super) fn scheduler_name(service: &Service) -> String {
    printable(service.scheduler.name())
}

/// Returns `TCP` and `192.0.2.10:80`, `FWM` and `7 IPv6`.
pub(super) fn prot_and_address(key: ServiceKey, names: &Names) -> (Cow<'static, str>, String) {
    let address = match key {
        ServiceKey::Endpoint { protocol, address, port } => {
            names.endpoint(address, port, Some(protocol))
        }
        ServiceKey::Fwmark { family: AddressFamily::Ipv4, mark } => mark.to_string(),
        ServiceKey::Fwmark { family: AddressFamily::Ipv6, mark } => format!("{mark} IPv6"),
    };
    (prot(key), address)
}

pub(super) fn prot(key: ServiceKey) -> Cow<'static, str> {
    match key {
        ServiceKey::Endpoint { protocol: Protocol::Tcp, .. } => "TCP".into(),
        ServiceKey::Endpoint { protocol: Protocol::Udp, .. } => "UDP".into(),
        ServiceKey::Endpoint { protocol, .. } => protocol.to_string().to_uppercase().into(),
        ServiceKey::Fwmark { .. } => "FWM".into(),
    }
}

/// `(sh-port) persistent 360 mask 255.255.255.0 pe sip ops`
pub(super) fn service_flags(service: &Service, is_public: bool) -> String {
    let mut words = Vec::new();
    let named = service.scheduler_flags.words(&service.scheduler);
    let mut flags: Vec<String> = named.map(|flag| flag.to_string()).collect();
    if service.unknown_flags() != 0 {
        flags.push(format!("{:#x}", service.unknown_flags()));
    }
    if !flags.is_empty() {
        words.push(format!("({})", flags.join(",")));
    }
    if let Some(persistence) = service.persistence {
        // For everyone the kernel counts it in ticks, and does not say how long those are.
        words.push(match is_public {
            true => "persistent".to_owned(),
            false => format!("persistent {}", persistence.timeout.as_seconds()),
        });
        if !persistence.netmask.is_host() {
            words.push(format!("mask {}", persistence.netmask));
        }
    }
    if let Some(engine) = &service.engine {
        words.push(format!("pe {engine}"));
    }
    if service.one_packet {
        words.push("ops".to_owned());
    }
    words.join(" ")
}

/// Returns the forwarding method, with the tunnel if there is one that is known.
pub(super) fn method(forwarding: ForwardingMethod, is_public: bool) -> Cow<'static, str> {
    match (forwarding, forwarding.name()) {
        (ForwardingMethod::Tunnel(tunnel), Some(word)) if !is_public => {
            format!("{word}({tunnel})").into()
        }
        (_, Some(word)) => word.into(),
        (other, None) => other.to_string().into(),
    }
}

/// Returns the forwarding method, without the tunnel.
pub(super) fn forward(server: &Destination) -> String {
    server.forwarding.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn lines_have_the_colour_of_their_server() {
        let mut listing = sample::listing(sample::services());
        listing.services[0].servers[0].connections.active = 100;
        listing.services[0].servers[1].server.weight = ipvs_netlink::Weight::ZERO;
        let servers = &listing.services[0].servers;
        assert_eq!((tone(&servers[0]), tone(&servers[1])), (Tone::Notable, Tone::Dim));
        assert_eq!(tone(&listing.services[1].servers[0]), Tone::Plain);
    }
}
