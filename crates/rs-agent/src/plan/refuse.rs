// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refuses what the host's state does not allow, found before anything is changed; and what it
//! allows but the operator should know.

use std::cell::OnceCell;
use std::net::IpAddr;

use lvs_host::SysctlKey;

use super::devices;
use super::networks::Networks;
use super::own::is_own;
use super::setup::route_metric;
use crate::arp_ignore::{Hides, hides, shown};
use crate::bad_request::BadRequest;
use crate::facts::{Address, Facts, Family, Link, host_prefix, of_family};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::distinct;
use crate::tunnel::Tunnel;
use crate::wanted::Wanted;

/// Checks that the set-up is possible and safe on this host.
///
/// # Errors
/// The first reason why not.
pub fn check(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    check_beside(wanted, facts, &Networks::of(facts.addresses.iter()))
}

/// Checks the same as [`check`], for who asks again and again of the same facts.
///
/// # Errors
/// The first reason why not.
pub fn check_beside(
    wanted: &Wanted,
    facts: &Facts,
    networks: &Networks<'_>,
) -> Result<(), Refusal> {
    // What was asked for now beside what was known before.
    distinct(&wanted.vips, &wanted.rips, &wanted.directors, &wanted.gateways)?;
    for &vip in &wanted.vips {
        vip_is_free(vip, wanted, facts)?;
        networks.no_broadcast("VIP", vip)?;
        // In mode nat the VIP is the director's, which may be at that end.
        if wanted.mode != Mode::Nat {
            networks.no_peer(vip)?;
        }
    }
    for &rip in &wanted.rips {
        no_gateway("RIP", rip, facts)?;
        networks.no_broadcast("RIP", rip)?;
    }
    for &director in &wanted.directors {
        networks.no_broadcast("director", director)?;
    }
    for &director in wanted.directors.iter().filter(|_| !wanted.also_director) {
        director_is_elsewhere(director, !facts.addresses.of(director).is_empty())?;
    }
    match wanted.mode {
        Mode::Nat => ways_are_possible(wanted, facts),
        Mode::Dr | Mode::Tun => {
            devices::check(wanted, facts)?;
            ipv6_is_on(wanted, facts)?;
            arp_can_be_hidden(wanted, facts)
        }
    }
}

fn vip_is_free(vip: IpAddr, wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    for have in facts.addresses.of(vip) {
        let device = have.device.clone();
        if is_directors(have, wanted, facts) {
            continue;
        }
        if is_own(have, wanted, facts) {
            return Err(Refusal::OwnAddress { vip, device });
        }
        if wanted.mode == Mode::Nat {
            return Err(Refusal::VipOnNatServer { vip, device });
        }
        if facts.link(&device).is_some_and(|link| link.arp) {
            return Err(Refusal::OnNic { vip, named: have.named(), device });
        }
        if have.prefix != host_prefix(vip) || is_for_a_peer(have, facts) {
            return Err(Refusal::WidePrefix { vip, named: have.named(), device });
        }
    }
    no_gateway("VIP", vip, facts)
}

/// Whether this host has this VIP as its director. `have` must be a VIP. It comes and goes with the
/// role, and is left to whoever gives it.
pub fn is_directors(have: &Address, wanted: &Wanted, facts: &Facts) -> bool {
    (wanted.also_director || facts.directed.contains(&have.ip))
        && wanted.mode != Mode::Nat
        && (facts.link(&have.device).is_some_and(|link| link.arp) || is_own(have, wanted, facts))
}

/// Whether it has the other end of a link on a device that has none: that address is local then, on
/// `lo`, or what is sent to it is lost.
fn is_for_a_peer(have: &Address, facts: &Facts) -> bool {
    let leads = |link: &Link| link.is_point_to_point();
    have.peer.is_some() && !facts.link(&have.device).is_some_and(leads)
}

fn no_gateway(role: &'static str, ip: IpAddr, facts: &Facts) -> Result<(), Refusal> {
    let is_gateway = facts.default_routes.iter().any(|route| route.gateways.contains(&ip));
    if is_gateway { Err(Refusal::IsGateway { role, ip }) } else { Ok(()) }
}

