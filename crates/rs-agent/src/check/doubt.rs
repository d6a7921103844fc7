// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says why a rule may be wrong about a host that serves: what else decides about its packets, or
//! may and cannot be read.

use std::net::IpAddr;

use lvs_host::firewall::Packet;

use super::seen::Seen;
use super::subject::Port;
use crate::facts::Family;
use crate::ipvs::Served;

/// Gives what may take packets for `to`, all or those of one port, before they are routed.
pub(super) fn elsewhere(to: IpAddr, port: Option<Port>, seen: &Seen) -> Option<String> {
    let packet = Packet {
        protocol: port.map(|port| port.transport.number()),
        port: port.map(|port| port.number),
        is_local: seen.is_local(to),
        ..Packet::to(to)
    };
    if let Some(rule) =
        seen.firewall.ruleset(Family::of(to)).and_then(|rules| rules.rewritten(&packet))
    {
        let program = if to.is_ipv4() { "iptables" } else { "ip6tables" };
        return Some(format!("a rule may send its packets elsewhere: {program} {rule}"));
    }
    seen.firewall.rewrites.iter().find(|it| it.concerns(to)).map(|it| it.what.clone())
}

/// Gives what may serve an address that is none of this host: a rule, or a socket that uses
/// foreign addresses.
pub(super) fn not_local(vip: IpAddr, seen: &Seen) -> Option<String> {
    elsewhere(vip, None, seen).or_else(|| {
        let sockets = seen.listeners.iter().flatten();
        let transparent = sockets.into_iter().find(|socket| {
            socket.transparent && (socket.ip == vip || socket.ip.is_unspecified())
        })?;
        let (protocol, port) = (transparent.transport, transparent.port);
        Some(format!(
            "the socket on {protocol} port {port} takes foreign addresses (IP_TRANSPARENT)"
        ))
    })
}

/// Gives what may answer at a port where nothing listens.
pub(super) fn not_listening(to: IpAddr, port: Port, seen: &Seen) -> Option<String> {
    elsewhere(to, Some(port), seen).or_else(|| by_mark(seen))
}

/// Gives what may make this host the director of any VIP: clients' packets that are told by a
/// mark name no address.
pub(super) fn by_mark(seen: &Seen) -> Option<String> {
    let marked = |takes: Served| match takes {
        Served::Mark(mark) => Some(mark),
        _ => None,
    };
    let mark = seen.ipvs.iter().find_map(|service| marked(service.takes))?;
    Some(format!("IPVS on this host has a service of mark {mark}"))
}

/// Gives what may keep this host from answering ARP, or from naming an address in it.
pub(super) fn arp(seen: &Seen) -> Option<String> {
    seen.firewall.arp.first().cloned()
}

/// Gives what may keep this host from answering neighbour solicitations.
pub(super) fn neighbours(seen: &Seen) -> Option<String> {
    seen.firewall.neighbours.first().cloned()
}
