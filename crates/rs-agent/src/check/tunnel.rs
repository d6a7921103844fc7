// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a device take the director's packets out of their envelope?

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::finding::{Finding, Severity};
use super::remedy::{Phase, Remedy};
use super::replies;
use super::seen::{Device, Ends, Fou, Seen};
use super::steps::{self, Replace};
use super::subject::Subject;
use crate::facts::of_family;
use crate::mode::Mode;
use crate::plan::Change;
use crate::shell;
use crate::tunnel::{Envelope, Listener, TunnelKind, automatic};

/// How well a device suits a director; the better, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its kind takes other packets.
    None,
    /// Its mode excludes the inner family.
    Mode,
    /// Key, sequence numbers or checksums are not as the director's.
    Flags,
    /// It is for other ends.
    Ends,
    /// It is down.
    Down,
    /// It takes them.
    Takes,
}

/// Whether the kernel makes it with the module; it takes what no other device takes.
fn is_fallback(device: &Device) -> bool {
    use TunnelKind::{Gre, Ip6gre, Ip6tnl, Ipip, Sit};
    [Ipip, Sit, Ip6tnl, Gre, Ip6gre].iter().any(|kind| kind.fallback() == device.name)
}

/// Bytes of the envelope (IP header and what follows it).
fn overhead(envelope: Envelope, outer_ipv6: bool) -> u32 {
    let ip = if outer_ipv6 { 40 } else { 20 };
    ip + match envelope {
        Envelope::Ipip => 0,
        Envelope::Gre { checksum: false } => 4,
        Envelope::Gre { checksum: true } => 8,
        Envelope::Gue { .. } => 12,
    }
}

/// Whether what the director sends for such VIPs comes in IPv6: in their own family if it
/// sends to RIPs of both. `None` if nobody knows.
pub(super) fn outer(subject: &Subject, inner_ipv6: bool) -> Option<bool> {
    let of = |ips: &[IpAddr]| ips.iter().map(IpAddr::is_ipv6).collect::<Vec<bool>>();
    let set_up = subject.tunnels.iter().map(|tunnel| tunnel.kind.over_ipv6()).collect();
    let known = [of(&subject.rips), of(&subject.directors), set_up];
    let known = known.into_iter().find(|families| !families.is_empty())?;
    Some(if known.contains(&inner_ipv6) { inner_ipv6 } else { !inner_ipv6 })
}

fn kind(outer_ipv6: bool, inner_ipv6: bool, envelope: Envelope) -> TunnelKind {
    match (envelope, outer_ipv6, inner_ipv6) {
        (Envelope::Gre { .. }, false, _) => TunnelKind::Gre,
        (Envelope::Gre { .. }, true, _) => TunnelKind::Ip6gre,
        (_, false, false) => TunnelKind::Ipip,
        (_, false, true) => TunnelKind::Sit,
        (_, true, _) => TunnelKind::Ip6tnl,
    }
}

fn fit(device: &Device, inner_ipv6: bool, subject: &Subject) -> Fit {
    let outers = match outer(subject, inner_ipv6) {
        Some(ipv6) => vec![ipv6],
        None => vec![false, true],
    };
    let (Some(has), Some(ends)) = (&device.kind, &device.ends) else {
        return Fit::None;
    };
    if !outers.iter().any(|ipv6| kind(*ipv6, inner_ipv6, subject.envelope).to_string() == *has) {
        return Fit::None;
    }
    let mine = if inner_ipv6 { 41 } else { 4 };
    if !ends.external && ends.protocol.is_some_and(|only| only != 0 && only != mine) {
        return Fit::Mode;
    }
    if let Envelope::Gre { checksum } = subject.envelope
        && (ends.keyed || ends.checksum != checksum)
    {
        return Fit::Flags;
    }
    if !ends_fit(ends, subject) {
        return Fit::Ends;
    }
    if device.up { Fit::Takes } else { Fit::Down }
}

fn ends_fit(ends: &Ends, subject: &Subject) -> bool {
    let fits = |end: Option<IpAddr>, known: &[IpAddr]| {
        end.is_none_or(|end| of_family(known, end.is_ipv6()).is_none() || known.contains(&end))
    };
    fits(ends.local, &subject.rips) && fits(ends.remote, &subject.directors)
}

/// Whether the device is one to be judged and given a remedy. The kernel's own is there on any host
/// with the module, and takes packets from anybody: only who asked for it is to raise it.
fn counts(device: &Device, fit: Fit, subject: &Subject) -> bool {
    !is_fallback(device) || fit == Fit::Takes || asked_for(&device.name, subject)
}

fn asked_for(name: &str, subject: &Subject) -> bool {
    subject.tunnels.iter().any(|tunnel| tunnel.name == name)
}

