// SPDX-License-Identifier: MIT OR Apache-2.0
//! Returns the steps that make what is missing, in the words of set-up, and take away what is in
//! the wrong place.

use std::cell::OnceCell;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy};
use lvs_host::SysctlKey;

use super::doubt;
use super::guards::once_there;
use super::inward;
use super::receiver::{self, device_for, kind_for};
use super::seen::{Address, Device, Route, Seen};
use super::subject::Subject;
use crate::facts::{Family, host_prefix, of_family};
use crate::mode::Mode;
use crate::plan::Change;
use crate::plan::own::{is_own_of_a_host, may_be_own};
use crate::request::Scope;
use crate::shell;
use crate::tunnel::TunnelKind;

/// Makes the device of that kind, and lets packets out of it. `instead` says what to do with the device
/// that is in its place, whose VIPs come to the new one.
pub(super) fn create(
    kind: TunnelKind,
    subject: &Subject,
    instead: Option<(Replace, &str, &Seen)>,
) -> Vec<Remedy> {
    let tunnel = receiver::wanted(kind, subject);
    let name = tunnel.name.clone();
    let up = up(&name);
    // Without ends it would be the kernel's own once more.
    let is_known = tunnel.fallback || tunnel.local.is_some();
    let make = match tunnel.fallback {
        true => format!("modprobe {} && {up}", kind.module()),
        false if is_known => format!("{} && {up}", Change::Tunnel(tunnel).make()),
        false => format!("{} local RIP && {up}", Change::Tunnel(tunnel).make()),
    };
    let step = if is_known { Remedy::command } else { Remedy::words };
    let made = match &instead {
        Some((Replace::Ours, old, _)) => {
            step(Phase::Devices, format!("ip link del {} && {make}", shell::device(old)))
        }
        Some((Replace::Theirs, old, _)) => {
            let device = shell::device(old);
            let words = format!("if nobody else needs {old}: ip link del {device} && {make}");
            Remedy::words(Phase::Devices, words)
        }
        None => step(Phase::Devices, make),
    };
    let deletes = instead.as_ref().map(|(_, old, _)| (*old).to_owned());
    let mut steps = vec![Remedy { deletes, ..made }];
    let mine = || subject.vips.iter().copied().filter(|vip| kind_for(*vip, subject) == kind);
    let lost = |old: &str, seen: &Seen, vip: IpAddr| seen.places(vip).any(|it| it.device == old);
    let mut vips: Vec<IpAddr> = match instead {
        Some((_, old, seen)) => mine().filter(|vip| lost(old, seen, *vip)).collect(),
        None => Vec::new(),
    };
    let first = of_family(&subject.vips, Family::Ipv4);
    if let Some(first) = first.filter(|vip| kind_for(*vip, subject) == kind) {
        let key = SysctlKey::ipv4(&name, "rp_filter");
        steps.push(Remedy::command(Phase::Settings, shell::set(&key, 2)));
        // Loose is not enough on a device without an IPv4 address.
        if !vips.iter().any(IpAddr::is_ipv4) {
            vips.push(first);
        }
    }
    steps.extend(vips.into_iter().map(|vip| add(vip, &name, subject.scope, subject)));
    steps
}

/// Says whose the device is that another takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replace {
    /// Of the set-up, or by its name.
    Ours,
    /// Perhaps somebody else's.
    Theirs,
}

/// The device to put that VIP on: never one that answers ARP, or is in another VRF than what
/// comes in.
pub(super) fn carrier(vip: IpAddr, subject: &Subject, seen: &Seen) -> String {
    match subject.mode {
        Some(Mode::Tun) => device_for(vip, subject, seen),
        _ if answers_arp(&subject.carrier, seen) => "lo".to_owned(),
        _ if is_apart(&subject.carrier, vip, subject, seen) => "lo".to_owned(),
        _ => subject.carrier.clone(),
    }
}

/// Holds [`carrier`] for many VIPs: it is the same for all of a family.
pub(super) struct Carriers<'a> {
    subject: &'a Subject,
    seen: &'a Seen,
    known: [OnceCell<String>; 2],
}

impl<'a> Carriers<'a> {
    pub(super) fn of(subject: &'a Subject, seen: &'a Seen) -> Self {
        Self { subject, seen, known: Default::default() }
    }

    pub(super) fn get(&self, vip: IpAddr) -> &str {
        let known = &self.known[usize::from(vip.is_ipv6())];
        known.get_or_init(|| carrier(vip, self.subject, self.seen))
    }
}

