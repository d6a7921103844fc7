// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does source validation drop what the director sends? (net/ipv4/fib_frontend.c)

use std::net::IpAddr;

use super::finding::{Finding, Severity};
use super::remedy::Phase;
use super::seen::Seen;
use super::steps::add;
use super::subject::Subject;
use super::tunnel;
use crate::mode::Mode;
use crate::sysctl_key::SysctlKey;

/// What `__fib_validate_source()` does with a packet from a client that came in by a device
/// by which the route to that client does not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Accepted.
    Passes,
    /// Dropped: `rp_filter` is 1, strict.
    Strict,
    /// Dropped: `rp_filter` is loose, but the device has no IPv4 address.
    NoAddress,
}

pub(super) fn fate(seen: &Seen, device: &str) -> Fate {
    let addressed = || seen.addresses.iter().any(|have| have.device == device && have.ip.is_ipv4());
    match seen.max("rp_filter", device) {
        0 => Fate::Passes,
        1 => Fate::Strict,
        _ if addressed() => Fate::Passes,
        _ => Fate::NoAddress,
    }
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    match subject.mode {
        Some(Mode::Tun) => tunnels(subject, seen, &mut findings),
        Some(Mode::Dr) => direct(subject, seen, &mut findings),
        _ => {}
    }
    drops(seen, &mut findings);
    findings
}

fn tunnels(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let Some(vip) = subject.ipv4_vips().next() else { return };
    for device in tunnel::receiving(false, subject, seen) {
        let name = &device.name;
        let value = seen.max("rp_filter", name);
        let without = match fate(seen, name) {
            Fate::Passes => "",
            Fate::Strict => ")",
            Fate::NoAddress => ", and the device has no IPv4 address)",
        };
        let key = SysctlKey::ipv4(name, "rp_filter");
        if fate(seen, name) != Fate::Passes {
            let message =
                format!("rp_filter drops what comes out of {name} (effective {value}{without}");
            let mut finding = Finding::new("RS-RPF-01", Severity::Error, message)
                .read(seen.read("rp_filter", &["all", name]));
            if seen.max("rp_filter", name) != 2 {
                finding = finding.run(Phase::Settings, crate::shell::set(&key, 2));
            }
            if !seen.addresses.iter().any(|have| have.device == *name && have.ip.is_ipv4()) {
                finding = finding.steps([add(vip, name, subject.scope, subject)]);
            }
            findings.push(finding);
        } else if value != 0 {
            let lost: Vec<IpAddr> =
                subject.clients().filter(|ip| ip.is_ipv4() && seen.lookup(*ip).is_none()).collect();
            let nowhere = subject.client.is_none() && seen.default_route(false).is_none();
            let to = match lost.first() {
                Some(client) => client.to_string(),
                None if nowhere => "any client outside this host's networks".to_owned(),
                None => continue,
            };
            // Without --client it may be that all clients are in this host's networks.
            let severity = if nowhere { Severity::Info } else { Severity::Error };
            findings.push(
                Finding::new(
                    "RS-RPF-02",
                    severity,
                    format!("no route leads to {to}, so rp_filter drops its packets on {name}"),
                )
                .read(seen.read("rp_filter", &["all", name]))
                .mend("ip route add default via GATEWAY"),
            );
        }
    }
}

/// Mode dr: requests come in by the interface that faces the director; replies may leave
/// by another.
fn direct(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    if subject.ipv4_vips().next().is_none() {
        return;
    }
    let faces_director = |ip: &&IpAddr| ip.is_ipv4();
    let known = subject.directors.iter().filter(faces_director);
    let mut inward: Vec<&str> =
        known.filter_map(|ip| seen.lookup(*ip)?.device.as_deref()).collect();
    if inward.is_empty() {
        // The RIP's own interface is where the director's packets arrive.
        let rip = subject.rips.iter().flat_map(|rip| seen.places(*rip));
        inward.extend(rip.map(|have| have.device.as_str()));
    }
    let mut outward: Vec<(String, &str)> = subject
        .clients()
        .filter(IpAddr::is_ipv4)
        .filter_map(|ip| Some((ip.to_string(), seen.lookup(ip)?.device.as_deref()?)))
        .collect();
    if outward.is_empty()
        && let Some(route) = seen.default_route(false)
    {
        outward.extend(route.devices.iter().map(|name| ("clients".to_owned(), name.as_str())));
    }
    inward.dedup();
    for name in inward {
        let value = seen.max("rp_filter", name);
        let elsewhere = outward.iter().find(|(_, out)| *out != name);
        let Some((who, out)) = elsewhere else { continue };
        if outward.iter().any(|(_, out)| *out == name) && subject.client.is_none() {
            continue;
        }
        if fate(seen, name) != Fate::Passes {
            let message = format!(
                "rp_filter {value} drops requests that arrive on {name}: the route to {who} \
                 leaves by {out}"
            );
            findings.push(
                Finding::new("RS-RPF-03", Severity::Error, message)
                    .read(seen.read("rp_filter", &["all", name]))
                    .run(
                        Phase::Settings,
                        crate::shell::set(&SysctlKey::ipv4(name, "rp_filter"), 2),
                    ),
            );
        }
    }
}

fn drops(seen: &Seen, findings: &mut Vec<Finding>) {
    let Some((counters, seconds)) = &seen.drops else { return };
    for (name, count) in counters.iter().filter(|(_, count)| **count > 0) {
        let message =
            format!("the kernel dropped {count} packets by source validation in {seconds} s");
        findings.push(
            Finding::new("RS-RPF-05", Severity::Warning, message)
                .read([format!("{name} grew by {count}")])
                .mend("see RS-RPF-01 and RS-RPF-03; a director that sends from the VIP counts too"),
        );
    }
}
