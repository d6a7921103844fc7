// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that make what is missing, in the words of set-up.

use std::net::IpAddr;

use super::finding::Finding;
use super::seen::Seen;
use super::subject::Subject;
use super::tunnel::{device_for, kind_for};
use crate::facts::{of_family, only_one};
use crate::mode::Mode;
use crate::plan::Change;
use crate::request::Scope;
use crate::tunnel::{Envelope, Tunnel, TunnelKind};

/// The device of that kind as it is to be: named as set-up named it.
pub(super) fn tunnel(kind: TunnelKind, subject: &Subject) -> Tunnel {
    let set_up = subject.tunnels.iter().find(|tunnel| tunnel.kind == kind);
    let fallback = set_up.is_some_and(|tunnel| tunnel.fallback);
    Tunnel {
        name: set_up.map_or_else(|| format!("rs-{kind}"), |tunnel| tunnel.name.clone()),
        kind,
        local: of_family(&subject.rips, kind.over_ipv6()).filter(|_| !fallback),
        remote: only_one(&subject.directors, kind.over_ipv6()).filter(|_| !fallback),
        checksum: subject.envelope == Envelope::Gre { checksum: true },
        fallback,
    }
}

/// The command that makes it.
pub(super) fn create(kind: TunnelKind, subject: &Subject) -> String {
    let tunnel = tunnel(kind, subject);
    let up = Change::Up { device: tunnel.name.clone() }.make();
    if tunnel.fallback {
        return format!("modprobe {} && {up}", kind.module());
    }
    let known = tunnel.local.is_some();
    let make = Change::Tunnel(tunnel).make();
    // Without ends it would be the kernel's own once more.
    if known { format!("{make} && {up}") } else { format!("{make} local RIP && {up}") }
}

/// The device to put that VIP on: never one that answers ARP.
pub(super) fn carrier(vip: IpAddr, subject: &Subject, seen: &Seen) -> String {
    match subject.mode {
        Some(Mode::Tun) => device_for(vip, subject, seen),
        _ if seen.device(&subject.carrier).is_some_and(|device| device.arp) => "lo".to_owned(),
        _ => subject.carrier.clone(),
    }
}

/// The command that makes a carrier.
pub(super) fn make_carrier(device: &str) -> String {
    let device = device.to_owned();
    let up = Change::Up { device: device.clone() }.make();
    format!("{} && {up}", Change::Dummy { device }.make())
}

/// Adds what puts the VIP on its device, which is made if it is not there, and set up.
pub(super) fn to_carrier(finding: Finding, vip: IpAddr, subject: &Subject, seen: &Seen) -> Finding {
    let device = carrier(vip, subject, seen);
    let finding = match (seen.device(&device), subject.mode) {
        (Some(there), _) if there.up => finding,
        // Without that an IPv6 address is not there yet.
        (Some(_), _) => finding.mend(Change::Up { device: device.clone() }.make().to_string()),
        (None, Some(Mode::Tun)) => finding.mend(create(kind_for(vip, subject), subject)),
        (None, _) => finding.mend(make_carrier(&device)),
    };
    finding.mend(add(vip, &device, subject.scope, subject))
}

/// The command that adds a VIP; a label begins with the name of its device.
pub(super) fn add(vip: IpAddr, device: &str, scope: Scope, subject: &Subject) -> String {
    let label = subject.label.clone().filter(|label| vip.is_ipv4() && label.starts_with(device));
    let device = device.to_owned();
    Change::Address { ip: vip, device, tag: None, scope, label }.make().to_string()
}
