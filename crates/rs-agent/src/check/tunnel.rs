// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a device decapsulate the director's packets?

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};

use super::catalogue;
use super::receiver;
use super::receiver::{Fit, asked_for, counts, fit, is_fallback, kind, outer, receiving};
use super::replies;
use super::seen::{Device, Fou, Seen};
use super::steps::{self, Replace};
use super::subject::Subject;
use crate::facts::{Family, of_family};
use crate::mode::Mode;
use crate::plan::Change;
use crate::shell;
use crate::tunnel::{Encapsulation, Listener, TunnelKind, automatic};

/// Bytes of a header without options.
const TCP_HEADER: u32 = 20;

/// Bytes of the encapsulation (IP header and what follows it).
fn overhead(encapsulation: Encapsulation, outer: Family) -> u32 {
    let more = match encapsulation {
        Encapsulation::Ipip => 0,
        Encapsulation::Gre { checksum: false } => 4,
        Encapsulation::Gre { checksum: true } => 8,
        Encapsulation::Gue { .. } => 12,
    };
    outer.header() + more
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if subject.mode != Some(Mode::Tun) {
        return findings;
    }
    for inner in Family::BOTH {
        if of_family(&subject.vips, inner).is_some() {
            receiver(inner, subject, seen, &mut findings);
        }
    }
    gue(subject, seen, &mut findings);
    for device in &seen.devices {
        one(device, subject, seen, &mut findings);
    }
    segment_size(subject, seen, &mut findings);
    findings
}

fn receiver(inner: Family, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let best = seen.devices.iter().map(|device| (fit(device, inner, subject), device));
    let best = best.filter(|(fit, device)| counts(device, *fit, subject));
    // Of several that suit equally ill, one of the set-up, or with a name somebody gave it.
    let best = best
        .max_by_key(|(fit, device)| (*fit, asked_for(&device.name, subject), !is_fallback(device)));
    let outer = outer(subject, inner).unwrap_or_default();
    let rip = of_family(&subject.rips, outer);
    let wanted = kind(outer, inner, subject.encapsulation);
    let is_ours = |name: &str| receiver::wanted(wanted, subject).name == name;
    let (fit, device) = match best {
        Some((fit, device)) if fit > Fit::None => (fit, device),
        _ => {
            let rip = rip.map_or_else(String::new, |rip| format!(" for {rip}"));
            let message = format!("no {wanted} device decapsulates {inner}{rip}");
            let own = wanted.fallback();
            let only = seen.device(own).map_or("none".to_owned(), |_| format!("only {own}, down"));
            let finding = Finding::new(&catalogue::RS_TUN_01, Severity::Error, message)
                .read([format!("interfaces of kind {wanted}: {only}")]);
            findings.push(finding.steps(steps::create(wanted, subject, None)));
            return;
        }
    };
    let name = &device.name;
    // Two devices of a kind with the same ends cannot be; whose is the one that is there?
    let replace = || {
        let whose = if is_ours(name) { Replace::Ours } else { Replace::Theirs };
        let instead = (!is_fallback(device)).then_some((whose, name.as_str(), seen));
        steps::create(wanted, subject, instead)
    };
    let read = [describe(device)];
    let finding = match fit {
        Fit::Takes | Fit::None => return,
        Fit::Down => Finding::new(
            &catalogue::RS_TUN_02,
            Severity::Error,
            format!("{name} is down: what the director sends is refused"),
        )
        .command(Phase::Up, steps::up(name)),
        Fit::Ends => {
            let sends = match (subject.directors_of(outer).as_slice(), rip) {
                ([], Some(rip)) => format!("to {rip}"),
                ([from, ..], Some(rip)) => format!("from {from} to {rip}"),
                ([from, ..], None) => format!("from {from}"),
                ([], None) => "to other ends".to_owned(),
            };
            let message = format!("{name} is not for packets {sends}");
            let beside = || steps::create(wanted, subject, None);
            // Beside one of somebody else's there is room for ours.
            let steps = if is_ours(name) { replace() } else { beside() };
            Finding::new(&catalogue::RS_TUN_03, Severity::Error, message).steps(steps)
        }
        Fit::Mode => Finding::new(
            &catalogue::RS_TUN_04,
            Severity::Error,
            format!("{name} does not take {inner}: its mode excludes it"),
        )
        .steps(replace()),
        Fit::Flags => Finding::new(
            &catalogue::RS_TUN_05,
            Severity::Error,
            format!("{name} has not the key, sequence or checksum flags of the director"),
        )
        .steps(replace()),
    };
    findings.push(finding.read(read));
}

