// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is what the director sends to an address of this host?

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::finding::{Finding, Severity};
use super::seen::{Device, Seen};
use super::subject::Subject;
use super::tunnel::{outer, receiving};
use crate::mode::Mode;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let gone = |rip: &&IpAddr| is_used(**rip, subject) && !is_here(**rip, seen);
    for rip in subject.rips.iter().filter(gone) {
        let message = format!(
            "RIP {rip} is no address of this host: what the director sends there does not arrive"
        );
        findings.push(
            Finding::new("RS-RIP-01", Severity::Error, message).read([nowhere(*rip)]).mend(
                format!(
                    "give this host {rip} again, or name the address it has now: to the director, \
                     and with --rip"
                ),
            ),
        );
    }
    if subject.mode == Some(Mode::Tun) {
        devices(subject, seen, &mut findings);
    }
    findings
}

/// Whether a VIP comes to that RIP; a set-up remembers those of families that none is of now.
fn is_used(rip: IpAddr, subject: &Subject) -> bool {
    let comes = |vip: &IpAddr| match subject.mode {
        Some(Mode::Tun) => outer(subject, vip.is_ipv6()) == Some(rip.is_ipv6()),
        _ => vip.is_ipv6() == rip.is_ipv6(),
    };
    !subject.holds_vips() || subject.vips.iter().any(comes)
}

/// On an interface, or local by a route, which is enough to receive.
fn is_here(ip: IpAddr, seen: &Seen) -> bool {
    seen.places(ip).next().is_some() || seen.is_local(ip)
}

/// The ends of devices where nobody said which address is the RIP.
fn devices(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let gone = |device: &Device| {
        let local = device.ends.as_ref()?.local?;
        (!subject.rips.contains(&local) && !is_here(local, seen)).then_some(local)
    };
    let mut told = BTreeSet::new();
    for inner_ipv6 in subject.vips.iter().map(IpAddr::is_ipv6).collect::<BTreeSet<bool>>() {
        // One that receives is enough.
        let found: Option<Vec<(&str, IpAddr)>> = receiving(inner_ipv6, subject, seen)
            .map(|device| Some((device.name.as_str(), gone(device)?)))
            .collect();
        for (name, local) in found.into_iter().flatten().filter(|(name, _)| told.insert(*name)) {
            let message =
                format!("{name} takes packets to {local}, which is no address of this host");
            findings.push(
                Finding::new("RS-RIP-01", Severity::Error, message)
                    .read([format!("{name}: local {local}"), nowhere(local)])
                    .mend(format!(
                        "give this host {local} again, or make {name} again with the address the \
                         director sends to as its local one"
                    )),
            );
        }
    }
}

fn nowhere(ip: IpAddr) -> String {
    format!("{ip}: on no interface, and not local by a route")
}