/// # Errors
/// It is an address of this host.
pub fn director_is_elsewhere(director: IpAddr, is_here: bool) -> Result<(), Refusal> {
    if is_here { Err(Refusal::DirectorIsHere(director)) } else { Ok(()) }
}

/// # Errors
/// It is an address of this host.
pub fn gateway_is_elsewhere(gateway: IpAddr, is_here: bool) -> Result<(), Refusal> {
    let (option, what) = ("--gateway", "an address of this host itself");
    match is_here {
        true => Err(Refusal::Request(BadRequest::Unusable { option, ip: gateway, what })),
        false => Ok(()),
    }
}

fn ipv6_is_on(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    // All IPv6 VIPs are on one device.
    if let Some(&vip) = wanted.vips.iter().find(|vip| vip.is_ipv6()) {
        let device = wanted.device_for(vip);
        // A device still to be made starts with the value of `default`.
        let device = if facts.link(device).is_some() { device } else { "default" };
        let key = SysctlKey::ipv6(device, "disable_ipv6");
        match facts.sysctl(&key) {
            Some(0) => {}
            Some(_) => return Err(Refusal::Ipv6Off(key)),
            None => return Err(Refusal::NoIpv6),
        }
    }
    Ok(())
}

/// Checks that after `all` is raised every interface that answers ARP hides the VIPs.
///
/// For effective `arp_ignore` see [`hides`]. Effective `arp_announce` (`arp_solicit()`,
/// net/ipv4/arp.c): 2 hides, above 2 is treated as 0.
///
/// # Errors
/// The first interface where raising `all` does not help.
pub fn arp_can_be_hidden(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    if !wanted.vips.iter().any(IpAddr::is_ipv4) {
        return Ok(());
    }
    let shown = OnceCell::new();
    for (name, least) in [("arp_ignore", 1), ("arp_announce", 2)] {
        let all = SysctlKey::ipv4("all", name);
        if facts.sysctl(&all).is_none() {
            return Err(Refusal::NoSysctl(all));
        }
        for link in facts.arp_links() {
            let value = facts.effective(name, &link.name).max(least);
            let key = if facts.sysctl(&all) == Some(value) {
                all.clone()
            } else {
                SysctlKey::ipv4(&link.name, name)
            };
            let device = link.name.clone();
            match (name, value, hides(value)) {
                ("arp_ignore", _, Hides::Others) | ("arp_announce", 2, _) => {}
                ("arp_ignore", _, Hides::ScopeHost) => {
                    let shown = shown.get_or_init(|| shown_vip(wanted, facts));
                    if let Some((vip, scope)) = shown.clone() {
                        return Err(Refusal::ArpScope { vip, scope, key });
                    }
                }
                ("arp_ignore", _, Hides::Everything) => {
                    return Err(Refusal::ArpSilent { device, key, value });
                }
                _ => return Err(Refusal::ArpMeaningless { device, key, value }),
            }
        }
    }
    Ok(())
}

/// A VIP that `arp_ignore` 3 does not hide, as it is to be or as somebody else has it
/// already, and why.
fn shown_vip(wanted: &Wanted, facts: &Facts) -> Option<(IpAddr, String)> {
    let localnet = |device: &str| {
        // A device still to be made starts with the value of `default`.
        let device = if facts.link(device).is_some() { device } else { "default" };
        let on = |device| facts.sysctl(&SysctlKey::ipv4(device, "route_localnet")).unwrap_or(0);
        on("all") != 0 || on(device) != 0
    };
    let vips = || wanted.vips.iter().copied().filter(IpAddr::is_ipv4);
    let ours = vips().map(|vip| (vip, wanted.scope.to_string(), wanted.device_for(vip)));
    let theirs = vips().flat_map(|vip| facts.addresses.of(vip));
    let theirs = theirs.filter(|have| !is_directors(have, wanted, facts));
    let theirs = theirs.map(|have| (have.ip, have.scope.clone(), have.device.as_str()));
    let (vip, scope, _) =
        ours.chain(theirs).find(|(_, scope, device)| shown(scope, localnet(device)))?;
    let why = if scope == "host" { "host, which route_localnet makes link,".into() } else { scope };
    Some((vip, why))
}