/// A device in the words of `ip -d link`.
fn describe(device: &Device) -> String {
    let mut text = device.name.clone();
    text += &device.kind.as_ref().map(|kind| format!(": {kind}")).unwrap_or_default();
    if let Some(ends) = &device.ends {
        text += match ends.protocol {
            Some(0) => " mode any",
            Some(4) => " mode IPv4",
            Some(41) => " mode IPv6",
            _ => "",
        };
        let end = |ip: Option<IpAddr>| ip.map_or("any".to_owned(), |ip| ip.to_string());
        text += &format!(" local {} remote {}", end(ends.local), end(ends.remote));
        for (word, is) in
            [(" external", ends.external), (" key or seq", ends.keyed), (" icsum", ends.checksum)]
        {
            text += if is { word } else { "" };
        }
    }
    text + if device.up { ", up" } else { ", down" }
}

fn gue(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let Encapsulation::Gue { port } = subject.encapsulation else { return };
    let outer = |vip: &IpAddr| outer(subject, Family::of(*vip)).unwrap_or_default();
    for family in subject.vips.iter().map(outer).collect::<BTreeSet<Family>>() {
        listener(Listener { port, family }, seen, findings);
    }
}

fn listener(at: Listener, seen: &Seen, findings: &mut Vec<Finding>) {
    let port = at.port;
    let add = Change::Gue(at).make();
    let nothing = format!("nothing takes GUE out of {at}");
    let (message, read, command) = match &seen.fou {
        Fou::Unknown => return,
        // Nothing loads it on demand.
        Fou::NoModule => {
            (nothing, "module fou: not loaded".to_owned(), format!("modprobe fou && {add}"))
        }
        Fou::Ports(ports) => match ports.iter().find(|have| have.at == at) {
            Some(have) if have.gue => return,
            Some(_) => (
                format!("{at} takes plain packets of one protocol, not GUE"),
                format!("fou port {port} ipproto"),
                format!("{} && {add}", Change::Gue(at).undo()),
            ),
            None => (nothing, format!("fou port {port}: none"), add.to_string()),
        },
    };
    findings.push(
        Finding::new(&catalogue::RS_TUN_06, Severity::Error, message)
            .read([read])
            .command(Phase::Devices, command),
    );
}

