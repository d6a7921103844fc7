// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the changes of `arp_ignore` and `arp_announce` by which no VIP is shown, and the host as
//! it will be with all VIPs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_check::{Phase, Remedy};
use lvs_host::SysctlKey;

use super::arp_model::{Answer, Vip, leaking, shows_others};
use super::guards::once_gone;
use super::seen::{Address, Lookup, Seen};
use super::steps::{Carriers, answers_arp, at_carrier, remove};
use super::subject::Subject;
use crate::arp_ignore::{Hides, hides};
use crate::facts::host_prefix;
use crate::shell;

/// Returns the host with the IPv4 VIPs on their devices of which `which` says so.
pub(super) fn planned<'a>(
    subject: &Subject,
    seen: &'a Seen,
    which: impl Fn(&IpAddr) -> bool,
) -> Cow<'a, Seen> {
    let carriers = Carriers::of(subject, seen);
    let scope = subject.scope.to_string();
    let mut then = Cow::Borrowed(seen);
    for vip in subject.ipv4_vips().filter(which) {
        let then = then.to_mut();
        then.addresses.push(Address::new(carriers.get(vip), vip, host_prefix(vip), &scope));
        then.lookups.insert(vip, Some(Lookup { local: true, ..Lookup::default() }));
        then.arrivals.remove(&vip);
    }
    then
}

/// Returns what hides the VIPs that are to come, before any comes.
pub(super) fn hiding(subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    let then = to_be(subject, seen);
    let vips: Vec<Vip<'_>> = subject.ipv4_vips().map(|vip| Vip::of(&then, vip)).collect();
    // Most interfaces need the same.
    let mut settings: Vec<Vec<(&str, i32)>> = Vec::new();
    let mut steps = Vec::new();
    for nic in seen.speakers().map(|nic| nic.name.as_str()) {
        if is_shown(&then, nic, &vips) {
            let its = lowered_or_raised(seen, nic, 1);
            if !settings.contains(&its) {
                steps.extend(set(subject, seen, &its));
                settings.push(its);
            }
        }
        if !leaking(&then, nic, &vips).is_empty() {
            steps.push(speak_as_self(seen, nic));
        }
    }
    steps
}

/// The host with all VIPs where they belong, and on no interface that answers ARP.
fn to_be<'a>(subject: &Subject, seen: &'a Seen) -> Cow<'a, Seen> {
    let is_wrong = |have: &Address| answers_arp(&have.device, seen);
    let misplaced = |vip: &IpAddr| seen.places(*vip).all(is_wrong);
    let mut then = planned(subject, seen, misplaced);
    let vips: BTreeSet<IpAddr> = subject.ipv4_vips().collect();
    let wrong = |have: &Address| vips.contains(&have.ip) && is_wrong(have);
    if seen.addresses.iter().any(wrong) {
        then.to_mut().addresses.retain(|have| !wrong(have));
    }
    then
}

/// Whether that interface answers for a VIP that is somewhere else.
fn is_shown(seen: &Seen, nic: &str, vips: &[Vip<'_>]) -> bool {
    let value = seen.max("arp_ignore", nic);
    let is_shown =
        |vip: &Vip<'_>| matches!(vip.answers_by(value, nic), Some(Answer::Open | Answer::Shown));
    shows_others(value) && vips.iter().any(is_shown)
}

/// Returns what makes that interface name none of the VIPs: 2 hides them all, whatever it was
/// before.
pub(super) fn speak_as_self(seen: &Seen, nic: &str) -> Remedy {
    let set = |device| shell::set(&SysctlKey::ipv4(device, "arp_announce"), 2);
    let own = seen.ipv4(nic, "arp_announce") > 2;
    let command = if own { format!("{} && {}", set("all"), set(nic)) } else { set("all") };
    Remedy::command(Phase::Settings, command)
}

/// Makes max(`all`, `nic`) of `arp_ignore` equal `value`: whichever is above it comes down.
pub(super) fn lower_or_raise(subject: &Subject, seen: &Seen, nic: &str, value: i32) -> Vec<Remedy> {
    set(subject, seen, &lowered_or_raised(seen, nic, value))
}

fn lowered_or_raised<'a>(seen: &Seen, nic: &'a str, value: i32) -> Vec<(&'a str, i32)> {
    let own = (seen.ipv4(nic, "arp_ignore") > value).then_some((nic, value));
    [("all", value)].into_iter().chain(own).collect()
}

/// Sets `arp_ignore` of some devices. A VIP that would be answered for then, as it is on an
/// interface itself, is moved first.
pub(super) fn set(subject: &Subject, seen: &Seen, settings: &[(&str, i32)]) -> Vec<Remedy> {
    let of = |device: &str| {
        let new = settings.iter().find(|(name, _)| *name == device);
        new.map_or_else(|| seen.ipv4(device, "arp_ignore"), |(_, value)| *value)
    };
    let nics: Vec<&str> = seen.speakers().map(|nic| nic.name.as_str()).collect();
    let all = of("all");
    // Where as much is hidden as before nothing is exposed.
    let mut changed: Vec<(&str, i32, i32)> = Vec::new();
    for nic in &nics {
        let (now, then) = (seen.max("arp_ignore", nic), all.max(of(nic)));
        if hides(now) != hides(then) && hides(now) != Hides::Nothing {
            changed.push((nic, now, then));
        }
    }
    let is_exposed = |vip: &IpAddr| {
        let vip = Vip::of(seen, *vip);
        changed.iter().any(|(nic, now, then)| {
            vip.answers_by(*now, nic).is_none() && vip.answers_by(*then, nic).is_some()
        })
    };
    let vips = subject.ipv4_vips().filter(|_| !changed.is_empty());
    let exposed: Vec<IpAddr> = vips.filter(is_exposed).collect();
    if exposed.is_empty() {
        return vec![Remedy::command(Phase::Settings, command(settings))];
    }
    let mut steps = Vec::new();
    let mut wrong: Vec<&Address> = Vec::new();
    for vip in exposed {
        steps.extend(at_carrier(vip, subject, seen));
        wrong.extend(seen.places(vip).filter(|have| answers_arp(&have.device, seen)));
    }
    steps.extend(wrong.iter().flat_map(|have| remove(have, subject, seen)));
    // Where what comes to its place would be shown meanwhile, nothing is answered at all.
    let mut settings = settings.to_vec();
    let then = to_be(subject, seen);
    let vips: Vec<Vip<'_>> = subject.ipv4_vips().map(|vip| Vip::of(&then, vip)).collect();
    for nic in nics {
        if is_shown(&then, nic, &vips) {
            steps.push(Remedy::command(Phase::Settings, command(&[(nic, 8)])));
            let last = (nic, of(nic).min(of("all")));
            settings.retain(|(device, _)| *device != nic);
            settings.push(last);
        }
    }
    steps.push(Remedy::command(Phase::Relax, once_gone(wrong, &command(&settings))));
    steps
}

fn command(settings: &[(&str, i32)]) -> String {
    let write =
        |(device, value): &(&str, i32)| shell::set(&SysctlKey::ipv4(device, "arp_ignore"), *value);
    settings.iter().map(write).collect::<Vec<_>>().join(" && ")
}
