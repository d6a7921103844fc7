// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds which device decapsulates the director's packets, or is to be made for that.

use std::net::IpAddr;

use super::seen::{Device, Ends, Seen};
use super::subject::Subject;
use crate::facts::{Family, of_family, only_one};
use crate::tunnel::{Encapsulation, Tunnel, TunnelKind};

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

/// Returns the family in which comes what the director sends for such VIPs: their own if it sends
/// to RIPs of both. `None` if nobody knows.
pub(super) fn outer(subject: &Subject, inner: Family) -> Option<Family> {
    let of = |ips: &[IpAddr]| ips.iter().copied().map(Family::of).collect::<Vec<Family>>();
    let set_up = subject.tunnels.iter().map(|tunnel| tunnel.kind.outer()).collect();
    let known = [of(&subject.rips), of(&subject.directors), set_up];
    let known = known.into_iter().find(|families| !families.is_empty())?;
    Some(if known.contains(&inner) { inner } else { inner.other() })
}

/// Returns the kind of a device that decapsulates such packets.
pub(super) fn kind(outer: Family, inner: Family, encapsulation: Encapsulation) -> TunnelKind {
    use Family::{Ipv4, Ipv6};
    match (encapsulation, outer, inner) {
        (Encapsulation::Gre { .. }, Ipv4, _) => TunnelKind::Gre,
        (Encapsulation::Gre { .. }, Ipv6, _) => TunnelKind::Ip6gre,
        (_, Ipv4, Ipv4) => TunnelKind::Ipip,
        (_, Ipv4, Ipv6) => TunnelKind::Sit,
        (_, Ipv6, _) => TunnelKind::Ip6tnl,
    }
}

/// Returns how well that device suits the director.
pub(super) fn fit(device: &Device, inner: Family, subject: &Subject) -> Fit {
    let (Some(has), Some(ends)) = (&device.kind, &device.ends) else {
        return Fit::None;
    };
    let known = outer(subject, inner);
    let is_its_kind = |outer: &Family| {
        known.is_none_or(|known| known == *outer)
            && kind(*outer, inner, subject.encapsulation).to_string() == *has
    };
    if !Family::BOTH.iter().any(is_its_kind) {
        return Fit::None;
    }
    if !ends.external && ends.protocol.is_some_and(|only| only != 0 && only != inner.protocol()) {
        return Fit::Mode;
    }
    if let Encapsulation::Gre { checksum } = subject.encapsulation {
        if ends.keyed || ends.checksum != checksum {
            return Fit::Flags;
        }
    }
    if !ends_fit(ends, subject) {
        return Fit::Ends;
    }
    if device.up { Fit::Takes } else { Fit::Down }
}

fn ends_fit(ends: &Ends, subject: &Subject) -> bool {
    let fits = |end: Option<IpAddr>, known: &[IpAddr]| {
        end.is_none_or(|end| of_family(known, Family::of(end)).is_none() || known.contains(&end))
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
    inner: Family,
    subject: &'a Subject,
    seen: &'a Seen,
) -> impl Iterator<Item = &'a Device> {
    let fits = move |device: &&Device| {
        let fit = fit(device, inner, subject);
        fit >= Fit::Down && counts(device, fit, subject)
    };
    let (named, fallback): (Vec<&Device>, Vec<&Device>) =
        seen.devices.iter().filter(fits).partition(|device| !is_fallback(device));
    // A device with ends wins over the fallback.
    if named.is_empty() { fallback.into_iter() } else { named.into_iter() }
}

/// Returns the device to put that VIP on: one that takes the packets, or the one to be made.
pub(super) fn device_for(vip: IpAddr, subject: &Subject, seen: &Seen) -> String {
    let found = receiving(Family::of(vip), subject, seen).next();
    found
        .map(|device| device.name.clone())
        .unwrap_or_else(|| wanted(kind_for(vip, subject), subject).name)
}

/// Returns the kind of the device that decapsulates packets for that VIP.
pub(super) fn kind_for(vip: IpAddr, subject: &Subject) -> TunnelKind {
    let inner = Family::of(vip);
    kind(outer(subject, inner).unwrap_or_default(), inner, subject.encapsulation)
}

/// Returns the device of that kind as it is to be: named as set-up named it.
pub(super) fn wanted(kind: TunnelKind, subject: &Subject) -> Tunnel {
    let set_up = subject.tunnels.iter().find(|tunnel| tunnel.kind == kind);
    let fallback = set_up.is_some_and(|tunnel| tunnel.fallback);
    Tunnel {
        name: set_up.map_or_else(|| format!("rs-{kind}"), |tunnel| tunnel.name.clone()),
        kind,
        local: of_family(&subject.rips, kind.outer()).filter(|_| !fallback),
        remote: only_one(&subject.directors, kind.outer()).filter(|_| !fallback),
        checksum: subject.encapsulation == Encapsulation::Gre { checksum: true },
        fallback,
    }
}
