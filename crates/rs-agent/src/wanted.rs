// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what this host is to be: the request, completed from an earlier set-up and from the host
//! itself. Kept in the journal.

mod tunnels;

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::facts::{Address, Facts, Family, Link, host_prefix, of_family};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::{Network, Request, Scope};
use crate::tunnel::{Encapsulation, Listener, Tunnel};

/// Describes the real server's side completely.
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
    /// tun: what the director sends; in journals `envelope`.
    #[serde(default, rename = "envelope")]
    pub encapsulation: Encapsulation,
    /// dr and tun: this host is a director of the VIPs, too, whose addresses are its own matter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub also_director: bool,
    /// dr and tun: the addresses the director sends to as far as they are known, one of each
    /// family at most. tun: with both, each VIP comes in an encapsulation of its own family; with
    /// one, all come in that one's.
    #[serde(default)]
    pub rips: Vec<IpAddr>,
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
            encapsulation: request
                .encapsulation
                .or(before.map(|before| before.encapsulation))
                .unwrap_or_default(),
            also_director: request.also_director
                || before.is_some_and(|before| before.also_director),
            rips: tunnels::known_rips(request, before),
            tunnels: Vec::new(),
            directors: request.directors.clone(),
            gateways: request.gateways.clone(),
            client: request.client,
        };
        let known: HashSet<IpAddr> = wanted.vips.iter().copied().collect();
        wanted.vips.extend(request.vips.iter().filter(|vip| !known.contains(vip)));
        if let Some(before) = before {
            wanted.fits(before)?;
            // A way of one family is no reason to forget the other's.
            let asked: Vec<IpAddr> =
                request.directors.iter().chain(&request.gateways).copied().collect();
            let other = |director: &&IpAddr| of_family(&asked, Family::of(**director)).is_none();
            wanted.directors.extend(before.directors.iter().filter(other));
            // A route that was set stays wanted until teardown puts the old one back.
            wanted.gateways = before.gateways.clone();
            for &asked in &request.gateways {
                match of_family(&before.gateways, Family::of(asked)) {
                    Some(now) if now != asked => return Err(Refusal::OtherGateway { now, asked }),
                    Some(_) => {}
                    None => wanted.gateways.push(asked),
                }
            }
            wanted.client = wanted.client.or(before.client);
        }
        if request.mode == Mode::Tun {
            tunnels::complete(&mut wanted, request, before, facts)?;
        }
        Ok(wanted)
    }

    /// What cannot differ between the VIPs of one host.
    fn fits(&self, before: &Self) -> Result<(), Refusal> {
        if self.encapsulation != before.encapsulation {
            let (now, asked) = (before.encapsulation.to_string(), self.encapsulation.to_string());
            return Err(Refusal::OtherEncapsulation { now, asked });
        }
        if self.scope != before.scope {
            return Err(Refusal::OtherScope { now: before.scope, asked: self.scope });
        }
        // It has to be there as long as any VIP is, and one that setup made goes with the last.
        if self.carrier != before.carrier {
            let (now, asked) = (before.carrier.clone(), self.carrier.clone());
            return Err(Refusal::OtherCarrier { now, asked });
        }
        Ok(())
    }

    /// Says what takes the place of what the earlier set-up knows, which no step shows.
    #[must_use]
    pub fn known_otherwise(&self, before: &Self) -> Vec<String> {
        let few = |ips: &[IpAddr]| lvs_term::few(ips, 3);
        let set = |ips: &[IpAddr]| ips.iter().copied().collect::<BTreeSet<IpAddr>>();
        [("director", &before.directors, &self.directors), ("RIP", &before.rips, &self.rips)]
            .into_iter()
            .filter(|(_, before, now)| !set(before).is_subset(&set(now)))
            .map(|(what, before, now)| format!("{what}: {} instead of {}", few(now), few(before)))
            .collect()
    }

    /// Returns what stays when some VIPs are taken down; `None` if nothing does. The directors of a
    /// family go with the last VIP that came from them; a RIP stays, as it says in which
    /// encapsulation the next one comes.
    #[must_use]
    pub fn without(&self, gone: &[IpAddr]) -> Option<Self> {
        let gone: HashSet<&IpAddr> = gone.iter().collect();
        let mut rest = self.clone();
        rest.vips.retain(|vip| !gone.contains(vip));
        let used =
            |tunnel: &Tunnel| rest.vips.iter().any(|&vip| self.tunnel_for(vip) == Some(tunnel));
        rest.tunnels = self.tunnels.iter().filter(|tunnel| used(tunnel)).cloned().collect();
        let is_lost = |family: &Family| self.hears(*family) && !rest.hears(*family);
        let lost: Vec<Family> = Family::BOTH.into_iter().filter(is_lost).collect();
        rest.directors.retain(|director| !lost.contains(&Family::of(*director)));
        (self.mode == Mode::Nat || !rest.vips.is_empty()).then_some(rest)
    }

    /// Whether anything comes from directors of that family: dr the VIPs' own, tun that of the
    /// encapsulations. In mode nat they are the way back, whatever the VIPs are.
    fn hears(&self, family: Family) -> bool {
        match self.mode {
            Mode::Dr => of_family(&self.vips, family).is_some(),
            Mode::Tun => self.tunnels.iter().any(|tunnel| tunnel.kind.outer() == family),
            Mode::Nat => true,
        }
    }

    /// Returns, in mode tun, the device that takes the packets for a VIP, the one of its own family
    /// if there are two RIPs.
    #[must_use]
    pub fn tunnel_for(&self, vip: IpAddr) -> Option<&Tunnel> {
        let carrying = || self.tunnels.iter().filter(|tunnel| tunnel.kind.carries(vip));
        let own = carrying().find(|tunnel| tunnel.kind.outer().has(vip));
        own.or_else(|| carrying().next())
    }

    /// Returns the device a VIP is put on.
    #[must_use]
    pub fn device_for(&self, vip: IpAddr) -> &str {
        self.tunnel_for(vip).map_or(&self.carrier, |tunnel| &tunnel.name)
    }

    /// dr: the interfaces by which the director's packets may come: those towards the directors,
    /// else those of the RIPs, whether they answer ARP or not; or all that do if neither is known.
    /// One that is down counts: it may come up.
    #[must_use]
    pub fn inward<'a>(&self, facts: &'a Facts) -> Vec<&'a Link> {
        let with = |is_it: &dyn Fn(&Address) -> bool| -> Vec<&'a Link> {
            let have = facts.addresses.iter().filter(|have| is_it(have));
            let names: HashSet<&str> = have.map(|have| have.device.as_str()).collect();
            let facing = facts.links.iter().filter(|link| link.faces_others());
            facing.filter(|link| names.contains(link.name.as_str())).collect()
        };
        let to_director = |have: &Address| self.directors.iter().any(|dip| have.is_near(*dip));
        let found = with(&to_director);
        let found =
            if found.is_empty() { with(&|have| self.rips.contains(&have.ip)) } else { found };
        match found.is_empty() {
            true => facts.links.iter().filter(|link| link.answers_arp()).collect(),
            false => found,
        }
    }

    /// dr: the devices on which no packet that comes in there looks for its address: in a VRF
    /// only those do that come in by its own interfaces.
    #[must_use]
    pub fn out_of_reach<'a>(&self, facts: &'a Facts) -> Vec<&'a str> {
        let in_vrf = || facts.links.iter().filter(|link| link.domain().is_some());
        if in_vrf().next().is_none() {
            return Vec::new();
        }
        let nics = self.inward(facts);
        let reached: HashSet<Option<&str>> = nics.iter().map(|nic| nic.domain()).collect();
        in_vrf()
            .filter(|link| !reached.is_empty() && !reached.contains(&link.domain()))
            .map(|link| link.name.as_str())
            .collect()
    }

    /// Whether the VIP is in place. dr: on any device that does not answer ARP, nor is `apart`
    /// ([`Self::out_of_reach`]). tun: on the tunnel device itself, which needs an IPv4 address for
    /// `rp_filter=2` to let anything through.
    #[must_use]
    pub fn is_local(&self, vip: IpAddr, facts: &Facts, apart: &[&str]) -> bool {
        facts.addresses.of(vip).iter().any(|have| {
            have.prefix == host_prefix(vip)
                && match self.mode {
                    Mode::Dr => {
                        facts.link(&have.device).is_some_and(|link| !link.arp)
                            && !apart.contains(&have.device.as_str())
                    }
                    Mode::Tun => have.device == self.device_for(vip),
                    Mode::Nat => false,
                }
        })
    }

    /// Returns, in mode tun, the UDP port that packets in GUE come to, for each family they come
    /// in.
    #[must_use]
    pub fn listeners(&self) -> Vec<Listener> {
        let Encapsulation::Gue { port } = self.encapsulation else {
            return Vec::new();
        };
        let outers: BTreeSet<Family> =
            self.tunnels.iter().map(|tunnel| tunnel.kind.outer()).collect();
        outers.into_iter().map(|family| Listener { port, family }).collect()
    }

    /// Returns the addresses through which replies may go in mode nat.
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
