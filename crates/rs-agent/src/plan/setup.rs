// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides which changes are missing, and in which order they have to be made.

use std::net::IpAddr;

use lvs_host::SysctlKey;

use super::change::{Change, Step};
use crate::facts::{Facts, Family};
use crate::mode::Mode;
use crate::request::Scope;
use crate::wanted::Wanted;

/// Returns the steps from what is to what is wanted; none if everything is in place.
#[must_use]
pub fn steps(wanted: &Wanted, facts: &Facts) -> Vec<Step> {
    let mut steps = match wanted.mode {
        Mode::Dr | Mode::Tun => vip_steps(wanted, facts),
        Mode::Nat => route_steps(wanted, facts),
    };
    steps.sort_by_key(|step| step.action.change.rank());
    steps
}

fn vip_steps(wanted: &Wanted, facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |change: Change, reason| steps.push(Step { action: change.make(), reason });

    if wanted.vips.iter().any(IpAddr::is_ipv4) {
        // On `all`, not per interface: an interface added tomorrow is covered, and the
        // interface that counts is the one a request arrives on, never `lo`.
        for (name, least, reason) in [
            ("arp_ignore", 1, "this host must not answer ARP requests for the VIP"),
            ("arp_announce", 2, "this host must not name the VIP in its own ARP requests"),
        ] {
            let key = SysctlKey::ipv4("all", name);
            let from = facts.sysctl(&key);
            if from.is_some_and(|value| value < least) {
                step(Change::Sysctl { key, from, to: least }, reason);
            }
        }
    }
    if wanted.create_carrier && wanted.mode == Mode::Dr {
        let device = wanted.carrier.clone();
        let link = facts.link(&device);
        if link.is_none() {
            step(Change::Dummy { device: device.clone() }, "a device of our own for the VIPs");
        }
        if !link.is_some_and(|link| link.up) {
            step(Change::Up { device }, "a device that is down loses its IPv6 addresses");
        }
    }
    for at in wanted.listeners() {
        if facts.port(at).is_none() {
            step(Change::Gue(at), "takes packets from the director out of UDP");
        }
    }
    for tunnel in &wanted.tunnels {
        let link = facts.link(&tunnel.name);
        if link.is_none() && !tunnel.fallback {
            step(Change::Tunnel(tunnel.clone()), "decapsulates packets from the director");
        }
        if tunnel.carries_ipv4() {
            let key = SysctlKey::ipv4(&tunnel.name, "rp_filter");
            let from = facts.sysctl(&key);
            if from != Some(2) {
                let change = Change::Sysctl { key, from, to: 2 };
                step(change, "the route back to a client never leads into the tunnel");
            }
        }
        if !link.is_some_and(|link| link.up) {
            step(
                Change::Up { device: tunnel.name.clone() },
                "a device that is down receives nothing",
            );
        }
    }
    let apart = wanted.out_of_reach(facts);
    for &ip in &wanted.vips {
        if !wanted.is_local(ip, facts, &apart) {
            let change = Change::Address {
                ip,
                device: wanted.device_for(ip).to_owned(),
                tag: None,
                scope: if ip.is_ipv4() { wanted.scope } else { Scope::default() },
                label: wanted.label.clone().filter(|_| ip.is_ipv4()),
            };
            step(change, "accept packets for the VIP");
        }
    }
    steps
}

fn route_steps(wanted: &Wanted, facts: &Facts) -> Vec<Step> {
    wanted.gateways.iter().filter_map(|gateway| route_step(*gateway, facts)).collect()
}

fn route_step(gateway: IpAddr, facts: &Facts) -> Option<Step> {
    let family = Family::of(gateway);
    if facts.default_route(family).is_some_and(|route| route.gateways == [gateway]) {
        return None;
    }
    let metric = route_metric(family);
    // Replaced, not put in front: among default routes of equal metric IPv4 prefers one
    // whose gateway answers (`fib_select_default`), and would leave a silent director.
    let from = facts
        .default_routes
        .iter()
        .find(|route| route.family == family && route.metric == metric)
        .map(|route| route.saved.clone());
    Some(Step {
        action: Change::DefaultRoute { gateway, metric, from }.make(),
        reason: "replies must pass the director, which puts the VIP back as their source",
    })
}

/// Returns the metric that wins over any other: IPv6 turns 0 into 1024, so there it is 1.
pub(super) fn route_metric(family: Family) -> u32 {
    match family {
        Family::Ipv4 => 0,
        Family::Ipv6 => 1,
    }
}
