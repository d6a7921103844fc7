// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does source validation drop what the director sends? (net/ipv4/fib_frontend.c)

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Severity};
use lvs_host::SysctlKey;

use super::catalogue;
use super::hops::Hops;
use super::receiver;
use super::replies::{self, Way};
use super::seen::Seen;
use super::steps::add;
use super::subject::Subject;
use crate::facts::Family;
use crate::mode::Mode;

/// Says what `__fib_validate_source()` does with a packet from a client that came in by a device by
/// which the route to that client does not leave.
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
    let addressed = || seen.addresses.on(device).any(|have| have.ip.is_ipv4());
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

/// What a director on this host's Ethernet sends comes in by the interface of their network,
/// while the route to it leaves by another.
fn from_directors(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let mut told: Vec<&str> = Vec::new();
    for director in subject.directors.iter().filter(|ip| ip.is_ipv4()) {
        let Some(net) = seen.subnet_of(*director) else { continue };
        let name = net.device.as_str();
        let Some(out) = seen.lookup(*director).and_then(|to| to.device.as_deref()) else {
            continue;
        };
        if out == name || told.contains(&name) || fate(seen, name) == Fate::Passes {
            continue;
        }
        told.push(name);
        let message = format!(
            "rp_filter {} drops what director {director} sends, which arrives on {name}: the \
             route to it leaves by {out}",
            seen.max("rp_filter", name)
        );
        // Of rules for marks and the like nobody can tell whether they are for the director.
        let others = seen.replies.iter().flat_map(|replies| &replies.all);
        let other = others.flat_map(|reply| &reply.others).next();
        findings.push(
            Finding::new(&catalogue::RS_RPF_03, Severity::Error, message)
                .read(seen.read("rp_filter", &["all", name]))
                .command(Phase::Settings, crate::shell::set(&SysctlKey::ipv4(name, "rp_filter"), 2))
                .unless(other.map(|other| {
                    format!("packets of the director may be routed by `{}`", other.rule)
                })),
        );
    }
}

fn tunnels(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    from_directors(subject, seen, findings);
    let Some(vip) = subject.ipv4_vips().next() else { return };
    let ways = replies::ways(subject, seen);
    for device in receiver::receiving(Family::Ipv4, subject, seen) {
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
            let mut finding = Finding::new(&catalogue::RS_RPF_01, Severity::Error, message)
                .read(seen.read("rp_filter", &["all", name]));
            if seen.max("rp_filter", name) != 2 {
                finding = finding.command(Phase::Settings, crate::shell::set(&key, 2));
            }
            if !seen.addresses.on(name).any(|have| have.ip.is_ipv4()) {
                finding = finding.steps([add(vip, name, subject.scope, subject)]);
            }
            findings.push(finding);
        } else if value != 0 {
            let Some(lost) = lost(&ways) else { continue };
            let nowhere = !lost.is_named;
            let to = match nowhere {
                false => lost.who.clone(),
                true => "any client outside this host's networks".to_owned(),
            };
            // Without --client it may be that all clients are in this host's networks.
            let severity = if nowhere { Severity::Info } else { Severity::Error };
            findings.push(
                Finding::new(
                    &catalogue::RS_RPF_02,
                    severity,
                    format!(
                        "no route leads{} to {to}, so rp_filter drops its packets on {name}",
                        lost.source_text()
                    ),
                )
                .read(seen.read("rp_filter", &["all", name]))
                .words("ip route add default via GATEWAY")
                .unless(doubt(lost, name, seen, |to| to.is_some()).filter(|_| !nowhere)),
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
    let ways: Vec<Way> =
        replies::ways(subject, seen).into_iter().filter(|it| it.family == Family::Ipv4).collect();
    for name in inward(subject, seen) {
        let is_elsewhere = |hops: &Hops| hops.devices.iter().find(|out| *out != name).cloned();
        let mine = |hops: &Hops| hops.devices.iter().any(|out| out == name);
        let value = seen.max("rp_filter", name);
        let mut found: Vec<Finding> = Vec::new();
        for way in &ways {
            let Some(out) = way.hops.as_ref().and_then(is_elsewhere) else { continue };
            // Of several next hops one is enough.
            if way.hops.as_ref().is_some_and(mine) || fate(seen, name) == Fate::Passes {
                continue;
            }
            let who = if way.is_named { &way.who } else { "clients" };
            let message = format!(
                "rp_filter {value} drops requests that arrive on {name}: the route{} to {who} \
                 leaves by {out}",
                way.source_text()
            );
            let finding = Finding::new(&catalogue::RS_RPF_03, Severity::Error, message)
                .read(seen.read("rp_filter", &["all", name]))
                .command(
                    Phase::Settings,
                    crate::shell::set(&SysctlKey::ipv4(name, "rp_filter"), 2),
                );
            found.push(finding.unless(doubt(way, name, seen, |to| to.is_some_and(mine))));
        }
        // One tells of the device, the surest.
        findings.extend(found.into_iter().rev().max_by_key(|finding| finding.severity));
    }
}

/// The interfaces that face the directors, or else the RIP's own: requests arrive there.
fn inward<'a>(subject: &'a Subject, seen: &'a Seen) -> Vec<&'a str> {
    let directors = subject.directors.iter().filter(|ip| ip.is_ipv4());
    // Mode dr is for one Ethernet; the route to the director may be that of a rule.
    let near = |ip: &IpAddr| {
        let net = seen.replies.as_ref().and_then(|_| seen.subnet_of(*ip));
        net.map(|net| net.device.as_str()).or_else(|| seen.lookup(*ip)?.device.as_deref())
    };
    let mut inward: Vec<&str> = directors.filter_map(near).collect();
    if inward.is_empty() {
        let rip = subject.rips.iter().flat_map(|rip| seen.places(*rip));
        inward.extend(rip.map(|have| have.device.as_str()));
    }
    let mut told = BTreeSet::new();
    inward.retain(|name| told.insert(*name));
    inward
}

/// The first IPv4 way that leads nowhere.
fn lost(ways: &[Way]) -> Option<&Way> {
    ways.iter().find(|way| way.family == Family::Ipv4 && way.hops.is_none())
}

/// A rule by which source validation may accept what comes in by that device. It knows of a
/// packet its ends, DSCP and, if rules name them, ports; of its mark only by `src_valid_mark`.
fn doubt(
    way: &Way,
    device: &str,
    seen: &Seen,
    is_right: impl Fn(Option<&Hops>) -> bool,
) -> Option<String> {
    let marks = seen.or("src_valid_mark", device);
    let others = way.others.iter().filter(|other| other.validates(marks)).cloned().collect();
    Way { others, ..way.clone() }.doubt(is_right)
}

fn drops(seen: &Seen, findings: &mut Vec<Finding>) {
    let Some((counters, seconds)) = &seen.drops else { return };
    for (name, count) in counters.iter().filter(|(_, count)| **count > 0) {
        let message =
            format!("the kernel dropped {count} packets by source validation in {seconds} s");
        findings.push(
            Finding::new(&catalogue::RS_RPF_05, Severity::Warning, message)
                .read([format!("{name} grew by {count}")])
                .words(
                    "see RS-RPF-01 and RS-RPF-03; a director that sends from the VIP counts too",
                ),
        );
    }
}
