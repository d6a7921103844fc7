// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides what one host is by the cluster's file, and what its options choose of that. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use ipvs_cluster::cluster::{Cluster, Role};
use ipvs_netlink::{ForwardingMethod, Tunnel};

use crate::facts::{Family, of_family};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::request::{self, Request, TunnelType, Typed};
use crate::tunnel::Encapsulation;
use crate::unfit::Unfit;

/// Describes a host, as far as a file can be about it.
pub(super) struct Host {
    /// Its addresses.
    pub(super) own: Vec<IpAddr>,
    /// The name of the file, for what is told.
    pub(super) file: String,
}

impl Host {
    /// Returns what the file has this host be. Of what it says, `--rip`, `--vip` and `--mode`
    /// choose a part; what it does not say, options add.
    ///
    /// # Errors
    /// The file does not make a real server of this host, or contradicts the options.
    pub(super) fn request(
        &self,
        cluster: &Cluster,
        mode: Option<Mode>,
        typed: &Typed<'_>,
    ) -> Result<Request, Refusal> {
        let roles = self.roles(cluster, typed)?;
        let mode = self.mode(&roles, mode)?;
        let roles: Vec<Role> = roles.into_iter().filter(|it| mode_of(it.method) == mode).collect();
        let encapsulation = self.encapsulation(mode, &roles, typed)?;
        let rips = self.rips(mode, &roles)?;
        let families: BTreeSet<Family> =
            roles.iter().map(|role| Family::of(role.address)).collect();

        let named = cluster.director();
        let is_here =
            |ip: &&IpAddr| self.own.contains(ip) || roles.iter().any(|role| role.address == **ip);
        let (here, others): (Vec<&IpAddr>, Vec<&IpAddr>) = named.iter().partition(is_here);
        let others = others.into_iter().copied().filter(|ip| families.contains(&Family::of(*ip)));
        let others: Vec<IpAddr> = others.collect();
        for (option, texts) in [("--director", typed.directors), ("--gateway", typed.gateways)] {
            let stray = |ip: &IpAddr| !named.is_empty() && !named.contains(ip);
            if let Some(ip) = request::addresses(option, texts)?.into_iter().find(stray) {
                return Err(self.contradicted(format!("{option} {ip}"), named));
            }
        }
        let is_said = !typed.directors.is_empty() || !typed.gateways.is_empty();
        let (directors, gateways) = match mode {
            _ if is_said => (typed.directors.to_vec(), typed.gateways.to_vec()),
            Mode::Nat => (Vec::new(), texts(&self.gateways(&others, &families)?)),
            _ => (texts(&others), Vec::new()),
        };
        let tunnel = encapsulation.map(|it| match it {
            Encapsulation::Ipip => TunnelType::Ipip,
            Encapsulation::Gre { .. } => TunnelType::Gre,
            Encapsulation::Gue { .. } => TunnelType::Gue,
        });
        let tunnel_port = match encapsulation {
            Some(Encapsulation::Gue { port }) => Some(port),
            _ => typed.tunnel_port,
        };
        let gre_checksum = encapsulation == Some(Encapsulation::Gre { checksum: true });
        let typed = Typed {
            vips: &texts(&once(roles.iter().map(|role| role.vip))),
            rips: &texts(&rips),
            directors: &directors,
            also_director: typed.also_director || (mode != Mode::Nat && !here.is_empty()),
            tunnel: tunnel.or(typed.tunnel),
            checksum: typed.checksum || gre_checksum,
            tunnel_port,
            gateways: &gateways,
            ..*typed
        };
        Ok(Request::check(mode, &typed)?)
    }

    /// How packets come to this host, or of that what `--rip` and `--vip` choose.
    fn roles(&self, cluster: &Cluster, typed: &Typed<'_>) -> Result<Vec<Role>, Refusal> {
        let file = || self.file.clone();
        let rips = request::addresses("--rip", typed.rips)?;
        if let Some(&rip) = rips.iter().find(|rip| cluster.real_server(&[**rip]).is_none()) {
            return Err(Unfit::NotThisRip { file: file(), rip }.into());
        }
        // A VIP that is set up here, and a server of another service, is no RIP of this host.
        let services = cluster.desired().services().iter();
        let vips: HashSet<IpAddr> =
            services.filter_map(|wanted| wanted.service.key.address()).collect();
        let is_plain = |ip: &&IpAddr| !ip.is_loopback() && !vips.contains(ip);
        let own: Vec<IpAddr> = self.own.iter().copied().filter(|ip| is_plain(&ip)).collect();
        let found = cluster.real_server(if rips.is_empty() { &own } else { &rips });
        let Some(server) = found else {
            return Err(Unfit::NoServer { file: file(), own: shown(own) }.into());
        };
        let unknown = server.marks.iter().find(|it| mode_of(it.method) != Mode::Nat);
        if let Some(mark) = unknown.or(server.marks.first().filter(|_| server.roles.is_empty())) {
            return Err(Unfit::NoVipOfMark { file: file(), mark: mark.mark }.into());
        }
        let chosen = request::vips(typed.vips)?;
        let known = once(server.roles.iter().map(|role| role.vip));
        if let Some(vip) = chosen.iter().find(|vip| !known.contains(vip)) {
            return Err(self.contradicted(format!("--vip {vip}"), &known));
        }
        let is_chosen = |role: &Role| chosen.is_empty() || chosen.contains(&role.vip);
        Ok(server.roles.into_iter().filter(is_chosen).collect())
    }

