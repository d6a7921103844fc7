// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether the VIP is here, and only the VIP.

use std::collections::HashSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Severity};
use lvs_host::SysctlKey;

use super::catalogue;
use super::doubt;
use super::inward::Expected;
use super::seen::{Address, Device, Lookup, Route, Seen};
use super::steps::{
    Carriers, add, again, answers_arp, carrier, is_end_of_link, is_own, make_carrier,
    may_be_directors, remove, to_carrier, up,
};
use super::subject::Subject;
use crate::facts::host_prefix;
use crate::mode::Mode;
use crate::request::Scope;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let expected = Expected::of(subject, seen);
    let gateways: HashSet<&IpAddr> = seen.routes.iter().flat_map(|it| &it.gateways).collect();
    for &vip in subject.vips.iter().filter(|_| subject.holds_vips()) {
        present(vip, expected.by(vip), subject, seen, &mut findings);
        same(vip, gateways.contains(&vip), subject, seen, &mut findings);
        for have in seen.places(vip) {
            prefix(vip, have, subject, seen, &mut findings);
            duplicate(vip, have, subject, seen, &mut findings);
        }
    }
    source(subject, seen, &mut findings);
    carriers(subject, seen, &mut findings);
    findings
}

/// `nics` are those where packets for it are expected.
fn present(
    vip: IpAddr,
    nics: &[&Device],
    subject: &Subject,
    seen: &Seen,
    findings: &mut Vec<Finding>,
) {
    let read = match seen.lookup(vip) {
        Some(to) if to.local => "local".to_owned(),
        Some(to) => match (&to.gateway, &to.device) {
            (Some(gateway), _) => format!("via {gateway}"),
            (None, Some(device)) => format!("dev {device}"),
            (None, None) => "elsewhere".to_owned(),
        },
        None => "nowhere".to_owned(),
    };
    let route = format!("route to {vip}: {read}");
    if !arrives(vip, nics, seen) {
        let forwards = if vip.is_ipv4() {
            seen.ipv4("all", "forwarding") != 0
        } else {
            seen.ipv6("all", "forwarding").unwrap_or(0) != 0
        };
        let then = if forwards { "sent back to the director in a loop" } else { "dropped" };
        let message = format!("{vip} is not local here: packets for it are {then}");
        let by = seen.arrivals.get(&vip).map(|arrival| &arrival.foreign_by);
        let by = by.into_iter().flatten().map(|nic| format!("coming in by {nic}: not local"));
        let finding = Finding::new(&catalogue::RS_VIP_01, Severity::Error, message)
            .read([route])
            .read(by)
            .read(places_in_vrfs(vip, seen).map(|(have, vrf)| in_vrf(have, vrf)));
        let mut finding = to_carrier(finding, vip, subject, seen);
        if finding.remedy.is_empty() {
            // It is where it belongs, and another table is asked before table local.
            finding = finding.words(
                "a rule (`ip rule`) or a VRF keeps packets for it from table local: let them \
                 reach that table, or add the VIP to the VRF's own device",
            );
        }
        findings.push(finding.unless(doubt::not_local(vip, seen)));
    } else if seen.is_mute(vip) {
        let message = format!(
            "{vip} is local by a rule's table only: packets for it are taken, and replies from it \
             are refused"
        );
        let read = format!("{vip}: on no interface, and no local route in table local");
        let finding =
            Finding::new(&catalogue::RS_VIP_09, Severity::Error, message).read([route, read]);
        let finding = to_carrier(finding, vip, subject, seen);
        findings.push(finding.unless(doubt::not_local(vip, seen)));
    } else if seen.places(vip).next().is_none() && !seen.is_directing(vip) {
        let message =
            format!("{vip} is local by a route only: enough for services that bind to any address");
        let finding = Finding::new(&catalogue::RS_VIP_06, Severity::Info, message).read([route]);
        findings.push(to_carrier(finding, vip, subject, seen));
    } else if let Some((nic, have, vrf)) = past_vrf(vip, nics, seen) {
        let message = format!("{vip} is not local for what comes in by {nic}");
        let why = format!("it is not known whether the director's packets come in by VRF {vrf}");
        let finding = Finding::new(&catalogue::RS_VIP_01, Severity::Error, message).read([
            route,
            in_vrf(have, vrf),
            format!("coming in by {nic}: not local"),
        ]);
        let told = "name the director with --director, or the address it sends to with --rip";
        findings.push(finding.unless(Some(why)).words(told));
    }
}

