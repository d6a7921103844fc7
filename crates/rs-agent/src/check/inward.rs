// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds by which interfaces packets for this host's services come in.

use std::collections::HashSet;
use std::net::IpAddr;

use super::receiver::receiving;
use super::seen::{Device, Seen};
use super::subject::Subject;
use crate::facts::Family;
use crate::mode::Mode;

/// Gives the interfaces where packets for that address are expected: mode tun the devices
/// that take the tunnel's packets, else the interface of the director or of the RIP, or all
/// if neither is known.
pub(super) fn expected<'a>(ip: IpAddr, subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    if subject.mode == Some(Mode::Tun) {
        return receiving(Family::of(ip), subject, seen).collect();
    }
    by_ethernet(subject, seen)
}

/// Gives the interface where what the director sends is expected, packed or not: that of the
/// director or of the RIP, whether it answers ARP or not; or all that do if neither is known.
pub(super) fn by_ethernet<'a>(subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    // The director is on the same Ethernet: which one, no route of another table can say.
    let near = |nic: &Device, other: &IpAddr| {
        seen.addresses.iter().any(|have| have.device == nic.name && have.is_near(*other))
    };
    let by_director = |nic: &&Device| subject.directors.iter().any(|director| near(nic, director));
    let by_rip = |nic: &&Device| {
        subject.rips.iter().any(|rip| seen.places(*rip).any(|have| have.device == nic.name))
    };
    let found: Vec<&Device> = seen.facing().filter(by_director).collect();
    if !found.is_empty() {
        return found;
    }
    let found: Vec<&Device> = seen.facing().filter(by_rip).collect();
    if found.is_empty() { seen.nics().collect() } else { found }
}

/// Gives all interfaces where packets for that address may come in, and those that may be
/// asked for it by ARP.
pub(super) fn possible<'a>(ip: IpAddr, subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    let mut all: Vec<&Device> = seen.nics().collect();
    // The expected ones may answer no ARP.
    let known: HashSet<&str> = all.iter().map(|device| device.name.as_str()).collect();
    let others = expected(ip, subject, seen).into_iter();
    all.extend(others.filter(|device| !known.contains(device.name.as_str())));
    all
}