/// What is said of each device that takes, or may take, the director's packets.
fn one(device: &Device, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let (name, Some(ends)) = (&device.name, &device.ends) else { return };
    let inner = Family::BOTH.into_iter().find(|inner| {
        of_family(&subject.vips, *inner).is_some() && fit(device, *inner, subject) == Fit::Takes
    });
    let Some(inner) = inner else {
        return;
    };
    let outer = outer(subject, inner).unwrap_or_default();
    let directors = subject.directors_of(outer);
    let read = [describe(device)];
    if device.crc_errors > 0 && matches!(subject.encapsulation, Encapsulation::Gre { .. }) {
        let message = format!(
            "{name} dropped {} packets for their checksum: it is wrong, or only one side has one",
            device.crc_errors
        );
        findings.push(
            Finding::new(&catalogue::RS_TUN_05, Severity::Warning, message)
                .read([format!("{name}: rx_crc_errors {}", device.crc_errors)])
                .words("compare --tun-csum on the director with icsum here"),
        );
    }
    if device.kind.as_deref() == Some("ip6tnl") && !ends.local_remote && !ends.external {
        findings.push(
            Finding::new(
                &catalogue::RS_TUN_07,
                Severity::Info,
                format!("{name} drops packets whose outer source is the VIP"),
            )
            .read(read.clone())
            .command(
                Phase::Up,
                format!("ip link set {} type ip6tnl allow-localremote", shell::device(name)),
            ),
        );
    }
    let fallback = is_fallback(device);
    if ends.remote.is_none() {
        let rip = of_family(&subject.rips, outer);
        let rip = rip.map_or("this host".to_owned(), |rip| rip.to_string());
        let words = match directors.as_slice() {
            [] => "set it up with --director".to_owned(),
            _ => "limit the outer protocol to the directors in the firewall".to_owned(),
        };
        // Two directors cannot be named by one device: known, and so not a warning.
        let severity =
            if !fallback && directors.len() > 1 { Severity::Info } else { Severity::Warning };
        let message = format!("anyone who reaches {rip} can inject packets by {name}");
        findings.push(
            Finding::new(&catalogue::RS_TUN_08, severity, message).read(read.clone()).words(words),
        );
    }
    let foreign = seen.addresses.on(name).find(|have| {
        !subject.vips.contains(&have.ip) && have.scope == "global" && !automatic(have.ip)
    });
    // Beside a device of our own it is somebody else's, and in use by them alone.
    let is_used = || receiving(inner, subject, seen).any(|used| used.name == *name);
    if let Some(have) = foreign.filter(|_| fallback && is_used()) {
        let message = format!("{name} has an address of somebody else: {}", have.ip);
        let finding =
            Finding::new(&catalogue::RS_TUN_09, Severity::Error, message).read([have.text()]);
        findings.push(finding.steps(own(device, subject)));
    }
}

/// Makes a device of one's own in place of the kernel's.
fn own(fallback: &Device, subject: &Subject) -> Vec<Remedy> {
    let kind = fallback.kind.as_deref().and_then(TunnelKind::named);
    let subject = Subject { tunnels: Vec::new(), ..subject.clone() };
    kind.map_or_else(Vec::new, |kind| steps::create(kind, &subject, None))
}

/// Is TCP told that the encapsulation takes room?
fn segment_size(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let ways = replies::ways(subject, seen);
    for inner in Family::BOTH {
        let outer = outer(subject, inner).unwrap_or_default();
        let overhead = overhead(subject.encapsulation, outer);
        if of_family(&subject.vips, inner).is_none() {
            continue;
        }
        let headers = inner.header() + TCP_HEADER;
        let Some(way) = ways.iter().find(|way| way.family == inner) else { continue };
        let Some(hops) = &way.hops else { continue };
        let set = hops.advmss;
        let route = if way.is_named { "the route to the clients" } else { "the default route" };
        let Some(nic) = hops.devices.first().and_then(|name| seen.device(name)) else { continue };
        // A client's packets are at most 1500 bytes; a link that has room for the encapsulation too is fine.
        let mss = nic.mtu.min(1500).saturating_sub(headers + overhead);
        if nic.mtu >= 1500 + overhead || set.is_some_and(|set| set <= mss) {
            continue;
        }
        let ip = inner.ip_command();
        let advmss = set.map_or("none".to_owned(), |set| set.to_string());
        let message = format!(
            "uploads rely on ICMP to tell clients that the encapsulation takes {overhead} bytes: \
             {route} has advmss {advmss}"
        );
        findings.push(
            Finding::new(&catalogue::RS_TUN_10, Severity::Info, message)
                .read([
                    format!("{}: mtu {}", nic.name, nic.mtu),
                    format!("{route}: advmss {advmss}"),
                ])
                .words(format!(
                    "{ip} route change ROUTE advmss {mss}, with ROUTE as `{ip} route show` prints it"
                )),
        );
    }
}