/// Each family by itself: its default route can be set, or leads through the director
/// already.
fn ways_are_possible(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    for &gateway in &wanted.gateways {
        gateway_is_possible(gateway, facts)?;
    }
    through(wanted, facts, |family| of_family(&wanted.gateways, family).is_none())
}

/// Checks that a default route can lead to `gateway`.
///
/// # Errors
/// Why none can.
pub fn gateway_is_possible(gateway: IpAddr, facts: &Facts) -> Result<(), Refusal> {
    gateway_is_elsewhere(gateway, !facts.addresses.of(gateway).is_empty())?;
    // A route lookup calls it on-link, and yet it can be no nexthop: `fib_check_nh`
    // (net/ipv4/fib_semantics.c) takes unicast only, with EINVAL.
    Networks::of(facts.addresses.iter()).no_broadcast("gateway", gateway)?;
    match facts.hops.get(&gateway) {
        Some(Some(hop)) if hop.gateway.is_none() => {}
        _ => return Err(Refusal::GatewayFar(gateway)),
    }
    let family = Family::of(gateway);
    let metric = route_metric(family);
    let same = facts.default_routes.iter().filter(|r| r.family == family && r.metric == metric);
    if same.count() > 1 { Err(Refusal::ManyDefaults(metric)) } else { Ok(()) }
}

/// Checks that replies to the clients go through a director.
///
/// # Errors
/// They do not, and where they go instead.
pub fn through_director(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    through(wanted, facts, |_| true)
}

/// The same of the families that are `asked` about.
fn through(wanted: &Wanted, facts: &Facts, asked: impl Fn(Family) -> bool) -> Result<(), Refusal> {
    let through = |gateway: &IpAddr| wanted.ways_back().any(|way| way == *gateway);
    if let Some(client) = wanted.client {
        if !asked(Family::of(client.ip)) {
            return Ok(());
        }
        for end in client.ends() {
            let hop = facts.replies.get(&end).or_else(|| facts.hops.get(&end));
            let hop = hop.and_then(Option::as_ref);
            let route = match hop.map(|hop| hop.gateway) {
                Some(Some(gateway)) if through(&gateway) => continue,
                Some(Some(gateway)) => format!("via {gateway}"),
                Some(None) => "on-link".to_owned(),
                None => "missing".to_owned(),
            };
            return Err(Refusal::NotThroughDirector { clients: client.to_string(), route });
        }
        return Ok(());
    }
    for family in Family::BOTH {
        if !asked(family) || !wanted.ways_back().any(|way| family.has(way)) {
            continue;
        }
        let clients = || format!("{family} clients");
        // Rules may lead replies elsewhere than the default route of table main.
        let anywhere = of_family(&facts.anywhere, family);
        if let Some(hop) = anywhere.and_then(|ip| facts.replies.get(&ip)) {
            let gateway = hop.as_ref().map(|hop| hop.gateway);
            let route = match gateway {
                Some(Some(gateway)) if through(&gateway) => continue,
                Some(Some(gateway)) => format!("via {gateway} by the rules (ip rule)"),
                Some(None) => "on-link by the rules (ip rule)".to_owned(),
                None => "missing".to_owned(),
            };
            return Err(Refusal::NotThroughDirector { clients: clients(), route });
        }
        let route = facts.default_route(family);
        if !route.is_some_and(|r| !r.gateways.is_empty() && r.gateways.iter().all(through)) {
            let clients = clients();
            let route =
                route.map_or_else(|| "missing".to_owned(), |route| route.saved.text.clone());
            return Err(Refusal::NotThroughDirector { clients, route });
        }
    }
    Ok(())
}

