// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether what the director sends is to an address of this host, and arrives.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};

use super::catalogue;
use super::guards::once_gone;
use super::receiver::{outer, receiving};
use super::seen::{Address, Device, Seen};
use super::steps::up;
use super::subject::Subject;
use crate::facts::Family;
use crate::mode::Mode;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let gone = |rip: &&IpAddr| is_used(**rip, subject) && !is_here(**rip, seen);
    for rip in subject.rips.iter().filter(gone) {
        let message = format!(
            "RIP {rip} is no address of this host: what the director sends there does not arrive"
        );
        findings.push(
            Finding::new(&catalogue::RS_RIP_01, Severity::Error, message)
                .read([nowhere(*rip)])
                .words(format!(
                    "give this host {rip} again, or name the address it has now: to the director, \
                     and with --rip"
                )),
        );
    }
    for rip in subject.rips.iter().filter(|rip| is_used(**rip, subject)) {
        findings.extend(duplicate(*rip, seen));
    }
    if subject.mode == Some(Mode::Tun) {
        devices(subject, seen, &mut findings);
    }
    dead(subject, seen, &mut findings);
    findings
}

/// An IPv6 address that nobody finds here, as another host has it, or may have it.
fn duplicate(rip: IpAddr, seen: &Seen) -> Option<Finding> {
    let is_unusable = |have: &Address| have.dad_failed || have.tentative;
    let have = seen.places(rip).next().filter(|_| seen.places(rip).all(is_unusable))?;
    let device = &have.device;
    // Without a carrier nothing is looked for: RS-RIP-02 has that.
    if !have.dad_failed && !seen.device(device).is_some_and(is_alive) {
        return None;
    }
    let (state, message, words) = if have.dad_failed {
        (
            "dadfailed",
            format!("RIP {rip} on {device} is unusable: another host has it too"),
            format!("give the other host another address, then add {rip} on {device} again"),
        )
    } else {
        (
            "tentative",
            format!("RIP {rip} on {device} is not usable yet: it is looked for on the wire"),
            "wait some seconds, and check again".to_owned(),
        )
    };
    let finding = Finding::new(&catalogue::RS_RIP_01, Severity::Error, message);
    Some(finding.read([format!("{} {state}", have.text())]).words(words))
}

/// Interfaces where nothing can arrive: those of the RIPs and those towards the directors, or all.
fn dead(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let nics: Vec<&Device> = seen.devices.iter().filter(|device| device.answers_arp()).collect();
    let mut told = BTreeSet::new();
    // One that is alive is enough.
    let mut tell = |is_it: &dyn Fn(&Address) -> bool, what: String| {
        let found = || seen.addresses.iter().filter(|have| is_it(have));
        let dead = |have: &Address| {
            nics.iter().find(|nic| nic.name == have.device).filter(|nic| !is_alive(nic))
        };
        let Some(nic) = found().find_map(dead) else { return };
        if found().all(|have| dead(have).is_some()) && told.insert(nic.name.clone()) {
            let message = format!("{}, {what}, {}: nothing arrives there", nic.name, state(nic));
            findings.push(revive(message, &[*nic], subject, seen));
        }
    };
    for rip in subject.rips.iter().filter(|rip| is_used(**rip, subject)) {
        tell(&|have| have.ip == *rip, format!("which has RIP {rip}"));
    }
    for director in subject.directors.iter().filter(|ip| !goes_otherwise(**ip, subject, seen)) {
        let is_near = |have: &Address| have.is_near(*director);
        tell(&is_near, format!("the way to director {director}"));
    }
    let goes = |family| {
        let devices = seen.default_route(family).into_iter().flat_map(|route| &route.devices);
        devices.into_iter().any(|name| seen.device(name).is_some_and(is_alive))
    };
    let all_dead = !nics.is_empty() && !nics.iter().any(|nic| is_alive(nic));
    if told.is_empty() && subject.holds_vips() && all_dead && !Family::BOTH.into_iter().any(goes) {
        let message = "no interface is up and has a carrier: nothing arrives".to_owned();
        findings.push(revive(message, &nics, subject, seen));
    }
}

/// Whether what is sent to that director leaves by an interface that is alive; only in mode tun
/// may there be a router between the two.
fn goes_otherwise(director: IpAddr, subject: &Subject, seen: &Seen) -> bool {
    seen.lookup(director).is_some_and(|to| {
        let by = to.device.as_deref().and_then(|name| seen.device(name));
        by.is_some_and(is_alive) && (to.gateway.is_none() || subject.mode == Some(Mode::Tun))
    })
}

fn is_alive(device: &Device) -> bool {
    device.up && device.carrier
}

fn state(device: &Device) -> &'static str {
    if device.up { "has no carrier" } else { "is down" }
}

/// Sets an interface up once no VIP is on it, and those that are elsewhere are hidden.
fn revive(message: String, nics: &[&Device], subject: &Subject, seen: &Seen) -> Finding {
    let read = nics.iter().map(|nic| format!("{} {}", nic.name, state(nic)));
    let finding = Finding::new(&catalogue::RS_RIP_02, Severity::Error, message).read(read);
    match nics.first() {
        Some(nic) if !nic.up => {
            let vips = subject.vips.iter().filter(|_| subject.holds_vips());
            let on_nic = vips.flat_map(|vip| seen.places(*vip));
            let on_nic = on_nic.filter(|have| have.device == nic.name);
            let command = once_gone(on_nic, &up(&nic.name));
            let shows = subject.holds_vips() && subject.ipv4_vips().next().is_some();
            finding.steps([Remedy { shows, ..Remedy::command(Phase::Rest, command) }])
        }
        _ => finding.words("see its cable and what it is connected to, and check again"),
    }
}

/// Whether a VIP comes to that RIP; a set-up remembers those of families that none is of now.
fn is_used(rip: IpAddr, subject: &Subject) -> bool {
    let comes = |vip: &IpAddr| match subject.mode {
        Some(Mode::Tun) => outer(subject, Family::of(*vip)) == Some(Family::of(rip)),
        _ => Family::of(*vip).has(rip),
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
    for inner in subject.vips.iter().copied().map(Family::of).collect::<BTreeSet<Family>>() {
        // One that receives is enough.
        let found: Option<Vec<(&str, IpAddr)>> = receiving(inner, subject, seen)
            .map(|device| Some((device.name.as_str(), gone(device)?)))
            .collect();
        for (name, local) in found.into_iter().flatten().filter(|(name, _)| told.insert(*name)) {
            let message =
                format!("{name} takes packets to {local}, which is no address of this host");
            findings.push(
                Finding::new(&catalogue::RS_RIP_01, Severity::Error, message)
                    .read([format!("{name}: local {local}"), nowhere(local)])
                    .words(format!(
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
