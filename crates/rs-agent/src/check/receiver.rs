// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds which device decapsulates the director's packets, or is to be made for that.

use std::net::IpAddr;

use super::seen::{Device, Ends, Seen};
use super::subject::Subject;
use crate::facts::{of_family, only_one};
use crate::tunnel::{Envelope, Tunnel, TunnelKind};

/// A fit says how well a device suits a director; the better, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
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

/// Returns whether the kernel makes it with the module; it takes what no other device takes.
pub(super) fn is_fallback(device: &Device) -> bool {
    use TunnelKind::{Gre, Ip6gre, Ip6tnl, Ipip, Sit};
    [Ipip, Sit, Ip6tnl, Gre, Ip6gre].iter().any(|kind| kind.fallback() == device.name)
}

/// Returns whether what the director sends for such VIPs comes in IPv6: in their own family if it
/// sends to RIPs of both. `None` if nobody knows.
pub(super) fn outer(subject: &Subject, inner_ipv6: bool) -> Option<bool> {
    let of = |ips: &[IpAddr]| ips.iter().map(IpAddr::is_ipv6).collect::<Vec<bool>>();
    let set_up = subject.tunnels.iter().map(|tunnel| tunnel.kind.over_ipv6()).collect();
    let known = [of(&subject.rips), of(&subject.directors), set_up];
    let known = known.into_iter().find(|families| !families.is_empty())?;
    Some(if known.contains(&inner_ipv6) { inner_ipv6 } else { !inner_ipv6 })
}

/// Returns the kind of a device that decapsulates such packets.
pub(super) fn kind(outer_ipv6: bool, inner_ipv6: bool, envelope: Envelope) -> TunnelKind {
    match (envelope, outer_ipv6, inner_ipv6) {
        (Envelope::Gre { .. }, false, _) => TunnelKind::Gre,
        (Envelope::Gre { .. }, true, _) => TunnelKind::Ip6gre,
        (_, false, false) => TunnelKind::Ipip,
        (_, false, true) => TunnelKind::Sit,
        (_, true, _) => TunnelKind::Ip6tnl,
    }
}

/// Returns how well that device suits the director.
pub(super) fn fit(device: &Device, inner_ipv6: bool, subject: &Subject) -> Fit {
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

/// Returns whether the device is one to be judged and given a remedy. The kernel's own is there
/// on any host with the module, and takes packets from anybody: only who asked for it is to raise
/// it.
pub(super) fn counts(device: &Device, fit: Fit, subject: &Subject) -> bool {
    !is_fallback(device) || fit == Fit::Takes || asked_for(&device.name, subject)
}

/// Returns whether set-up made it, or was told to use it.
pub(super) fn asked_for(name: &str, subject: &Subject) -> bool {
    subject.tunnels.iter().any(|tunnel| tunnel.name == name)
}

/// Returns the devices that take packets of that inner family, or would if they were up.
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

/// Returns the device to put that VIP on: one that takes the packets, or the one to be made.
pub(super) fn device_for(vip: IpAddr, subject: &Subject, seen: &Seen) -> String {
    let found = receiving(vip.is_ipv6(), subject, seen).next();
    found
        .map(|device| device.name.clone())
        .unwrap_or_else(|| wanted(kind_for(vip, subject), subject).name)
}

/// Returns the kind of the device that decapsulates packets for that VIP.
pub(super) fn kind_for(vip: IpAddr, subject: &Subject) -> TunnelKind {
    kind(outer(subject, vip.is_ipv6()).unwrap_or(false), vip.is_ipv6(), subject.envelope)
}

/// Returns the device of that kind as it is to be: named as set-up named it.
pub(super) fn wanted(kind: TunnelKind, subject: &Subject) -> Tunnel {
    let set_up = subject.tunnels.iter().find(|tunnel| tunnel.kind == kind);
    let fallback = set_up.is_some_and(|tunnel| tunnel.fallback);
    Tunnel {
        name: set_up.map_or_else(|| format!("rs-{kind}"), |tunnel| tunnel.name.clone()),
        kind,
        local: of_family(&subject.rips, kind.over_ipv6()).filter(|_| !fallback),
        remote: only_one(&subject.directors, kind.over_ipv6()).filter(|_| !fallback),
        checksum: subject.envelope == Envelope::Gre { checksum: true },
        fallback,
    }
}