/// Whether no packet for that VIP looks for its address there: in a VRF only those do that come
/// in by its own interfaces.
pub(super) fn is_apart(name: &str, vip: IpAddr, subject: &Subject, seen: &Seen) -> bool {
    let Some(vrf) = seen.device(name).and_then(Device::domain) else { return false };
    let nics = inward::expected(vip, subject, seen);
    !nics.is_empty() && nics.iter().all(|nic| nic.domain() != Some(vrf))
}

/// Whether a VIP on that device is announced there.
pub(super) fn answers_arp(device: &str, seen: &Seen) -> bool {
    seen.device(device).is_some_and(|device| device.answers_arp())
}

/// Returns the command that makes a carrier.
pub(super) fn make_carrier(device: &str) -> String {
    let device = device.to_owned();
    let up = Change::Up { device: device.clone() }.make();
    format!("{} && {up}", Change::Dummy { device }.make())
}

/// Adds what puts the VIP on its device.
pub(super) fn to_carrier(finding: Finding, vip: IpAddr, subject: &Subject, seen: &Seen) -> Finding {
    finding.steps(at_carrier(vip, subject, seen))
}

/// Puts the VIP on its device, which is made if it is not there, and set up.
pub(super) fn at_carrier(vip: IpAddr, subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    let device = carrier(vip, subject, seen);
    let mut steps = match (seen.device(&device), subject.mode) {
        (Some(there), _) if there.up => Vec::new(),
        // Without that an IPv6 address is not there yet.
        (Some(_), _) => vec![Remedy::command(Phase::Up, up(&device)).on(&device)],
        (None, Some(Mode::Tun)) => create(kind_for(vip, subject), subject, None),
        (None, _) => vec![Remedy::command(Phase::Devices, make_carrier(&device))],
    };
    let starts_as = if seen.device(&device).is_some() { &device } else { "default" };
    if vip.is_ipv6() && seen.ipv6(starts_as, "disable_ipv6").is_some_and(|off| off != 0) {
        let key = SysctlKey::ipv6(&device, "disable_ipv6");
        steps.push(Remedy::command(Phase::Settings, shell::set(&key, 0)));
    }
    let is_strict = || seen.device(&device).is_some() && seen.max("rp_filter", &device) == 1;
    if vip.is_ipv4() && subject.mode == Some(Mode::Tun) && is_strict() {
        let key = SysctlKey::ipv4(&device, "rp_filter");
        steps.push(Remedy::command(Phase::Settings, shell::set(&key, 2)));
    }
    let there: Vec<&Address> = seen.places(vip).filter(|have| have.device == device).collect();
    let is_usable =
        |have: &&Address| have.prefix == host_prefix(vip) && !have.tentative && !have.dad_failed;
    if !there.iter().any(is_usable) {
        steps.push(match there.first().filter(|_| vip.is_ipv6()) {
            Some(have) => again(have, subject.scope, subject),
            None => add(vip, &device, subject.scope, subject),
        });
    }
    steps
}

/// Returns the command that sets a device up.
pub(super) fn up(device: &str) -> String {
    Change::Up { device: device.to_owned() }.make().to_string()
}

/// Returns the command that adds a VIP; a label begins with the name of its device.
pub(super) fn add(vip: IpAddr, device: &str, scope: Scope, subject: &Subject) -> Remedy {
    let label = subject.label.clone().filter(|label| vip.is_ipv4() && label.starts_with(device));
    let name = device.to_owned();
    let add = Change::Address { ip: vip, device: name, tag: None, scope, label }.make();
    Remedy { shows: vip.is_ipv4(), ..Remedy::command(Phase::Add, add.to_string()) }
}

/// Returns the command that adds a VIP again in its place: a device has an IPv6 address, and an
/// IPv4 address of one prefix, only once.
pub(super) fn again(have: &Address, scope: Scope, subject: &Subject) -> Remedy {
    let add = add(have.ip, &have.device, scope, subject);
    let command = format!("{} && {}", delete(have), add.text());
    Remedy { shows: add.shows, ..Remedy::command(Phase::Add, command).on(&have.device) }
}

/// Returns whether this host may have that VIP as the director of services by mark, which name no
/// VIP.
pub(super) fn may_be_directors(have: &Address, seen: &Seen) -> bool {
    answers_arp(&have.device, seen) && doubt::by_mark(seen).is_some()
}

