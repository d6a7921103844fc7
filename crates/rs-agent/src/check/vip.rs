// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the VIP here, and only the VIP?

use std::net::IpAddr;

use super::doubt;
use super::finding::{Finding, Severity};
use super::inward;
use super::remedy::{add, carrier, make_carrier, to_carrier};
use super::seen::{Address, Seen};
use super::subject::Subject;
use crate::facts::host_prefix;
use crate::mode::Mode;
use crate::request::Scope;
use crate::sysctl_key::SysctlKey;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &vip in subject.vips.iter().filter(|_| subject.holds_vips()) {
        present(vip, subject, seen, &mut findings);
        same(vip, subject, seen, &mut findings);
        for have in seen.places(vip) {
            prefix(vip, have, subject, &mut findings);
            duplicate(vip, have, subject, seen, &mut findings);
        }
    }
    source(subject, seen, &mut findings);
    carriers(subject, seen, &mut findings);
    findings
}

fn present(vip: IpAddr, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
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
    if !arrives(vip, subject, seen) {
        let forwards = if vip.is_ipv4() {
            seen.ipv4("all", "forwarding") != 0
        } else {
            seen.ipv6("all", "forwarding").unwrap_or(0) != 0
        };
        let then = if forwards { "sent back to the director in a loop" } else { "dropped" };
        let message = format!("{vip} is not local here: packets for it are {then}");
        let by = seen.arrivals.get(&vip).map(|arrival| &arrival.foreign_by);
        let by = by.into_iter().flatten().map(|nic| format!("coming in by {nic}: not local"));
        let finding = Finding::new("RS-VIP-01", Severity::Error, message).read([route]).read(by);
        let finding = to_carrier(finding, vip, subject, seen);
        findings.push(finding.unless(doubt::not_local(vip, seen)));
    } else if seen.is_mute(vip) {
        let message = format!(
            "{vip} is local by a rule's table only: packets for it are taken, and replies from it \
             are refused"
        );
        let read = format!("{vip}: on no interface, and no local route in table local");
        let finding = Finding::new("RS-VIP-09", Severity::Error, message).read([route, read]);
        let finding = to_carrier(finding, vip, subject, seen);
        findings.push(finding.unless(doubt::not_local(vip, seen)));
    } else if seen.places(vip).next().is_none() && !seen.is_directing(vip) {
        let message =
            format!("{vip} is local by a route only: enough for services that bind to any address");
        let finding = Finding::new("RS-VIP-06", Severity::Info, message).read([route]);
        findings.push(to_carrier(finding, vip, subject, seen));
    }
}

/// Whether packets for it come to this host itself by the interfaces where they are expected.
fn arrives(vip: IpAddr, subject: &Subject, seen: &Seen) -> bool {
    let nics = inward::expected(vip, subject, seen);
    if nics.is_empty() {
        return seen.is_local(vip);
    }
    nics.iter().any(|nic| seen.is_local_by(vip, &nic.name))
}

fn same(vip: IpAddr, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let gateway = seen.routes.iter().find(|route| route.gateways.contains(&vip));
    let (role, read) = if subject.rips.contains(&vip) {
        ("the RIP", format!("RIP {vip}"))
    } else if subject.directors.contains(&vip) {
        ("a director", format!("director {vip}"))
    } else if gateway.is_some() {
        ("the gateway of a route", format!("a route via {vip}"))
    } else {
        return;
    };
    findings.push(
        Finding::new("RS-VIP-04", Severity::Error, format!("{vip} is both VIP and {role}"))
            .read([read])
            .mend("give the service an address of its own"),
    );
}

fn prefix(vip: IpAddr, have: &Address, subject: &Subject, findings: &mut Vec<Finding>) {
    if have.prefix >= host_prefix(vip) {
        return;
    }
    let (device, wide) = (&have.device, format!("{vip}/{}", have.prefix));
    let on_lo = device == "lo";
    let (severity, message) = if on_lo {
        let message = format!("{wide} on lo makes every address of that subnet local to this host");
        (Severity::Error, message)
    } else {
        let message = format!("{wide} on {device} competes with the route to that subnet");
        (Severity::Warning, message)
    };
    findings.push(
        Finding::new("RS-VIP-02", severity, message)
            .read([have.text()])
            .mend(add(vip, device, subject.scope, subject))
            .mend(format!("ip addr del {wide} dev {device}")),
    );
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
    let finding = Finding::new("RS-VIP-03", Severity::Error, text)
        .read([format!("{} {state}", have.text())])
        .mend(format!("ip addr del {vip}/{} dev {device}", have.prefix));
    findings.push(to_carrier(finding, vip, subject, seen));
}

