// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds by which interfaces packets for this host's services come in.

use std::collections::HashSet;
use std::net::IpAddr;

use super::receiver::receiving;
use super::seen::{Address, Device, Seen};
use super::subject::Subject;
use crate::facts::Family;
use crate::mode::Mode;

/// Holds the interfaces where packets are expected, for who asks of many addresses.
pub(super) struct Expected<'a> {
    /// Of IPv4, and of IPv6.
    by_family: [Vec<&'a Device>; 2],
}

impl<'a> Expected<'a> {
    pub(super) fn of(subject: &'a Subject, seen: &'a Seen) -> Self {
        let by_family = match subject.mode {
            Some(Mode::Tun) => Family::BOTH.map(|inner| receiving(inner, subject, seen).collect()),
            _ => {
                let all = by_ethernet(subject, seen);
                [all.clone(), all]
            }
        };
        Self { by_family }
    }

    /// Gives those where packets for that address are expected: mode tun the devices that take
    /// the tunnel's packets, else the interface of the director or of the RIP, or all if neither
    /// is known.
    pub(super) fn by(&self, ip: IpAddr) -> &[&'a Device] {
        &self.by_family[usize::from(ip.is_ipv6())]
    }
}

/// Gives the same of one address.
pub(super) fn expected<'a>(ip: IpAddr, subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    Expected::of(subject, seen).by(ip).to_vec()
}

/// Gives the interface where what the director sends is expected, packed or not: that of the
/// director or of the RIP, whether it answers ARP or not; or all that do if neither is known.
pub(super) fn by_ethernet<'a>(subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    // The director is on the same Ethernet: which one, no route of another table can say.
    let is_near = |have: &&Address| subject.directors.iter().any(|ip| have.is_near(*ip));
    let found = facing(seen.addresses.iter().filter(is_near), seen);
    if !found.is_empty() {
        return found;
    }
    let found = facing(subject.rips.iter().flat_map(|rip| seen.places(*rip)), seen);
    if found.is_empty() { seen.nics().collect() } else { found }
}

/// The interfaces that have these addresses, and by which packets of others come in.
fn facing<'a>(have: impl Iterator<Item = &'a Address>, seen: &'a Seen) -> Vec<&'a Device> {
    let names: HashSet<&str> = have.map(|have| have.device.as_str()).collect();
    seen.facing().filter(|nic| names.contains(nic.name.as_str())).collect()
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
