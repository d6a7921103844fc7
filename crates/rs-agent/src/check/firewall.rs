// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a firewall drop what the director sends?

use super::finding::{Finding, Severity};
use super::iptables::{Packet, Ruleset};
use super::remedy::Phase;
use super::seen::Seen;
use super::subject::Subject;
use super::tunnel::outer;
use crate::facts::of_family;
use crate::mode::Mode;
use crate::tunnel::Envelope;

const IP_IN_IP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut told: Vec<(bool, String)> = Vec::new();
    for (packet, what) in packets(subject) {
        // Of many VIPs the first in trouble stands for all of its family.
        if told.contains(&(packet.to.is_ipv4(), what.clone())) {
            continue;
        }
        if let Some(why) = &seen.filters.iptables[usize::from(packet.to.is_ipv6())] {
            let message =
                format!("whether the firewall accepts {what} for {} could not be read", packet.to);
            told.push((packet.to.is_ipv4(), what));
            findings.push(
                Finding::new("RS-FW-01", Severity::Unread, message)
                    .read([why.clone()])
                    .words("run it as root, with iptables-legacy installed"),
            );
            continue;
        }
        let rules = if packet.to.is_ipv4() { &seen.iptables } else { &seen.ip6tables };
        let Some(by) = rules.as_ref().and_then(|rules| rules.dropped(packet)) else { continue };
        let program = if packet.to.is_ipv4() { "iptables-legacy" } else { "ip6tables-legacy" };
        let protocol = match packet.protocol {
            TCP => "tcp".to_owned(),
            UDP => "udp".to_owned(),
            number => number.to_string(),
        };
        let port = packet.port.map_or_else(String::new, |port| format!(" --dport {port}"));
        let message = format!("the firewall accepts no {what} for {}", packet.to);
        let ipip = packet.protocol == IP_IN_IP && rules.as_ref().is_some_and(Ruleset::names_ipip);
        let ipip = ipip.then(|| "-p ipip is protocol 94: IP in IP is 4, ipencap".to_owned());
        told.push((packet.to.is_ipv4(), what));
        findings.push(
            Finding::new("RS-FW-01", Severity::Warning, message)
                .read([format!("{program}-save: {by}, and no rule that may accept it")])
                .read(ipip)
                .run(
                    Phase::Rest,
                    format!("{program} -I INPUT -d {} -p {protocol}{port} -j ACCEPT", packet.to),
                ),
        );
    }
    findings
}

/// Whether there is anything to ask of a firewall.
pub(super) fn judges(subject: &Subject) -> bool {
    !packets(subject).is_empty()
}

/// What has to come in, and its name: envelopes, and with `--port` what clients send.
fn packets(subject: &Subject) -> Vec<(Packet, String)> {
    let mut packets = Vec::new();
    let vips = [false, true].map(|ipv6| of_family(&subject.vips, ipv6));
    for vip in vips.into_iter().flatten().filter(|_| subject.mode == Some(Mode::Tun)) {
        let rip = outer(subject, vip.is_ipv6()).and_then(|ipv6| of_family(&subject.rips, ipv6));
        let (protocol, port) = match subject.envelope {
            Envelope::Ipip => (if vip.is_ipv4() { IP_IN_IP } else { 41 }, None),
            Envelope::Gre { .. } => (47, None),
            Envelope::Gue { port } => (UDP, Some(port)),
        };
        let packet = rip.map(|to| Packet { to, protocol, port });
        let what = match port {
            Some(port) => format!("GUE on UDP port {port}"),
            None => format!("packets of protocol {protocol}"),
        };
        packets.extend(packet.map(|packet| (packet, what)));
    }
    let targets = if subject.holds_vips() { &subject.vips } else { &subject.rips };
    for port in &subject.ports {
        let protocol = if port.tcp { TCP } else { UDP };
        let what = format!("{}/{}", port.protocol(), port.number);
        let packet = |&to| Packet { to, protocol, port: Some(port.number) };
        packets.extend(targets.iter().map(packet).map(|packet| (packet, what.clone())));
    }
    packets
}
