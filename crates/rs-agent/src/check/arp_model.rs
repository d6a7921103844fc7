// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells what the kernel says of an address in ARP, by its settings (net/ipv4/arp.c).

use std::net::IpAddr;

use super::seen::{Address, Arrival, Seen};
use crate::arp_ignore::{Hides, hides, shown};
use crate::facts::host_prefix;

/// An answer says why an interface answers a request for a VIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// `arp_ignore` lets it.
    Open,
    /// 3 hides addresses of scope host only, and this one has another.
    Shown,
    /// The address is on that very interface.
    OnNic,
}

/// Returns whether `nic` answers "who has `vip`?" when nobody in particular asks (sender
/// 0.0.0.0), or somebody does: `arp_process()` and `arp_ignore()`.
pub(super) fn answers(seen: &Seen, nic: &str, vip: IpAddr) -> Option<Answer> {
    Vip::of(seen, vip).answers_by(seen.max("arp_ignore", nic), nic)
}

/// Returns whether an effective `arp_ignore` lets an interface answer for what is on another.
pub(super) fn shows_others(value: i32) -> bool {
    matches!(hides(value), Hides::Nothing | Hides::ScopeHost)
}

/// Holds what of a VIP is the same for all interfaces, of which there may be hundreds.
pub(super) struct Vip<'a> {
    pub(super) ip: IpAddr,
    is_local: bool,
    arrival: Option<&'a Arrival>,
    places: Vec<&'a Address>,
    /// Those that `arp_ignore` 3 does not hide.
    shown: Vec<&'a Address>,
}

impl<'a> Vip<'a> {
    pub(super) fn of(seen: &'a Seen, ip: IpAddr) -> Self {
        let places: Vec<&Address> = seen.places(ip).collect();
        let is_shown =
            |have: &&&Address| shown(&have.scope, seen.or("route_localnet", &have.device));
        Self {
            ip,
            is_local: seen.is_local(ip),
            arrival: seen.arrivals.get(&ip),
            shown: places.iter().filter(is_shown).copied().collect(),
            places,
        }
    }

    fn is_listed_by(&self, nic: &str) -> bool {
        self.arrival.map_or(self.is_local, |it| it.listed_by.contains(nic))
    }

    /// Returns whether it would answer with that effective `arp_ignore`.
    pub(super) fn answers_by(&self, value: i32, nic: &str) -> Option<Answer> {
        let is_taken = || self.arrival.and_then(|it| it.takes(nic)).unwrap_or(self.is_local);
        if !is_taken() && !self.is_listed_by(nic) {
            return None;
        }
        let is_on = |places: &[&Address]| places.iter().any(|have| have.device == nic);
        match hides(value) {
            Hides::Everything => None,
            Hides::Others => is_on(&self.places).then_some(Answer::OnNic),
            Hides::ScopeHost if self.shown.is_empty() => None,
            Hides::ScopeHost if is_on(&self.shown) => Some(Answer::OnNic),
            Hides::ScopeHost => Some(Answer::Shown),
            Hides::Nothing if is_on(&self.places) => Some(Answer::OnNic),
            Hides::Nothing => Some(Answer::Open),
        }
    }
}

/// Returns those of which an ARP request sent from `nic`, while this host replies as such a VIP,
/// names the VIP as its sender: `arp_solicit()`.
pub(super) fn leaking(seen: &Seen, nic: &str, vips: &[Vip<'_>]) -> Vec<IpAddr> {
    let value = seen.max("arp_announce", nic);
    if value == 2 {
        return Vec::new();
    }
    let networks = seen.addresses.on(nic).filter(|have| have.prefix < host_prefix(have.ip));
    let networks: Vec<&Address> = networks.collect();
    // Only towards a target in the same subnet of that interface (`inet_addr_onlink`).
    let may = |vip: IpAddr| value != 1 || networks.iter().any(|have| have.covers(vip));
    let leaking = vips.iter().filter(|vip| vip.is_listed_by(nic) && may(vip.ip));
    leaking.map(|vip| vip.ip).collect()
}