    /// The mode of all, or the one that is asked for.
    fn mode(&self, roles: &[Role], asked: Option<Mode>) -> Result<Mode, Unfit> {
        let has = |mode| roles.iter().any(|role| mode_of(role.method) == mode);
        let said = roles.first().map_or(Mode::Dr, |role| mode_of(role.method));
        match asked {
            Some(mode) if has(mode) => return Ok(mode),
            Some(mode) => {
                let vips = once(roles.iter().map(|role| role.vip));
                let says = format!("{said} for {}", lvs_term::few(vips, 3));
                let option = format!("--mode {mode}");
                return Err(Unfit::Contradicts { option, file: self.file.clone(), says });
            }
            None => {}
        }
        match roles.iter().find(|role| mode_of(role.method) != said) {
            None => Ok(said),
            Some(role) => Err(Unfit::TwoModes {
                file: self.file.clone(),
                one: said,
                other: mode_of(role.method),
                vip: role.vip,
            }),
        }
    }

    /// In mode tun, what the director puts around the packets.
    fn encapsulation(
        &self,
        mode: Mode,
        roles: &[Role],
        typed: &Typed<'_>,
    ) -> Result<Option<Encapsulation>, Refusal> {
        if mode != Mode::Tun {
            return Ok(None);
        }
        let file = || self.file.clone();
        let mut said: Option<Encapsulation> = None;
        for role in roles {
            let Some(this) = around(role.method) else {
                return Err(Unfit::UnknownEncapsulation { file: file(), rip: role.address }.into());
            };
            match said.replace(this) {
                Some(one) if one != this => {
                    let named = |it: Encapsulation, role: &Role| format!("{it} for {}", role.vip);
                    let first = roles.iter().find(|it| around(it.method) == Some(one));
                    let one = named(one, first.unwrap_or(role));
                    let other = named(this, role);
                    return Err(Unfit::TwoEncapsulations { file: file(), one, other }.into());
                }
                _ => {}
            }
        }
        let asked = request::encapsulation(typed.tunnel, typed.checksum, typed.tunnel_port)?;
        match (asked, said) {
            (Some(asked), Some(said)) if asked != said => {
                let (option, says) = (format!("--tunnel {asked}"), said.to_string());
                Err(Unfit::Contradicts { option, file: file(), says }.into())
            }
            _ => Ok(said),
        }
    }

    /// The addresses to which packets come, one of each family at most. What the director sends to
    /// a MAC address comes to this host whichever of its addresses the file names.
    fn rips(&self, mode: Mode, roles: &[Role]) -> Result<Vec<IpAddr>, Unfit> {
        if mode == Mode::Nat {
            return Ok(Vec::new());
        }
        let mut found: BTreeMap<Family, Vec<IpAddr>> = BTreeMap::new();
        for ip in once(roles.iter().map(|role| role.address)) {
            found.entry(Family::of(ip)).or_default().push(ip);
        }
        let file = || self.file.clone();
        if mode == Mode::Tun {
            if let Some([one, other, ..]) =
                found.values().map(Vec::as_slice).find(|it| it.len() > 1)
            {
                return Err(Unfit::TwoRips { file: file(), one: *one, other: *other });
            }
            let is_crossed = |role: &&Role| !Family::of(role.address).has(role.vip);
            if let Some(role) = roles.iter().find(is_crossed).filter(|_| found.len() > 1) {
                return Err(Unfit::Crossed { file: file(), vip: role.vip, rip: role.address });
            }
        }
        let single = |ips: Vec<IpAddr>| if let [ip] = *ips { Some(ip) } else { None };
        Ok(found.into_values().filter_map(single).collect())
    }

    /// In mode nat, the way back for each family in which packets come.
    fn gateways(
        &self,
        directors: &[IpAddr],
        families: &BTreeSet<Family>,
    ) -> Result<Vec<IpAddr>, Unfit> {
        let one = |&family: &Family| {
            let its = directors.iter().copied().filter(|ip| family.has(*ip));
            let its: Vec<IpAddr> = its.collect();
            match of_family(&its, family) {
                None => Err(Unfit::NoGateway { file: self.file.clone(), family }),
                Some(_) if its.len() > 1 => {
                    let file = self.file.clone();
                    Err(Unfit::ManyGateways { file, family, directors: its })
                }
                Some(ip) => Ok(ip),
            }
        };
        families.iter().map(one).collect()
    }

    fn contradicted(&self, option: String, known: &[IpAddr]) -> Refusal {
        let says = match known {
            [] => "it names none".to_owned(),
            known => lvs_term::few(known, 3),
        };
        Unfit::Contradicts { option, file: self.file.clone(), says }.into()
    }
}

/// How a host is set up for a forwarding method. The director itself needs nothing for `local`,
/// and a file names no server of it.
fn mode_of(method: ForwardingMethod) -> Mode {
    match method {
        ForwardingMethod::Tunnel(_) => Mode::Tun,
        ForwardingMethod::Masquerade => Mode::Nat,
        _ => Mode::Dr,
    }
}

fn around(method: ForwardingMethod) -> Option<Encapsulation> {
    match method {
        ForwardingMethod::Tunnel(Tunnel::Ipip) => Some(Encapsulation::Ipip),
        ForwardingMethod::Tunnel(Tunnel::Gre { checksum }) => Some(Encapsulation::Gre { checksum }),
        ForwardingMethod::Tunnel(Tunnel::Gue { port, .. }) => {
            Some(Encapsulation::Gue { port: port.get() })
        }
        _ => None,
    }
}

/// Addresses by which a file may know a host; those of a link alone are not.
fn shown(mut own: Vec<IpAddr>) -> Vec<IpAddr> {
    own.retain(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()));
    own
}

/// Each of them once, in their order.
fn once(all: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut seen = HashSet::new();
    all.filter(|ip| seen.insert(*ip)).collect()
}

fn texts(ips: &[IpAddr]) -> Vec<String> {
    ips.iter().map(ToString::to_string).collect()
}
