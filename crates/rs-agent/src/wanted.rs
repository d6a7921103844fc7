// SPDX-License-Identifier: MIT OR Apache-2.0
//! What this host is to be: the request, completed from an earlier set-up and
//! from the host itself. Kept in the journal.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Tunnel, TunnelKind, host_prefix};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::{Network, Request};

/// A complete description of the real server's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Forwarding method.
    pub mode: Mode,
    /// VIPs; in mode nat those that must not be here.
    pub vips: Vec<IpAddr>,
    /// dr: the device that gets the VIPs.
    pub carrier: String,
    /// tun: the devices that receive from the director, one per inner family at most.
    pub tunnels: Vec<Tunnel>,
    /// Known directors (DIPs).
    pub directors: Vec<IpAddr>,
    /// nat: the default route's gateway to set.
    pub gateway: Option<IpAddr>,
    /// nat: the clients whose route is checked instead of the default route.
    pub client: Option<Network>,
}

impl Wanted {
    /// Completes a request. Adding to an earlier set-up keeps its VIPs and options.
    ///
    /// # Errors
    /// The earlier set-up is of another mode or has other tunnel ends; the RIP is unclear.
    pub fn resolve(
        request: &Request,
        before: Option<&Self>,
        facts: &Facts,
    ) -> Result<Self, Refusal> {
        if let Some(before) = before.filter(|before| before.mode != request.mode) {
            return Err(Refusal::OtherMode(before.mode));
        }
        let mut wanted = Self {
            mode: request.mode,
            vips: before.map_or_else(Vec::new, |before| before.vips.clone()),
            carrier: request
                .carrier
                .clone()
                .or_else(|| before.map(|before| before.carrier.clone()))
                .unwrap_or_else(|| "lo".to_owned()),
            tunnels: Vec::new(),
            directors: request.directors.clone(),
            gateway: request.gateway,
            client: request.client,
        };
        for &vip in &request.vips {
            if !wanted.vips.contains(&vip) {
                wanted.vips.push(vip);
            }
        }
        if let Some(before) = before {
            if wanted.directors.is_empty() && request.gateway.is_none() {
                wanted.directors.clone_from(&before.directors);
            }
            // A route that was set stays wanted until teardown puts the old one back.
            wanted.gateway = match (wanted.gateway, before.gateway) {
                (Some(asked), Some(now)) if asked != now => {
                    return Err(Refusal::OtherGateway { now, asked });
                }
                (asked, now) => asked.or(now),
            };
            wanted.client = wanted.client.or(before.client);
        }
        if request.mode == Mode::Tun {
            wanted.tunnels = tunnels(&wanted, request, before, facts)?;
        }
        Ok(wanted)
    }

    /// What stays when some VIPs are taken down; `None` if nothing does.
    #[must_use]
    pub fn without(&self, gone: &[IpAddr]) -> Option<Self> {
        let mut rest = self.clone();
        rest.vips.retain(|vip| !gone.contains(vip));
        let vips = rest.vips.clone();
        rest.tunnels.retain(|tunnel| vips.iter().any(|&vip| carries(tunnel, vip)));
        (self.mode == Mode::Nat || !rest.vips.is_empty()).then_some(rest)
    }

    /// The device a VIP is put on.
    #[must_use]
    pub fn device_for(&self, vip: IpAddr) -> &str {
        let tunnel = self.tunnels.iter().find(|tunnel| carries(tunnel, vip));
        tunnel.map_or(&self.carrier, |tunnel| &tunnel.name)
    }

    /// Whether the VIP is in place. dr: on any device that does not answer ARP. tun: on the
    /// tunnel device itself, which needs an IPv4 address for `rp_filter=2` to let anything
    /// through.
    #[must_use]
    pub fn is_local(&self, vip: IpAddr, facts: &Facts) -> bool {
        facts.addresses.iter().any(|have| {
            have.ip == vip
                && have.prefix == host_prefix(vip)
                && match self.mode {
                    Mode::Dr => facts.link(&have.device).is_some_and(|link| !link.arp),
                    Mode::Tun => have.device == self.device_for(vip),
                    Mode::Nat => false,
                }
        })
    }

