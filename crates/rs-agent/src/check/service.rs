// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a server wait for what arrives for the VIP?

use std::net::{IpAddr, SocketAddr};

use lvs_check::{Finding, Severity};
use lvs_host::socket::Transport;

use super::catalogue;
use super::doubt;
use super::inward::Expected;
use super::seen::{Device, Listener, Seen};
use super::subject::{Port, Subject};
use crate::ipvs::{Served, Service};
use crate::shell;

/// Whether the socket is for packets to `ip`.
fn is_for(socket: &Listener, ip: IpAddr) -> bool {
    socket.ip == ip
        || match (socket.ip, ip) {
            (IpAddr::V4(any), IpAddr::V4(_)) => any.is_unspecified(),
            (IpAddr::V6(any), IpAddr::V6(_)) => any.is_unspecified(),
            (IpAddr::V6(any), IpAddr::V4(ip)) => {
                !socket.v6only && (any.is_unspecified() || any.to_ipv4_mapped() == Some(ip))
            }
            _ => false,
        }
}

/// Whether the socket gets what comes in by that interface (`inet_bound_dev_eq` in
/// include/net/inet_sock.h).
fn hears(socket: &Listener, nic: &Device, seen: &Seen) -> bool {
    match (&socket.device, &nic.vrf) {
        (None, None) => true,
        (None, Some(_)) => seen.takes_from_vrf.contains(&socket.transport),
        (Some(bound), vrf) => *bound == nic.name || vrf.as_ref() == Some(bound),
    }
}

/// A port of the service at one of its addresses.
struct Endpoint<'a> {
    ip: IpAddr,
    port: Port,
    nics: &'a [&'a Device],
}

impl Endpoint<'_> {
    /// Whether the socket gets what clients send.
    fn is_taken_by(&self, socket: &Listener, seen: &Seen) -> bool {
        let by_nic = |nic: &&Device| hears(socket, nic, seen);
        is_for(socket, self.ip)
            && (self.nics.iter().any(by_nic) || (self.nics.is_empty() && socket.device.is_none()))
    }

    /// The service of this host's own IPVS that takes it before any socket.
    fn service<'a>(&self, seen: &'a Seen) -> Option<&'a Service> {
        let takes =
            |at: SocketAddr| at.ip() == self.ip && [self.port.number, 0].contains(&at.port());
        seen.ipvs.of(self.ip).find(|service| match service.takes {
            Served::Tcp(at) => self.port.transport == Transport::Tcp && takes(at),
            Served::Udp(at) => self.port.transport == Transport::Udp && takes(at),
            Served::Other(_) | Served::Mark(_) => false,
        })
    }
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    // In mode nat the packet arrives for the RIP.
    let targets: &[IpAddr] = if subject.holds_vips() { &subject.vips } else { &subject.rips };
    let expected = Expected::of(subject, seen);
    for &port in &subject.ports {
        let is_its = |it: &&Listener| it.transport == port.transport && it.port == port.number;
        let sockets: Option<Vec<&Listener>> =
            seen.listeners.as_ref().map(|all| all.iter().filter(is_its).collect());
        for &ip in targets {
            let endpoint = Endpoint { ip, port, nics: expected.by(ip) };
            findings.extend(judge(&endpoint, sockets.as_deref(), subject, seen));
        }
    }
    findings
}

/// `sockets` are those of its port; `None`: not asked or not told.
fn judge(
    endpoint: &Endpoint<'_>,
    sockets: Option<&[&Listener]>,
    subject: &Subject,
    seen: &Seen,
) -> Option<Finding> {
    let &Endpoint { ip, port, .. } = endpoint;
    let (protocol, at) = (port.transport, SocketAddr::from((ip, port.number)));
    let then = match protocol {
        Transport::Tcp => "clients get a reset",
        Transport::Udp => "clients get ICMP",
    };
    if let Some(service) = endpoint.service(seen) {
        let read = format!("/proc/net/ip_vs: {protocol} {at}, {} servers", service.servers.len());
        let is_here = |server: &SocketAddr| {
            seen.places(server.ip()).next().is_some() || seen.is_local(server.ip())
        };
        if service.servers.is_empty() {
            let message =
                format!("IPVS on this host takes {protocol} {at} and has no server for it");
            let finding =
                Finding::new(&catalogue::RS_SRV_01, Severity::Error, message).read([read]);
            return Some(finding.words("give the service a server, or delete it"));
        }
        // To itself it hands on what a socket has to take.
        if !service.servers.iter().all(is_here) {
            return None;
        }
    }
    if let Some(why) = seen.deaf.get(&protocol) {
        let message = format!("whether anything listens on {protocol} {at} could not be read");
        let finding =
            Finding::new(&catalogue::RS_SRV_01, Severity::Unread, message).read([why.clone()]);
        return Some(
            finding.words(format!("modprobe {protocol}_diag, or ss -ln on a kernel that has it")),
        );
    }
    let sockets = sockets?;
    let mut here = sockets.iter().copied().filter(|it| endpoint.is_taken_by(it, seen));
    match here.next() {
        None => {
            let text = |socket: &&Listener| {
                let to = socket.device.as_ref().map(|name| format!(" on {name}"));
                let at = SocketAddr::from((socket.ip, socket.port));
                format!("{protocol} {at}{}", to.unwrap_or_default())
            };
            let mut read: Vec<String> = sockets.iter().map(text).collect();
            if read.is_empty() {
                read.push(format!("{protocol} port {}: no socket of a server", port.number));
            }
            let vrf = endpoint.nics.iter().find_map(|nic| nic.vrf.as_ref());
            let shut = sockets.iter().find(|it| is_for(it, ip) && it.device.is_none());
            let (message, words) = match (vrf, shut) {
                (Some(vrf), Some(_)) => (
                    format!("what listens on {protocol} {at} takes nothing from VRF {vrf}: {then}"),
                    format!(
                        "start the server in it: ip vrf exec {} SERVER; or let all take from \
                         every VRF: sysctl -w net.ipv4.{protocol}_l3mdev_accept=1",
                        shell::word(vrf)
                    ),
                ),
                _ => (
                    format!("nothing listens on {protocol} {at}: {then}"),
                    format!("let the server listen on {at}"),
                ),
            };
            let finding = Finding::new(&catalogue::RS_SRV_01, Severity::Error, message)
                .read(read)
                .words(words);
            Some(finding.unless(doubt::not_listening(ip, port, seen)))
        }
        Some(first) if protocol == Transport::Udp && subject.holds_vips() => {
            let mut all = std::iter::once(first).chain(here);
            if all.any(|socket| socket.ip == ip) {
                return None;
            }
            let message = format!(
                "replies from udp port {} may leave with another source than {ip}",
                port.number
            );
            Some(
                Finding::new(&catalogue::RS_SRV_02, Severity::Warning, message)
                    .read([format!("udp {}", SocketAddr::from((first.ip, first.port)))])
                    .words(format!(
                        "let the server listen on {at}, or set the source of each reply \
                         (IP_PKTINFO)"
                    )),
            )
        }
        Some(_) => None,
    }
}
