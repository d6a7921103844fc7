// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides which devices receive from the directors, and for which RIP.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Wanted;
use crate::bad_request::BadRequest;
use crate::facts::{Address, Facts, Family, of_family, only_one};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::tunnel::{Encapsulation, Tunnel, TunnelKind};

/// Completes RIPs and devices. `wanted` has its VIPs, what is known of RIPs, its directors and
/// its encapsulation.
///
/// # Errors
/// The earlier set-up has other ends; a RIP is unclear.
pub(super) fn complete(
    wanted: &mut Wanted,
    request: &Request,
    before: Option<&Wanted>,
    facts: &Facts,
) -> Result<(), Refusal> {
    let old: &[Tunnel] = before.map_or(&[], |before| &before.tunnels);
    let fallback = request.fallback_devices || old.iter().any(|old| old.fallback);
    // The families the director's packets come in. Fallback devices name no RIP.
    let mut outers: BTreeSet<Family> = wanted.rips.iter().copied().map(Family::of).collect();
    outers.extend(old.iter().map(|old| old.kind.outer()));
    if outers.is_empty() {
        let rip = guess_rip(wanted, facts)?;
        outers.insert(Family::of(rip));
        wanted.rips.extend((!fallback).then_some(rip));
    }
    let stray = |director: &&IpAddr| !outers.contains(&Family::of(**director));
    if let Some(&director) = wanted.directors.iter().find(stray) {
        return Err(match wanted.rips.first() {
            Some(&rip) => Refusal::Request(BadRequest::MixedFamilies { director, rip }),
            None => Refusal::RipUnclear(format!("{director} is of another address family")),
        });
    }
    let kinds: Vec<TunnelKind> =
        outers.iter().flat_map(|&outer| kinds(wanted, outer, outers.len() > 1)).collect();
    if let (Some(_), [one, other, ..]) = (&request.tunnel_device, kinds.as_slice()) {
        return Err(Refusal::Request(BadRequest::TwoTunnels(*one, *other)));
    }
    let named = |kind: TunnelKind| {
        let known = || old.iter().find(|old| old.kind == kind).map(|old| old.name.clone());
        request.tunnel_device.clone().or_else(known).unwrap_or_else(|| match fallback {
            true => kind.fallback().to_owned(),
            false => format!("rs-{kind}"),
        })
    };
    wanted.tunnels = kinds
        .into_iter()
        .map(|kind| Tunnel {
            name: named(kind),
            kind,
            local: of_family(&wanted.rips, kind.outer()).filter(|_| !fallback),
            // With one director its address keeps everybody else's packets out. With
            // two, a device each would be needed; any sender is accepted instead.
            remote: only_one(&wanted.directors, kind.outer()).filter(|_| !fallback),
            checksum: wanted.encapsulation == Encapsulation::Gre { checksum: true },
            fallback,
        })
        .collect();
    nothing_moves(wanted, request, before)
}

/// Returns what was asked for, and of the other family what is known from before.
pub(super) fn known_rips(request: &Request, before: Option<&Wanted>) -> Vec<IpAddr> {
    let mut rips = request.rips.clone();
    for &rip in before.iter().flat_map(|before| &before.rips) {
        if of_family(&rips, Family::of(rip)).is_none() {
            rips.push(rip);
        }
    }
    // Whichever was first, it is the same set-up.
    rips.sort_unstable();
    rips
}

/// Returns the devices for packets to a RIP of that family. With two RIPs only VIPs of its own
/// family come to each.
fn kinds(wanted: &Wanted, outer: Family, own_family_only: bool) -> Vec<TunnelKind> {
    let vips = wanted.vips.iter().copied();
    let vips: Vec<IpAddr> = vips.filter(|vip| !own_family_only || outer.has(*vip)).collect();
    if vips.is_empty() { Vec::new() } else { wanted.encapsulation.kinds(outer, &vips) }
}

/// Every VIP of before stays on its device, and every one asked for comes to a RIP that was
/// asked for with it.
fn nothing_moves(
    wanted: &Wanted,
    request: &Request,
    before: Option<&Wanted>,
) -> Result<(), Refusal> {
    let named = |tunnel: &Tunnel| format!("{} ({tunnel})", tunnel.name);
    let name = |tunnel: Option<&Tunnel>| tunnel.map_or_else(String::new, named);
    let known: &[IpAddr] = before.map_or(&[], |before| &before.vips);
    for &vip in known {
        let (now, asked) = (before.and_then(|it| it.tunnel_for(vip)), wanted.tunnel_for(vip));
        if now != asked {
            return Err(Refusal::OtherTunnel { vip, now: name(now), asked: name(asked) });
        }
    }
    let [rip] = *request.rips.as_slice() else { return Ok(()) };
    let comes_elsewhere =
        |vip: &IpAddr| wanted.tunnel_for(*vip).is_some_and(|it| !it.kind.outer().has(rip));
    let mut stray = request.vips.iter().copied().filter(comes_elsewhere);
    // One that is set up would have to move, one that is new only to come in otherwise.
    if let Some(vip) = stray.clone().find(|vip| known.contains(vip)) {
        let (now, asked) = (name(wanted.tunnel_for(vip)), format!("RIP {rip}"));
        return Err(Refusal::OtherTunnel { vip, now, asked });
    }
    match stray.next() {
        Some(vip) => Err(Refusal::OtherRip { vip, now: name(wanted.tunnel_for(vip)), rip }),
        None => Ok(()),
    }
}

/// The address this host would itself use towards the directors, or that it has beside them in a
/// VRF; without directors that towards the gateways of the default routes of the VIPs' families.
fn guess_rip(wanted: &Wanted, facts: &Facts) -> Result<IpAddr, Refusal> {
    let targets: Vec<IpAddr> = if wanted.directors.is_empty() {
        let families: BTreeSet<Family> = wanted.vips.iter().copied().map(Family::of).collect();
        let routes = families.into_iter().filter_map(|family| facts.default_route(family));
        routes.flat_map(|route| route.gateways.iter().copied()).collect()
    } else {
        wanted.directors.clone()
    };
    let may_be = |ip: &IpAddr| !wanted.vips.contains(ip) && !is_link_local(*ip);
    let mut sources: BTreeSet<IpAddr> = BTreeSet::new();
    for target in targets {
        let towards = facts.hops.get(&target).and_then(|hop| hop.as_ref()?.source);
        let beside = facts.addresses.iter().filter(|have| have.is_near(target));
        let beside: Vec<&Address> = beside.filter(|have| may_be(&have.ip)).collect();
        let is_beside = beside.iter().any(|have| Some(have.ip) == towards);
        // The route was asked for outside of VRFs: it knows no director in one.
        let is_in_vrf = |have: &&Address| {
            let link = facts.link(&have.device);
            link.is_some_and(|link| link.vrf.is_some() && link.faces_others())
        };
        let in_vrf: Vec<IpAddr> =
            beside.into_iter().filter(is_in_vrf).map(|have| have.ip).collect();
        if in_vrf.is_empty() || is_beside || wanted.directors.is_empty() {
            sources.extend(towards.filter(may_be));
        } else {
            sources.extend(in_vrf);
        }
    }
    let mut sources = sources.into_iter();
    match (sources.next(), sources.next()) {
        (Some(rip), None) => Ok(rip),
        (Some(one), Some(other)) => Err(Refusal::RipUnclear(format!("it may be {one} or {other}"))),
        (None, _) if wanted.directors.is_empty() => {
            Err(Refusal::RipUnclear("no default route leads to it".to_owned()))
        }
        (None, _) => Err(Refusal::RipUnclear("no route leads to a director".to_owned())),
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