/// The devices that take packets of that inner family, or would if they were up.
pub(super) fn receiving<'a>(
    inner_ipv6: bool,
    subject: &'a Subject,
    seen: &'a Seen,
) -> impl Iterator<Item = &'a Device> {
    let fits = move |device: &&Device| {
        let fit = fit(device, inner_ipv6, subject);
        fit >= Fit::Down && counts(device, fit, subject)
    };
    let (named, fallback): (Vec<&Device>, Vec<&Device>) =
        seen.devices.iter().filter(fits).partition(|device| !is_fallback(device));
    // A device with ends wins over the fallback.
    if named.is_empty() { fallback.into_iter() } else { named.into_iter() }
}

/// The device to put that VIP on: one that takes the packets, or the one to be made.
pub(super) fn device_for(vip: IpAddr, subject: &Subject, seen: &Seen) -> String {
    let found = receiving(vip.is_ipv6(), subject, seen).next();
    found
        .map(|device| device.name.clone())
        .unwrap_or_else(|| steps::tunnel(kind_for(vip, subject), subject).name)
}

/// The kind of the device that takes packets for that VIP out of their envelope.
pub(super) fn kind_for(vip: IpAddr, subject: &Subject) -> TunnelKind {
    kind(outer(subject, vip.is_ipv6()).unwrap_or(false), vip.is_ipv6(), subject.envelope)
}

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if subject.mode != Some(Mode::Tun) {
        return findings;
    }
    for inner_ipv6 in [false, true] {
        if subject.vips.iter().any(|vip| vip.is_ipv6() == inner_ipv6) {
            receiver(inner_ipv6, subject, seen, &mut findings);
        }
    }
    gue(subject, seen, &mut findings);
    for device in &seen.devices {
        one(device, subject, seen, &mut findings);
    }
    segment_size(subject, seen, &mut findings);
    findings
}