    /// Addresses through which replies may go in mode nat.
    pub fn ways_back(&self) -> impl Iterator<Item = IpAddr> {
        self.directors.iter().copied().chain(self.gateway)
    }
}

fn carries(tunnel: &Tunnel, vip: IpAddr) -> bool {
    match tunnel.kind {
        TunnelKind::Ipip => vip.is_ipv4(),
        TunnelKind::Sit => vip.is_ipv6(),
        TunnelKind::Ip6tnl => true,
    }
}

fn tunnels(
    wanted: &Wanted,
    request: &Request,
    before: Option<&Wanted>,
    facts: &Facts,
) -> Result<Vec<Tunnel>, Refusal> {
    let old: &[Tunnel] = before.map_or(&[], |before| &before.tunnels);
    let known = request.rip.or_else(|| old.first().and_then(|tunnel| tunnel.local));
    let rip = known.map_or_else(|| guess_rip(wanted, facts), Ok)?;
    if let Some(&director) = wanted.directors.iter().find(|d| d.is_ipv4() != rip.is_ipv4()) {
        return Err(Refusal::MixedFamilies { director, rip });
    }
    let v4 = wanted.vips.iter().any(IpAddr::is_ipv4);
    let v6 = wanted.vips.iter().any(IpAddr::is_ipv6);
    let kinds: &[TunnelKind] = match (rip.is_ipv4(), v4, v6) {
        (false, ..) => &[TunnelKind::Ip6tnl],
        (true, true, true) => &[TunnelKind::Ipip, TunnelKind::Sit],
        (true, true, false) => &[TunnelKind::Ipip],
        (true, false, _) => &[TunnelKind::Sit],
    };
    if request.tunnel_device.is_some() && kinds.len() > 1 {
        return Err(Refusal::TwoTunnels);
    }
    let tunnels: Vec<Tunnel> = kinds
        .iter()
        .map(|&kind| Tunnel {
            name: request
                .tunnel_device
                .clone()
                .or_else(|| old.iter().find(|old| old.kind == kind).map(|old| old.name.clone()))
                .unwrap_or_else(|| format!("rs-{kind}")),
            kind,
            local: Some(rip),
            // With one director its address keeps everybody else's packets out. With
            // two, a device each would be needed; any sender is accepted instead.
            remote: match wanted.directors.as_slice() {
                [director] => Some(*director),
                _ => None,
            },
        })
        .collect();
    match old.iter().find(|old| !tunnels.contains(old)) {
        Some(now) => {
            let asked = tunnels.iter().find(|new| new.kind == now.kind).or(tunnels.first());
            let named = |tunnel: &Tunnel| format!("{} ({tunnel})", tunnel.name);
            Err(Refusal::OtherTunnel {
                now: named(now),
                asked: asked.map_or_else(String::new, named),
            })
        }
        None => Ok(tunnels),
    }
}

/// The address this host would itself use towards the directors, or else towards the
/// gateways of the default routes of the VIPs' families.
fn guess_rip(wanted: &Wanted, facts: &Facts) -> Result<IpAddr, Refusal> {
    let targets: Vec<IpAddr> = if wanted.directors.is_empty() {
        let families = wanted.vips.iter().map(IpAddr::is_ipv6).collect::<BTreeSet<bool>>();
        let routes = families.into_iter().filter_map(|ipv6| facts.default_route(ipv6));
        routes.flat_map(|route| route.gateways.iter().copied()).collect()
    } else {
        wanted.directors.clone()
    };
    let sources: BTreeSet<IpAddr> = targets
        .iter()
        .filter_map(|target| facts.hops.get(target)?.as_ref()?.source)
        .filter(|source| !wanted.vips.contains(source) && !is_link_local(*source))
        .collect();
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
