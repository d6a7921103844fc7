// SPDX-License-Identifier: MIT OR Apache-2.0
//! What this host is to be: the request, completed from an earlier set-up and
//! from the host itself. Kept in the journal.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::facts::{Facts, host_prefix, of_family};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::{Network, Request, Scope};
use crate::tunnel::{Envelope, Listener, Tunnel};

/// A complete description of the real server's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Forwarding method.
    pub mode: Mode,
    /// VIPs; in mode nat those that must not be here.
    pub vips: Vec<IpAddr>,
    /// dr: the device that gets the VIPs.
    pub carrier: String,
    /// dr: the carrier is made if it is not there.
    #[serde(default)]
    pub create_carrier: bool,
    /// Scope of the IPv4 VIPs.
    #[serde(default)]
    pub scope: Scope,
    /// Label of the IPv4 VIPs.
    #[serde(default)]
    pub label: Option<String>,
    /// tun: what the director sends.
    #[serde(default)]
    pub envelope: Envelope,
    /// tun: the devices that receive from the director, one per inner family at most.
    pub tunnels: Vec<Tunnel>,
    /// Known directors (DIPs).
    pub directors: Vec<IpAddr>,
    /// nat: the default routes' gateways to set, one of each family at most.
    #[serde(alias = "gateway", deserialize_with = "one_or_several")]
    pub gateways: Vec<IpAddr>,
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
            create_carrier: request.create_carrier
                || before.is_some_and(|before| before.create_carrier),
            scope: request.scope.or(before.map(|before| before.scope)).unwrap_or_default(),
            label: request.label.clone().or_else(|| before?.label.clone()),
            envelope: request.envelope.or(before.map(|before| before.envelope)).unwrap_or_default(),
            tunnels: Vec::new(),
            directors: request.directors.clone(),
            gateways: request.gateways.clone(),
            client: request.client,
        };
        let known: HashSet<IpAddr> = wanted.vips.iter().copied().collect();
        wanted.vips.extend(request.vips.iter().filter(|vip| !known.contains(vip)));
        if let Some(before) = before {
            wanted.fits(before)?;
            if wanted.directors.is_empty() && request.gateways.is_empty() {
                wanted.directors.clone_from(&before.directors);
            }
            // A route that was set stays wanted until teardown puts the old one back.
            wanted.gateways = before.gateways.clone();
            for &asked in &request.gateways {
                match of_family(&before.gateways, asked.is_ipv6()) {
                    Some(now) if now != asked => return Err(Refusal::OtherGateway { now, asked }),
                    Some(_) => {}
                    None => wanted.gateways.push(asked),
                }
            }
            wanted.client = wanted.client.or(before.client);
        }
        if request.mode == Mode::Tun {
            wanted.tunnels = tunnels(&wanted, request, before, facts)?;
        }
        Ok(wanted)
    }

    /// What cannot differ between the VIPs of one host.
    fn fits(&self, before: &Self) -> Result<(), Refusal> {
        if self.envelope != before.envelope {
            let (now, asked) = (before.envelope.to_string(), self.envelope.to_string());
            return Err(Refusal::OtherEnvelope { now, asked });
        }
        if self.scope != before.scope {
            return Err(Refusal::OtherScope { now: before.scope, asked: self.scope });
        }
        // A device that setup made goes with the last VIP: all have to be on it.
        if self.carrier != before.carrier && self.create_carrier {
            let (now, asked) = (before.carrier.clone(), self.carrier.clone());
            return Err(Refusal::OtherCarrier { now, asked });
        }
        Ok(())
    }

    /// What stays when some VIPs are taken down; `None` if nothing does.
    #[must_use]
    pub fn without(&self, gone: &[IpAddr]) -> Option<Self> {
        let gone: HashSet<&IpAddr> = gone.iter().collect();
        let mut rest = self.clone();
        rest.vips.retain(|vip| !gone.contains(vip));
        let vips = rest.vips.clone();
        rest.tunnels.retain(|tunnel| vips.iter().any(|&vip| tunnel.kind.carries(vip)));
        (self.mode == Mode::Nat || !rest.vips.is_empty()).then_some(rest)
    }

    /// The device a VIP is put on.
    #[must_use]
    pub fn device_for(&self, vip: IpAddr) -> &str {
        let tunnel = self.tunnels.iter().find(|tunnel| tunnel.kind.carries(vip));
        tunnel.map_or(&self.carrier, |tunnel| &tunnel.name)
    }

    /// Whether the VIP is in place. dr: on any device that does not answer ARP. tun: on the
    /// tunnel device itself, which needs an IPv4 address for `rp_filter=2` to let anything
    /// through.
    #[must_use]
    pub fn is_local(&self, vip: IpAddr, facts: &Facts) -> bool {
        facts.addresses.of(vip).iter().any(|have| {
            have.prefix == host_prefix(vip)
                && match self.mode {
                    Mode::Dr => facts.link(&have.device).is_some_and(|link| !link.arp),
                    Mode::Tun => have.device == self.device_for(vip),
                    Mode::Nat => false,
                }
        })
    }

    /// tun: the UDP port that packets in GUE come to.
    #[must_use]
    pub fn listener(&self) -> Option<Listener> {
        match (self.envelope, self.tunnels.first()) {
            (Envelope::Gue { port }, Some(tunnel)) => {
                Some(Listener { port, ipv6: tunnel.kind.over_ipv6() })
            }
            _ => None,
        }
    }

    /// Addresses through which replies may go in mode nat.
    pub fn ways_back(&self) -> impl Iterator<Item = IpAddr> {
        self.directors.iter().chain(&self.gateways).copied()
    }
}

