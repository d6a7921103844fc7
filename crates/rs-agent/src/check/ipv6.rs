// SPDX-License-Identifier: MIT OR Apache-2.0
//! Judges whether IPv6 is on where packets for IPv6 VIPs come in: the kernel drops them there
//! otherwise (`ip6_rcv_core` in net/ipv6/ip6_input.c), wherever the VIP is.

use std::collections::HashSet;
use std::net::IpAddr;

use lvs_check::{Finding, Phase, Remedy, Severity};
use lvs_host::SysctlKey;
use lvs_term::few;

use super::catalogue;
use super::inward;
use super::seen::{Address, Device, Seen};
use super::steps::carrier;
use super::subject::Subject;
use crate::mode::Mode;
use crate::shell;

pub(super) fn check(subject: &Subject, seen: &Seen) -> Vec<Finding> {
    let vip = subject.vips.iter().find(|vip| vip.is_ipv6() && subject.holds_vips());
    let Some(&vip) = vip else { return Vec::new() };
    let likely = likely(vip, subject, seen);
    let off =
        likely.into_iter().filter(|nic| is_off(nic, seen) && !is_vips(nic, vip, subject, seen));
    let names: Vec<&str> = off.map(|nic| nic.name.as_str()).collect();
    let by_another = comes_by_another(vip, subject, seen);
    // Of several tunnel devices a director needs one.
    if names.is_empty() || (by_another && subject.mode == Some(Mode::Tun)) {
        return Vec::new();
    }
    let (severity, verb) =
        if by_another { (Severity::Warning, "may come") } else { (Severity::Error, "come") };
    let message = format!(
        "IPv6 is off on {}, where packets for {vip} {verb} in: they are dropped",
        few(&names, 3)
    );
    let read = names.iter().map(|name| {
        let value = seen.ipv6(name, "disable_ipv6").unwrap_or(0);
        format!("net/ipv6/conf/{name}/disable_ipv6 = {value}")
    });
    let on = |name: &&str| {
        let key = SysctlKey::ipv6(name, "disable_ipv6");
        Remedy::command(Phase::Settings, shell::set(&key, 0))
    };
    let finding = Finding::new(&catalogue::RS_VIP_08, severity, message).read(read);
    vec![finding.steps(names.iter().map(on))]
}

/// Whether the VIP is there or is to be: that is told with the device of the VIP.
fn is_vips(nic: &Device, vip: IpAddr, subject: &Subject, seen: &Seen) -> bool {
    let mut places = seen.places(vip).peekable();
    match places.peek() {
        Some(_) => places.any(|have| have.device == nic.name),
        None => carrier(vip, subject, seen) == nic.name,
    }
}

fn is_off(nic: &Device, seen: &Seen) -> bool {
    seen.ipv6(&nic.name, "disable_ipv6").is_some_and(|value| value != 0)
}

/// Of several interfaces those with a default route: others are often bridges of virtual machines,
/// which have no IPv6 on purpose.
fn likely<'a>(vip: IpAddr, subject: &'a Subject, seen: &'a Seen) -> Vec<&'a Device> {
    let nics = inward::expected(vip, subject, seen);
    let defaults = seen.routes.iter().filter(|route| route.prefix == 0);
    let defaults: HashSet<&String> = defaults.flat_map(|route| &route.devices).collect();
    let leads_out = |nic: &&Device| defaults.contains(&nic.name);
    let outward: Vec<&Device> = nics.iter().copied().filter(leads_out).collect();
    if outward.is_empty() { nics } else { outward }
}

/// Whether another interface has an IPv6 address to which a director may send: mode dr needs a RIP
/// of the VIP's family.
fn comes_by_another(vip: IpAddr, subject: &Subject, seen: &Seen) -> bool {
    if subject.mode == Some(Mode::Tun) {
        return inward::expected(vip, subject, seen).into_iter().any(|it| !is_off(it, seen));
    }
    let may_be_rip = |have: &Address| {
        have.ip.is_ipv6() && have.scope == "global" && !subject.vips.contains(&have.ip)
    };
    inward::possible(vip, subject, seen)
        .into_iter()
        .any(|nic| !is_off(nic, seen) && seen.addresses.on(&nic.name).any(may_be_rip))
}