/// Where the VIP is on a device of a VRF, and of which.
fn places_in_vrfs(vip: IpAddr, seen: &Seen) -> impl Iterator<Item = (&Address, &str)> {
    seen.places(vip).filter_map(|have| Some((have, seen.device(&have.device)?.domain()?)))
}

fn in_vrf(have: &Address, vrf: &str) -> String {
    format!("{}, in VRF {vrf}", have.text())
}

/// An interface by which packets may come for a VIP that is local in a VRF only, and are not for
/// it then; where the VIP is, and the VRF.
fn past_vrf<'a>(
    vip: IpAddr,
    nics: &[&'a Device],
    seen: &'a Seen,
) -> Option<(&'a str, &'a Address, &'a str)> {
    let (have, vrf) = places_in_vrfs(vip, seen).next()?;
    let is_past = |nic: &&Device| nic.domain() != Some(vrf) && !seen.is_local_by(vip, &nic.name);
    let nic = nics.iter().copied().find(is_past)?;
    Some((&nic.name, have, vrf))
}

/// Whether packets for it come to this host itself by the interfaces where they are expected.
fn arrives(vip: IpAddr, nics: &[&Device], seen: &Seen) -> bool {
    // Without an answer of its own each interface is like all.
    let is_told = seen.arrivals.contains_key(&vip);
    if nics.is_empty() || !is_told {
        return seen.is_local(vip);
    }
    nics.iter().any(|nic| seen.is_local_by(vip, &nic.name))
}

fn same(
    vip: IpAddr,
    is_gateway: bool,
    subject: &Subject,
    seen: &Seen,
    findings: &mut Vec<Finding>,
) {
    // On a link without ARP a director's address is in nobody's way.
    let is_told = |have: &Address| !subject.also_director || answers_arp(&have.device, seen);
    let own = seen.places(vip).find(|have| is_own(have, subject, seen) && is_told(have));
    let (role, read) = if subject.rips.contains(&vip) {
        ("the RIP", format!("RIP {vip}"))
    } else if subject.directors.contains(&vip) {
        ("a director", format!("director {vip}"))
    } else if is_gateway {
        ("the gateway of a route", format!("a route via {vip}"))
    } else if let Some(have) = own {
        let message = format!("{vip} is this host's own address on {}", have.device);
        let finding =
            Finding::new(&catalogue::RS_VIP_04, Severity::Error, message).read([have.text()]);
        findings.push(finding.words(
            "give the service an address of its own; --also-director if this host has this one \
             as its director",
        ));
        return;
    } else {
        return;
    };
    findings.push(
        Finding::new(
            &catalogue::RS_VIP_04,
            Severity::Error,
            format!("{vip} is both VIP and {role}"),
        )
        .read([read])
        .words("give the service an address of its own"),
    );
}

fn prefix(
    vip: IpAddr,
    have: &Address,
    subject: &Subject,
    seen: &Seen,
    findings: &mut Vec<Finding>,
) {
    let told = may_be_directors(have, seen) || is_own(have, subject, seen); // by another rule
    // The other end of a link, on a device that has none.
    let is_for_a_peer = have.peer.is_some()
        && seen.device(&have.device).is_some_and(|device| !device.is_point_to_point());
    if !(have.prefix < host_prefix(vip) || is_for_a_peer) || told {
        return;
    }
    let (device, wide) = (&have.device, have.named());
    let (severity, does) = if device == "lo" && vip.is_ipv4() {
        (Severity::Error, "makes every address of that subnet local to this host")
    } else if takes_subnet(have, seen) {
        (Severity::Error, "takes what this host sends to that subnet")
    } else {
        (Severity::Warning, "competes with the route to that subnet")
    };
    let message = format!("{wide} on {device} {does}");
    let finding = Finding::new(&catalogue::RS_VIP_02, severity, message).read([have.text()]);
    findings.push(narrow(finding, have, subject, seen));
}

