// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the changes of `arp_ignore` and `arp_announce` by which no VIP is shown, and the host as
//! it will be with all VIPs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_check::{Phase, Remedy};
use lvs_host::SysctlKey;

use super::arp_model::{Answer, answers, answers_by, leaks};
use super::guards::once_gone;
use super::seen::{Address, Lookup, Seen};
use super::steps::{answers_arp, at_carrier, carrier, remove};
use super::subject::Subject;
use crate::facts::host_prefix;
use crate::shell;

/// Returns the host with the IPv4 VIPs on their devices of which `which` says so.
pub(super) fn planned<'a>(
    subject: &Subject,
    seen: &'a Seen,
    which: impl Fn(&IpAddr) -> bool,
) -> Cow<'a, Seen> {
    let mut seen = Cow::Borrowed(seen);
    for vip in subject.ipv4_vips().filter(which) {
        let (device, scope) = (carrier(vip, subject, &seen), subject.scope.to_string());
        let address = Address::new(&device, vip, host_prefix(vip), &scope);
        let then = seen.to_mut();
        then.addresses.push(address);
        then.lookups.insert(vip, Some(Lookup { local: true, ..Lookup::default() }));
        then.arrivals.remove(&vip);
    }
    seen
}

/// Returns what hides the VIPs that are to come, before any comes.
pub(super) fn hiding(subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    let then = to_be(subject, seen);
    let mut steps = Vec::new();
    for nic in seen.speakers().map(|nic| nic.name.as_str()) {
        if subject.ipv4_vips().any(|vip| is_shown(&then, nic, vip)) {
            steps.extend(lower_or_raise(subject, seen, nic, 1));
        }
        if subject.ipv4_vips().any(|vip| leaks(&then, nic, vip)) {
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
fn is_shown(seen: &Seen, nic: &str, vip: IpAddr) -> bool {
    matches!(answers(seen, nic, vip), Some(Answer::Open | Answer::Shown))
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
    let mut settings = vec![("all", value)];
    if seen.ipv4(nic, "arp_ignore") > value {
        settings.push((nic, value));
    }
    set(subject, seen, &settings)
}

/// Sets `arp_ignore` of some devices. A VIP that would be answered for then, as it is on an
/// interface itself, is moved first.
pub(super) fn set(subject: &Subject, seen: &Seen, settings: &[(&str, i32)]) -> Vec<Remedy> {
    let of = |device: &str| {
        let new = settings.iter().find(|(name, _)| *name == device);
        new.map_or_else(|| seen.ipv4(device, "arp_ignore"), |(_, value)| *value)
    };
    let nics: Vec<&str> = seen.speakers().map(|nic| nic.name.as_str()).collect();
    let exposed = |vip: &IpAddr| {
        nics.iter().any(|nic| {
            answers(seen, nic, *vip).is_none()
                && answers_by(of("all").max(of(nic)), seen, nic, *vip).is_some()
        })
    };
    let exposed: Vec<IpAddr> = subject.ipv4_vips().filter(exposed).collect();
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
    for nic in nics {
        if subject.ipv4_vips().any(|vip| is_shown(&then, nic, vip)) {
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