/// Can the VIP become the source of what this host sends of itself?
fn source(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let bare = seen.nics().find(|nic| {
        let on_nic = |have: &&Address| have.device == nic.name && have.ip.is_ipv4();
        let routed = seen
            .routes
            .iter()
            .any(|route| route.destination.is_ipv4() && route.devices.contains(&nic.name));
        routed && !seen.addresses.iter().any(|have| on_nic(&have) && have.scope != "host")
    });
    let Some(bare) = bare else { return };
    for vip in subject.ipv4_vips() {
        let wide = |have: &&Address| {
            have.scope == "global" && seen.device(&have.device).is_some_and(|device| !device.arp)
        };
        if let Some(have) = seen.places(vip).find(wide) {
            let name = &bare.name;
            findings.push(
                Finding::new(
                    "RS-VIP-05",
                    Severity::Info,
                    format!("{vip} may become the source of what leaves {name}, which has no IPv4 address"),
                )
                .read([have.text()])
                .mend(format!("ip addr del {vip}/{} dev {}", have.prefix, have.device))
                .mend(add(vip, &have.device, Scope::Host, subject)),
            );
        }
    }
}

fn carriers(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let mut devices: Vec<(String, Vec<IpAddr>)> = Vec::new();
    for &vip in subject.vips.iter().filter(|_| subject.holds_vips()) {
        let planned = (subject.mode == Some(Mode::Dr) || seen.places(vip).next().is_none())
            .then(|| carrier(vip, subject, seen));
        let found = seen.places(vip).map(|have| have.device.clone());
        for device in found.chain(planned) {
            match devices.iter_mut().find(|(name, _)| *name == device) {
                Some((_, vips)) if vips.contains(&vip) => {}
                Some((_, vips)) => vips.push(vip),
                None => devices.push((device, vec![vip])),
            }
        }
    }
    for (name, vips) in devices {
        let Some(device) = seen.device(&name) else {
            // Of a tunnel device that is missing RS-TUN-01 tells.
            if subject.mode == Some(Mode::Dr) {
                let lost = vips.iter().find(|vip| !seen.is_local(**vip));
                let doubt = lost.and_then(|vip| doubt::not_local(*vip, seen));
                findings.push(no_carrier(&name, &vips, seen).unless(doubt));
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
            let up = format!("ip link set {name} up");
            let read = [format!("{name}: down")];
            if v6 {
                let message = format!("{name} is down: IPv6 addresses on it are gone");
                let finding = Finding::new("RS-VIP-07", Severity::Error, message).read(read);
                findings.push(finding.mend(up).unless(doubt()));
            } else if v4 && device.ends.is_none() {
                let message = format!("{name} is down; packets for VIPs on it are still accepted");
                findings
                    .push(Finding::new("RS-VIP-07", Severity::Info, message).read(read).mend(up));
            }
        }
        if v6 && seen.ipv6(&name, "disable_ipv6") != Some(0) {
            let read = match seen.ipv6(&name, "disable_ipv6") {
                Some(value) => format!("net/ipv6/conf/{name}/disable_ipv6 = {value}"),
                None => format!("net/ipv6/conf/{name}/disable_ipv6 is not there"),
            };
            findings.push(
                Finding::new("RS-VIP-08", Severity::Error, format!("IPv6 is off on {name}"))
                    .read([read])
                    .mend(format!("sysctl -w {}=0", SysctlKey::ipv6(&name, "disable_ipv6")))
                    .mend(add(
                        vips.into_iter()
                            .find(IpAddr::is_ipv6)
                            .unwrap_or(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)),
                        &name,
                        subject.scope,
                        subject,
                    ))
                    .unless(doubt()),
            );
        }
    }
}

fn no_carrier(name: &str, vips: &[IpAddr], seen: &Seen) -> Finding {
    let lost = vips.iter().any(|vip| !seen.is_local(*vip));
    let severity = if lost { Severity::Error } else { Severity::Info };
    Finding::new("RS-VIP-07", severity, format!("{name}, the device for VIPs, is not there"))
        .read([format!("interface {name}: none")])
        .mend(make_carrier(name))
}