/// Returns what works badly or not at all for a reason outside this program's reach.
#[must_use]
pub fn warnings(wanted: &Wanted, facts: &Facts) -> Vec<String> {
    let mut warnings = Vec::new();
    if wanted.mode == Mode::Nat {
        return warnings;
    }
    for director in &wanted.directors {
        let route = facts.default_route(Family::of(*director));
        // IPv6 has no source check that would drop such replies.
        if director.is_ipv4() && route.is_some_and(|route| route.gateways.contains(director)) {
            warnings.push(format!(
                "the default route leads through director {director}, which drops replies that \
                 come from its own VIP"
            ));
        }
    }
    let carrier = facts.link(&wanted.carrier).filter(|_| wanted.mode == Mode::Dr);
    if let Some((link, vrf)) = carrier.and_then(|link| Some((link, link.domain()?))) {
        let nics = wanted.inward(facts);
        let others = nics.iter().filter(|nic| nic.vrf.as_deref() != Some(vrf));
        let others: Vec<&str> = others.map(|nic| nic.name.as_str()).collect();
        if !others.is_empty() {
            let (device, others) = (&link.name, lvs_term::few(others, 3));
            warnings.push(format!(
                "a VIP on {device} is only for what comes in by interfaces of VRF {vrf}, not by \
                 {others}"
            ));
        }
    }
    warnings.extend(ipv6_comes_in(wanted, facts));
    for rip in wanted.rips.iter().filter(|rip| facts.addresses.of(**rip).is_empty()) {
        warnings.push(format!("RIP {rip} is no address of this host yet"));
    }
    let failed = |rip: &&IpAddr| {
        let have = facts.addresses.of(**rip);
        !have.is_empty() && have.iter().all(|have| have.dad_failed)
    };
    for rip in wanted.rips.iter().filter(failed) {
        warnings.push(format!("RIP {rip} is unusable: another host has it too (dadfailed)"));
    }
    warnings
}

/// Warns if the kernel drops packets for the IPv6 VIPs where they come in, and they can come in by
/// no other interface: mode dr needs a RIP of their family. Mode tun needs IPv6 on the device only.
fn ipv6_comes_in(wanted: &Wanted, facts: &Facts) -> Option<String> {
    let vip = wanted.vips.iter().find(|vip| vip.is_ipv6() && wanted.mode == Mode::Dr)?;
    let is_off = |name: &str| {
        facts.sysctl(&SysctlKey::ipv6(name, "disable_ipv6")).is_some_and(|value| value != 0)
    };
    let may_be_rip = |have: &Address| {
        have.ip.is_ipv6()
            && have.scope == "global"
            && !wanted.vips.contains(&have.ip)
            && facts.link(&have.device).is_some_and(|link| link.up && link.faces_others())
    };
    if facts.addresses.iter().any(|have| may_be_rip(have) && !is_off(&have.device)) {
        return None;
    }
    let nics = wanted.inward(facts).into_iter().filter(|nic| nic.up);
    let nics: Vec<&str> = nics.map(|nic| nic.name.as_str()).collect();
    // Others are often bridges of virtual machines, which have no IPv6 on purpose.
    let gateways = facts.default_routes.iter().flat_map(|route| &route.gateways);
    let hops = gateways.filter_map(|gateway| facts.hops.get(gateway)?.as_ref());
    let defaults: Vec<&str> = hops.filter_map(|hop| hop.device.as_deref()).collect();
    let leads_out = |name: &&str| defaults.contains(name);
    let outward: Vec<&str> = nics.iter().copied().filter(leads_out).collect();
    let likely = if outward.is_empty() { nics } else { outward };
    let off: Vec<&str> = likely.into_iter().filter(|name| is_off(name)).collect();
    let names = lvs_term::few(&off, 3);
    (!off.is_empty()).then(|| {
        format!("IPv6 is off on {names} (disable_ipv6): packets for {vip} are dropped there")
    })
}

/// Returns what the operator should know of a set-up that works.
#[must_use]
pub fn notes(wanted: &Wanted) -> Vec<String> {
    let cure = |tunnel: &Tunnel| match of_family(&wanted.directors, tunnel.kind.outer()) {
        _ if tunnel.fallback => "a firewall can limit that to the directors",
        None => "--director limits that to one",
        Some(_) => "with several directors only a firewall can limit that to them",
    };
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for tunnel in wanted.tunnels.iter().filter(|tunnel| tunnel.remote.is_none()) {
        match told.iter_mut().find(|(same, _)| *same == cure(tunnel)) {
            Some((_, names)) => names.push(&tunnel.name),
            None => told.push((cure(tunnel), vec![&tunnel.name])),
        }
    }
    let note = |(cure, names): (&str, Vec<&str>)| {
        let verb = if names.len() == 1 { "unpacks" } else { "unpack" };
        format!("{} {verb} what anybody sends: {cure}", names.join(" and "))
    };
    told.into_iter().map(note).collect()
}
