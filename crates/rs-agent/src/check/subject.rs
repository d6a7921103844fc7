// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what the host is checked against: an earlier set-up, or what the operator says.

use std::collections::HashSet;
use std::net::IpAddr;

use lvs_host::SysctlKey;
use lvs_host::socket::Transport;

use super::indexed::Indexed;
use crate::facts::{Family, host_prefix};
use crate::mode::Mode;
use crate::plan::Change;
use crate::request::{Network, Request, Scope};
use crate::tunnel::{Encapsulation, Tunnel};
use crate::wanted::Wanted;

/// A subject is the real server that the host should be, as far as the rules need it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Forwarding method.
    pub mode: Option<Mode>,
    /// VIPs.
    pub vips: Indexed<IpAddr>,
    /// The addresses the director sends to, one of each family at most.
    pub rips: Vec<IpAddr>,
    /// DIPs, and in mode nat the gateway that was set.
    pub directors: Vec<IpAddr>,
    /// dr: the device with the VIPs.
    pub carrier: String,
    /// Scope of the IPv4 VIPs.
    pub scope: Scope,
    /// Label of the IPv4 VIPs.
    pub label: Option<String>,
    /// tun: the devices of the set-up; none if unknown.
    pub tunnels: Vec<Tunnel>,
    /// tun: the encapsulation.
    pub encapsulation: Encapsulation,
    /// Clients, to ask the routing table about.
    pub client: Option<Network>,
    /// Services.
    pub ports: Vec<Port>,
    /// This host may be a director of the VIPs, too.
    pub also_director: bool,
    /// Settings that setup changed, and to what.
    pub written: Vec<(SysctlKey, i32)>,
    /// VIPs that setup added, on which device, with which scope if they are IPv4.
    pub added: Vec<(IpAddr, String, Scope)>,
}

/// A port is one of the service, for which a firewall and sockets are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// TCP or UDP.
    pub transport: Transport,
    /// Number.
    pub number: u16,
}

impl Port {
    /// Reads `80`, `tcp/80` or `udp/53`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (protocol, number) = text.split_once('/').unwrap_or(("tcp", text));
        let is_it = |it: &Transport| it.name().eq_ignore_ascii_case(protocol);
        let transport = Transport::ALL.into_iter().find(is_it)?;
        let number = number.parse().ok().filter(|number| *number != 0)?;
        Some(Self { transport, number })
    }
}

impl Subject {
    /// Returns what was asked for on the command line.
    #[must_use]
    pub fn asked(request: &Request) -> Self {
        Self {
            mode: Some(request.mode),
            vips: request.vips.clone().into(),
            rips: request.rips.clone(),
            directors: request.directors.iter().chain(&request.gateways).copied().collect(),
            carrier: request.carrier.clone().unwrap_or_else(|| "lo".to_owned()),
            encapsulation: request.encapsulation.unwrap_or_default(),
            client: request.client,
            also_director: request.also_director,
            ..Self::default()
        }
    }

    /// Returns what an earlier set-up made.
    #[must_use]
    pub fn set_up(wanted: &Wanted, changes: &[Change]) -> Self {
        let written = changes.iter().filter_map(|change| match change {
            Change::Sysctl { key, to, .. } => Some((key.clone(), *to)),
            _ => None,
        });
        let vips: HashSet<&IpAddr> = wanted.vips.iter().collect();
        let added = changes.iter().filter_map(|change| match change {
            Change::Address { ip, device, scope, .. } if vips.contains(ip) => {
                Some((*ip, device.clone(), *scope))
            }
            _ => None,
        });
        Self {
            mode: Some(wanted.mode),
            vips: wanted.vips.clone().into(),
            rips: wanted.rips.clone(),
            directors: wanted.ways_back().collect(),
            carrier: wanted.carrier.clone(),
            scope: wanted.scope,
            label: wanted.label.clone(),
            tunnels: wanted.tunnels.clone(),
            encapsulation: wanted.encapsulation,
            client: wanted.client,
            ports: Vec::new(),
            also_director: wanted.also_director,
            written: written.collect(),
            added: added.collect(),
        }
    }

    /// Returns whether VIPs are to be local: modes dr and tun.
    #[must_use]
    pub fn holds_vips(&self) -> bool {
        matches!(self.mode, Some(Mode::Dr | Mode::Tun))
    }

    /// Returns the directors of a family.
    #[must_use]
    pub fn directors_of(&self, family: Family) -> Vec<IpAddr> {
        self.directors.iter().copied().filter(|director| family.has(*director)).collect()
    }

    /// Returns the IPv4 VIPs that are to be local.
    pub fn ipv4_vips(&self) -> impl Iterator<Item = IpAddr> {
        let holds = self.holds_vips();
        self.vips.iter().copied().filter(move |vip| holds && vip.is_ipv4())
    }

    /// Returns the first and the last client, if clients are known; one if there is one.
    pub fn clients(&self) -> impl Iterator<Item = IpAddr> {
        let ends = self.client.map(|client| client.ends());
        let last = ends.and_then(|[first, last]| (first != last).then_some(last));
        ends.map(|[first, _]| first).into_iter().chain(last)
    }

    /// Returns everything the routing table is asked about.
    pub fn destinations(&self) -> impl Iterator<Item = IpAddr> {
        let known = self.vips.iter().chain(&self.directors).copied();
        known.chain(self.rips.iter().copied()).chain(self.clients())
    }
}

/// Returns the VIP with the prefix of one address.
#[must_use]
pub fn single(ip: IpAddr) -> String {
    format!("{ip}/{}", host_prefix(ip))
}

/// Returns a few addresses, and how many more there are.
#[must_use]
pub fn some(ips: &[IpAddr]) -> String {
    lvs_term::few(ips, 3)
}