/// Whether packets to others in that subnet leave by the VIP's device, where nobody is.
fn takes_subnet(have: &Address, seen: &Seen) -> bool {
    let name = &have.device;
    if answers_arp(name, seen) {
        return false;
    }
    let leaves = |(ip, to): (&IpAddr, &Option<Lookup>)| {
        let by = to.as_ref().filter(|to| !to.local).and_then(|to| to.device.as_ref());
        have.covers(*ip) && by == Some(name)
    };
    // Of equal routes the first counts, and it is listed first.
    let same = |route: &&Route| route.prefix == have.prefix && have.covers(route.destination);
    let first = seen.routes.iter().filter(same).min_by_key(|route| route.metric);
    let beside = seen.routes.iter().filter(same).any(|route| !route.devices.contains(name));
    seen.lookups.iter().any(leaves)
        || (beside && first.is_some_and(|route| route.devices.contains(name)))
}

/// Adds what makes a single address of it.
fn narrow(finding: Finding, have: &Address, subject: &Subject, seen: &Seen) -> Finding {
    let (vip, device) = (have.ip, &have.device);
    if answers_arp(device, seen) {
        return to_carrier(finding, vip, subject, seen).steps(remove(have, subject, seen));
    }
    if vip.is_ipv6() {
        return finding.steps([again(have, subject.scope, subject)]);
    }
    let is_there =
        |it: &Address| it.device == *device && it.prefix == host_prefix(vip) && it.peer.is_none();
    let missing = !seen.places(vip).any(is_there);
    let add = missing.then(|| add(vip, device, subject.scope, subject).on(device));
    finding.steps(add).steps(remove(have, subject, seen))
}

fn duplicate(
    vip: IpAddr,
    have: &Address,
    subject: &Subject,
    seen: &Seen,
    findings: &mut Vec<Finding>,
) {
    if !(have.tentative || have.dad_failed) {
        return;
    }
    let device = &have.device;
    let (state, text) = if have.dad_failed {
        ("dadfailed", format!("{vip} on {device} is unusable: another host has it too"))
    } else {
        ("tentative", format!("{vip} on {device} is not usable yet: it is looked for on the wire"))
    };
    let finding = Finding::new(&catalogue::RS_VIP_03, Severity::Error, text)
        .read([format!("{} {state}", have.text())]);
    let finding = to_carrier(finding, vip, subject, seen);
    let is_carrier = *device == carrier(vip, subject, seen);
    let gone = if is_carrier { Vec::new() } else { remove(have, subject, seen) };
    findings.push(finding.steps(gone));
}

/// Can the VIP become the source of what this host sends of itself?
fn source(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let routes = seen.routes.iter().filter(|route| route.destination.is_ipv4());
    let routed: HashSet<&String> = routes.flat_map(|route| &route.devices).collect();
    let is_bare = |nic: &&Device| {
        !seen.addresses.on(&nic.name).any(|have| have.ip.is_ipv4() && have.scope != "host")
    };
    let bare = seen.nics().filter(|nic| routed.contains(&nic.name)).find(is_bare);
    let Some(bare) = bare else { return };
    for vip in subject.ipv4_vips() {
        let wide = |have: &&Address| {
            have.scope == "global"
                && seen.device(&have.device).is_some_and(|device| !device.answers_arp())
        };
        // Then it is to be one.
        let is_hosts =
            |have: &&Address| is_end_of_link(have, subject, seen) || is_own(have, subject, seen);
        if let Some(have) = seen.places(vip).find(|have| wide(have) && !is_hosts(have)) {
            let name = &bare.name;
            let message = format!(
                "{vip} may become the source of what leaves {name}, which has no IPv4 address"
            );
            let finding =
                Finding::new(&catalogue::RS_VIP_05, Severity::Info, message).read([have.text()]);
            findings.push(if have.prefix == host_prefix(vip) {
                finding.steps([again(have, Scope::Host, subject)])
            } else {
                narrow(finding, have, subject, seen)
            });
        }
    }
}