fn receiver(inner_ipv6: bool, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let best = seen.devices.iter().map(|device| (fit(device, inner_ipv6, subject), device));
    let best = best.filter(|(fit, device)| counts(device, *fit, subject));
    // Of several that suit equally ill, one of the set-up, or with a name somebody gave it.
    let best = best
        .max_by_key(|(fit, device)| (*fit, asked_for(&device.name, subject), !is_fallback(device)));
    let inner = if inner_ipv6 { "IPv6" } else { "IPv4" };
    let outer_ipv6 = outer(subject, inner_ipv6).unwrap_or(false);
    let rip = of_family(&subject.rips, outer_ipv6);
    let wanted = kind(outer_ipv6, inner_ipv6, subject.envelope);
    let is_ours = |name: &str| steps::tunnel(wanted, subject).name == name;
    let (fit, device) = match best {
        Some((fit, device)) if fit > Fit::None => (fit, device),
        _ => {
            let rip = rip.map_or_else(String::new, |rip| format!(" for {rip}"));
            let message = format!("no {wanted} device takes {inner} out of its envelope{rip}");
            let own = wanted.fallback();
            let only = seen.device(own).map_or("none".to_owned(), |_| format!("only {own}, down"));
            let finding = Finding::new("RS-TUN-01", Severity::Error, message)
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
            "RS-TUN-02",
            Severity::Error,
            format!("{name} is down: what the director sends is refused"),
        )
        .run(Phase::Up, steps::up(name)),
        Fit::Ends => {
            let sends = match (subject.directors_of(outer_ipv6).as_slice(), rip) {
                ([], Some(rip)) => format!("to {rip}"),
                ([from, ..], Some(rip)) => format!("from {from} to {rip}"),
                ([from, ..], None) => format!("from {from}"),
                ([], None) => "to other ends".to_owned(),
            };
            let message = format!("{name} is not for packets {sends}");
            let beside = || steps::create(wanted, subject, None);
            // Beside one of somebody else's there is room for ours.
            let steps = if is_ours(name) { replace() } else { beside() };
            Finding::new("RS-TUN-03", Severity::Error, message).steps(steps)
        }
        Fit::Mode => Finding::new(
            "RS-TUN-04",
            Severity::Error,
            format!("{name} does not take {inner}: its mode excludes it"),
        )
        .steps(replace()),
        Fit::Flags => Finding::new(
            "RS-TUN-05",
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
    let Envelope::Gue { port } = subject.envelope else { return };
    let outers = subject.vips.iter().map(|vip| outer(subject, vip.is_ipv6()).unwrap_or(false));
    for ipv6 in outers.collect::<BTreeSet<bool>>() {
        listener(Listener { port, ipv6 }, seen, findings);
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
        Finding::new("RS-TUN-06", Severity::Error, message)
            .read([read])
            .run(Phase::Devices, command),
    );
}

/// What is said of each device that takes, or may take, the director's packets.
fn one(device: &Device, subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let (name, Some(ends)) = (&device.name, &device.ends) else { return };
    let inner = [false, true].into_iter().find(|inner_ipv6| {
        subject.vips.iter().any(|vip| vip.is_ipv6() == *inner_ipv6)
            && fit(device, *inner_ipv6, subject) == Fit::Takes
    });
    let Some(inner_ipv6) = inner else {
        return;
    };
    let outer_ipv6 = outer(subject, inner_ipv6).unwrap_or(false);
    let directors = subject.directors_of(outer_ipv6);
    let read = [describe(device)];
    if device.crc_errors > 0 && matches!(subject.envelope, Envelope::Gre { .. }) {
        let message = format!(
            "{name} dropped {} packets for their checksum: it is wrong, or only one side has one",
            device.crc_errors
        );
        findings.push(
            Finding::new("RS-TUN-05", Severity::Warning, message)
                .read([format!("{name}: rx_crc_errors {}", device.crc_errors)])
                .words("compare --tun-csum on the director with icsum here"),
        );
    }
    if device.kind.as_deref() == Some("ip6tnl") && !ends.local_remote && !ends.external {
        findings.push(
            Finding::new(
                "RS-TUN-07",
                Severity::Info,
                format!("{name} drops packets whose outer source is the VIP"),
            )
            .read(read.clone())
            .run(
                Phase::Up,
                format!("ip link set {} type ip6tnl allow-localremote", shell::device(name)),
            ),
        );
    }
    let fallback = is_fallback(device);
    if ends.remote.is_none() {
        let rip = of_family(&subject.rips, outer_ipv6);
        let rip = rip.map_or("this host".to_owned(), |rip| rip.to_string());
        let words = match directors.as_slice() {
            [] => "set it up with --director".to_owned(),
            _ => "limit the outer protocol to the directors in the firewall".to_owned(),
        };
        // Two directors cannot be named by one device: known, and so not a warning.
        let severity =
            if !fallback && directors.len() > 1 { Severity::Info } else { Severity::Warning };
        let message = format!("anyone who reaches {rip} can inject packets by {name}");
        findings.push(Finding::new("RS-TUN-08", severity, message).read(read.clone()).words(words));
    }
    let foreign = seen.addresses.iter().find(|have| {
        have.device == *name
            && !subject.vips.contains(&have.ip)
            && have.scope == "global"
            && !automatic(have.ip)
    });
    // Beside a device of our own it is somebody else's, and in use by them alone.
    let is_used = || receiving(inner_ipv6, subject, seen).any(|used| used.name == *name);
    if let Some(have) = foreign.filter(|_| fallback && is_used()) {
        let message = format!("{name} has an address of somebody else: {}", have.ip);
        let finding = Finding::new("RS-TUN-09", Severity::Error, message).read([have.text()]);
        findings.push(finding.steps(own(device, subject)));
    }
}

/// Makes a device of one's own in place of the kernel's.
fn own(fallback: &Device, subject: &Subject) -> Vec<Remedy> {
    let inner_ipv6 = fallback.kind.as_deref() == Some("sit");
    let outer_ipv6 = matches!(fallback.kind.as_deref(), Some("ip6tnl" | "ip6gre"));
    let kind = kind(outer_ipv6, inner_ipv6, subject.envelope);
    let subject = Subject { tunnels: Vec::new(), ..subject.clone() };
    steps::create(kind, &subject, None)
}

/// Is TCP told that the envelope takes room?
fn segment_size(subject: &Subject, seen: &Seen, findings: &mut Vec<Finding>) {
    let ways = replies::ways(subject, seen);
    for ipv6 in [false, true] {
        let overhead = overhead(subject.envelope, outer(subject, ipv6).unwrap_or(false));
        if !subject.vips.iter().any(|vip| vip.is_ipv6() == ipv6) {
            continue;
        }
        let headers = if ipv6 { 60 } else { 40 };
        let Some(way) = ways.iter().find(|way| way.ipv6 == ipv6) else { continue };
        let Some(hops) = &way.hops else { continue };
        let set = hops.advmss;
        let route = if way.is_named { "the route to the clients" } else { "the default route" };
        let Some(nic) = hops.devices.first().and_then(|name| seen.device(name)) else { continue };
        // A client's packets are at most 1500 bytes; a link that takes the envelope too is fine.
        let mss = nic.mtu.min(1500).saturating_sub(headers + overhead);
        if nic.mtu >= 1500 + overhead || set.is_some_and(|set| set <= mss) {
            continue;
        }
        let advmss = set.map_or("none".to_owned(), |set| set.to_string());
        let message = format!(
            "uploads rely on ICMP to tell clients that the envelope takes {overhead} bytes: \
             {route} has advmss {advmss}"
        );
        findings.push(
            Finding::new("RS-TUN-10", Severity::Info, message)
                .read([
                    format!("{}: mtu {}", nic.name, nic.mtu),
                    format!("{route}: advmss {advmss}"),
                ])
                .words(format!("ip route change … advmss {mss}")),
        );
    }
}