/// Returns whether that address is what its interface has of a network: without it the host is no
/// part of that network any more. Other VIPs there do not count. A single address is that if the
/// host has no other.
pub(super) fn is_own(have: &Address, subject: &Subject, seen: &Seen) -> bool {
    if is_source(have, seen) {
        return true;
    }
    let is_beside = |other: &Address| {
        other.prefix < host_prefix(other.ip)
            && have.covers(other.ip)
            && !subject.vips.contains(&other.ip)
    };
    let is_single = have.prefix == host_prefix(have.ip);
    let is_hosts = match answers_arp(&have.device, seen) {
        true => !may_be_directors(have, seen),
        false => is_on_a_way(have, subject, seen) || is_on_the_default_way(have, seen),
    };
    is_hosts
        && match is_single {
            false => !seen.addresses.on(&have.device).any(is_beside),
            true => is_only(have, subject, seen),
        }
}

/// Whether it may be a source of what this host sends. A VIP that was put there as such has another
/// scope, or, of IPv6, is deprecated.
fn is_ordinary(have: &Address) -> bool {
    have.scope == "global" && (have.ip.is_ipv4() || have.preferred != 0)
}

/// Whether it is on a link without ARP that leads to somebody else, and may be this host's end
/// of it.
fn is_on_a_way(have: &Address, subject: &Subject, seen: &Seen) -> bool {
    let is_single = have.prefix == host_prefix(have.ip);
    is_ordinary(have)
        && seen
            .device(&have.device)
            .zip(subject.mode)
            .is_some_and(|(device, mode)| may_be_own(device, is_single, mode))
}

/// Whether a default route leaves by its interface, whatever kind of link that is.
fn is_on_the_default_way(have: &Address, seen: &Seen) -> bool {
    is_ordinary(have) && defaults(have, seen).any(|route| route.devices.contains(&have.device))
}

/// Whether a default route names it as the source, and goes when it goes.
fn is_source(have: &Address, seen: &Seen) -> bool {
    is_ordinary(have) && defaults(have, seen).any(|route| route.source == Some(have.ip))
}

fn defaults<'a>(have: &Address, seen: &'a Seen) -> impl Iterator<Item = &'a Route> {
    let family = Family::of(have.ip);
    seen.routes.iter().filter(move |route| route.prefix == 0 && family.has(route.destination))
}

/// Whether it is this host's end of such a link, without which nobody reaches it there: the only
/// address of its family, other VIPs aside.
pub(super) fn is_end_of_link(have: &Address, subject: &Subject, seen: &Seen) -> bool {
    let is_another = |other: &Address| is_own_beside(have, other, subject);
    is_on_a_way(have, subject, seen) && !seen.addresses.on(&have.device).any(is_another)
}

/// Whether the host has another address of its own family, which is no VIP.
fn is_own_beside(have: &Address, other: &Address, subject: &Subject) -> bool {
    is_own_of_a_host(other.ip, have.ip) && !subject.vips.contains(&other.ip)
}

/// Whether it is a single address, and the only one of its family that this host has, as clouds
/// give it.
fn is_only(have: &Address, subject: &Subject, seen: &Seen) -> bool {
    let is_another = |other: &Address| {
        is_own_beside(have, other, subject)
            || (other.ip == have.ip && (&other.device, other.prefix) != (&have.device, have.prefix))
    };
    have.prefix == host_prefix(have.ip)
        && is_ordinary(have)
        && !seen.addresses.iter().any(is_another)
}

/// Takes a VIP from where it does not belong; what may be a director's, or is this host's own
/// address, stays.
pub(super) fn remove(have: &Address, subject: &Subject, seen: &Seen) -> Vec<Remedy> {
    let is_hosts = is_own(have, subject, seen)
        || is_only(have, subject, seen)
        || is_end_of_link(have, subject, seen);
    if may_be_directors(have, seen) || is_hosts {
        return Vec::new();
    }
    let name = &have.device;
    let is_beside = |other: &Address| {
        other.ip != have.ip
            && other.prefix == have.prefix
            && have.prefix < host_prefix(have.ip)
            && have.covers(other.ip)
    };
    let promoted = have.ip.is_ipv6() || seen.or("promote_secondaries", name);
    let mut command = delete(have);
    // Of several addresses in a subnet the first takes the others with it.
    if !promoted && seen.addresses.on(name).any(is_beside) {
        let key = SysctlKey::ipv4(name, "promote_secondaries");
        command = format!("{} && {command}", shell::set(&key, 1));
    }
    if subject.holds_vips() {
        let is_wide = have.prefix < host_prefix(have.ip) && !answers_arp(name, seen);
        let place = if is_wide { name.clone() } else { carrier(have.ip, subject, seen) };
        command = once_there(have.ip, &place, &command);
    }
    vec![Remedy::command(Phase::Remove, command).on(name)]
}

fn delete(have: &Address) -> String {
    format!("ip addr del {} dev {}", have.named(), shell::word(&have.device))
}
