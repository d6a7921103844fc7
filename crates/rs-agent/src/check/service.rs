// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a server wait for what arrives for the VIP?

use std::net::{IpAddr, SocketAddr};

use super::finding::{Finding, Severity};
use super::seen::{Listener, Seen};
use super::subject::Subject;

/// Whether the socket gets packets for `ip`.
fn takes(socket: &Listener, ip: IpAddr) -> bool {
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

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(listeners) = &seen.listeners else { return findings };
    // In mode nat the packet arrives for the RIP.
    let targets = if subject.holds_vips() { &subject.vips } else { &subject.rips };
    for port in &subject.ports {
        for &ip in targets {
            let at = SocketAddr::from((ip, port.number));
            let mut here = listeners.iter().filter(|socket| {
                socket.tcp == port.tcp && socket.port == port.number && takes(socket, ip)
            });
            let protocol = port.protocol();
            match here.next() {
                None => {
                    let then = if port.tcp { "clients get a reset" } else { "clients get ICMP" };
                    let others: Vec<String> = listeners
                        .iter()
                        .filter(|socket| socket.tcp == port.tcp && socket.port == port.number)
                        .map(|socket| {
                            format!("{protocol} {}", SocketAddr::from((socket.ip, socket.port)))
                        })
                        .collect();
                    let others = if others.is_empty() {
                        vec![format!("{protocol} port {}: no socket", port.number)]
                    } else {
                        others
                    };
                    findings.push(
                        Finding::new(
                            "RS-SRV-01",
                            Severity::Error,
                            format!("nothing listens on {protocol} {at}: {then}"),
                        )
                        .read(others)
                        .mend(format!("let the server listen on {at}")),
                    );
                }
                Some(first) if !port.tcp && subject.holds_vips() => {
                    let mut all = std::iter::once(first).chain(here);
                    if all.any(|socket| socket.ip == ip) {
                        continue;
                    }
                    findings.push(
                        Finding::new(
                            "RS-SRV-02",
                            Severity::Warning,
                            format!("replies from udp port {} may leave with another source than {ip}", port.number),
                        )
                        .read([format!("udp {}", SocketAddr::from((first.ip, first.port)))])
                        .mend(format!("let the server listen on {at}, or set the source of each reply (IP_PKTINFO)")),
                    );
                }
                Some(_) => {}
            }
        }
    }
    findings
}