/// Up to journal format 2 there was one gateway or none.
fn one_or_several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Several(Vec<IpAddr>),
        One(Option<IpAddr>),
    }
    Ok(match Written::deserialize(from)? {
        Written::Several(ips) => ips,
        Written::One(ip) => ip.into_iter().collect(),
    })
}

fn tunnels(
    wanted: &Wanted,
    request: &Request,
    before: Option<&Wanted>,
    facts: &Facts,
) -> Result<Vec<Tunnel>, Refusal> {
    let old: &[Tunnel] = before.map_or(&[], |before| &before.tunnels);
    let known = request.rip.or_else(|| old.first().and_then(|tunnel| tunnel.local));
    let over_ipv6 = match (known, old.first()) {
        (None, Some(old)) => old.kind.over_ipv6(),
        (known, _) => known.map_or_else(|| guess_rip(wanted, facts), Ok)?.is_ipv6(),
    };
    let fallback = request.fallback_devices || old.iter().any(|old| old.fallback);
    let local = match known {
        _ if fallback => None,
        Some(rip) => Some(rip),
        None => Some(guess_rip(wanted, facts)?),
    };
    let other_family = |director: &&IpAddr| director.is_ipv6() != over_ipv6;
    if let Some(&director) = wanted.directors.iter().find(other_family) {
        return Err(match local {
            Some(rip) => Refusal::MixedFamilies { director, rip },
            None => Refusal::RipUnclear(format!("{director} is of another address family")),
        });
    }
    let kinds = wanted.envelope.kinds(!over_ipv6, &wanted.vips);
    if request.tunnel_device.is_some() && kinds.len() > 1 {
        return Err(Refusal::TwoTunnels);
    }
    let tunnels: Vec<Tunnel> = kinds
        .into_iter()
        .map(|kind| Tunnel {
            name: request
                .tunnel_device
                .clone()
                .or_else(|| old.iter().find(|old| old.kind == kind).map(|old| old.name.clone()))
                .unwrap_or_else(|| match fallback {
                    true => kind.fallback().to_owned(),
                    false => format!("rs-{kind}"),
                }),
            kind,
            local,
            // With one director its address keeps everybody else's packets out. With
            // two, a device each would be needed; any sender is accepted instead.
            remote: match wanted.directors.as_slice() {
                [director] if !fallback => Some(*director),
                _ => None,
            },
            checksum: wanted.envelope == Envelope::Gre { checksum: true },
            fallback,
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