fn carriers(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let carriers = Carriers::of(subject, seen);
    let mut devices: Vec<(&str, Vec<IpAddr>)> = Vec::new();
    for &vip in subject.vips.iter().filter(|_| subject.holds_vips()) {
        let planned = (subject.mode == Some(Mode::Dr) || seen.places(vip).next().is_none())
            .then(|| carriers.get(vip));
        // On an interface that answers ARP it is not to be at all: RS-ARP-07.
        let found = seen.places(vip).map(|have| have.device.as_str());
        let found = found.filter(|device| !answers_arp(device, seen));
        for device in found.chain(planned) {
            match devices.iter_mut().find(|(name, _)| *name == device) {
                Some((_, vips)) if vips.last() == Some(&vip) => {}
                Some((_, vips)) => vips.push(vip),
                None => devices.push((device, vec![vip])),
            }
        }
    }
    for (name, vips) in devices {
        let Some(device) = seen.device(name) else {
            // Of a tunnel device that is missing RS-TUN-01 tells.
            if subject.mode == Some(Mode::Dr) {
                let lost = vips.iter().find(|vip| !seen.is_local(**vip));
                let doubt = lost.and_then(|vip| doubt::not_local(*vip, seen));
                findings.push(no_carrier(name, &vips, seen).unless(doubt));
            }
            continue;
        };
        let v4 = vips.iter().any(IpAddr::is_ipv4);
        // One that is elsewhere, too, needs nothing of this device.
        let needs = |vip: &&IpAddr| {
            vip.is_ipv6()
                && (!seen.is_local(**vip) || seen.places(**vip).any(|have| have.device == name))
        };
        let needing: Vec<IpAddr> = vips.iter().filter(needs).copied().collect();
        let v6 = !needing.is_empty();
        let doubt = || needing.first().and_then(|vip| doubt::not_local(*vip, seen));
        if !device.up {
            let up = up(name);
            let read = [format!("{name}: down")];
            if v6 {
                let message = format!("{name} is down: IPv6 addresses on it are gone");
                let finding =
                    Finding::new(&catalogue::RS_VIP_07, Severity::Error, message).read(read);
                findings.push(finding.command(Phase::Up, up).unless(doubt()));
            } else if v4 && device.ends.is_none() {
                let message = format!("{name} is down; packets for VIPs on it are still accepted");
                findings.push(
                    Finding::new(&catalogue::RS_VIP_07, Severity::Info, message)
                        .read(read)
                        .command(Phase::Up, up),
                );
            }
        }
        if v6 && seen.ipv6(name, "disable_ipv6") != Some(0) {
            let read = match seen.ipv6(name, "disable_ipv6") {
                Some(value) => format!("net/ipv6/conf/{name}/disable_ipv6 = {value}"),
                None => format!("net/ipv6/conf/{name}/disable_ipv6 is not there"),
            };
            let on = crate::shell::set(&SysctlKey::ipv6(name, "disable_ipv6"), 0);
            let finding = Finding::new(
                &catalogue::RS_VIP_08,
                Severity::Error,
                format!("IPv6 is off on {name}"),
            )
            .read([read])
            .command(Phase::Settings, on);
            let gone =
                vips.iter().filter(|vip| vip.is_ipv6() && seen.places(**vip).next().is_none());
            let gone = gone.map(|vip| add(*vip, name, subject.scope, subject));
            findings.push(finding.steps(gone).unless(doubt()));
        }
    }
}

fn no_carrier(name: &str, vips: &[IpAddr], seen: &Seen) -> Finding {
    let lost = vips.iter().any(|vip| !seen.is_local(*vip));
    let severity = if lost { Severity::Error } else { Severity::Info };
    Finding::new(
        &catalogue::RS_VIP_07,
        severity,
        format!("{name}, the device for VIPs, is not there"),
    )
    .read([format!("interface {name}: none")])
    .command(Phase::Devices, make_carrier(name))
}
