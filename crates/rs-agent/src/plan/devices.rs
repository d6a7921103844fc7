// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides which devices and ports can take the director's packets here: what is refused before
//! anything is made.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};

use crate::bad_request::BadRequest;
use crate::facts::{Facts, Link};
use crate::mode::Mode;
use crate::refusal::Refusal;
use crate::tunnel::{self, Tunnel, TunnelKind};
use crate::wanted::Wanted;

/// Checks that every device and port can be made or used.
///
/// # Errors
/// The first one that cannot.
pub(super) fn check(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    for tunnel in &wanted.tunnels {
        match (tunnel.fallback, facts.link(&tunnel.name)) {
            (true, link) => fallback(tunnel, link, wanted, facts)?,
            (false, Some(link)) => same(tunnel, link)?,
            (false, None) => ends_are_free(tunnel, facts)?,
        }
    }
    for at in wanted.listeners() {
        if facts.ports.is_none() {
            return Err(Refusal::NoFou);
        }
        if facts.port(at).is_some_and(|port| !port.is_open) {
            return Err(Refusal::PortTaken(at));
        }
    }
    if wanted.mode == Mode::Dr {
        carrier(wanted, facts)?;
    }
    label(wanted)
}

fn same(tunnel: &Tunnel, link: &Link) -> Result<(), Refusal> {
    if link.tunnel().as_ref() == Some(tunnel) {
        return Ok(());
    }
    let is = match (link.tunnel(), &link.kind) {
        (Some(other), _) => other.to_string(),
        (None, Some(kind)) => kind.clone(),
        (None, None) => "another device".to_owned(),
    };
    Err(Refusal::DeviceTaken { name: tunnel.name.clone(), is, wanted: tunnel.to_string() })
}

/// The kernel allows one device per kind and pair of ends (EEXIST).
fn ends_are_free(tunnel: &Tunnel, facts: &Facts) -> Result<(), Refusal> {
    let same_ends = |link: &&Link| {
        link.tunnel().is_some_and(|other| {
            (other.kind, other.local, other.remote) == (tunnel.kind, tunnel.local, tunnel.remote)
        })
    };
    match facts.links.iter().find(same_ends) {
        Some(link) => {
            let (name, tunnel) = (link.name.clone(), tunnel.to_string());
            Err(Refusal::EndpointTaken { name, tunnel })
        }
        None => Ok(()),
    }
}

fn fallback(
    tunnel: &Tunnel,
    link: Option<&Link>,
    wanted: &Wanted,
    facts: &Facts,
) -> Result<(), Refusal> {
    let kind = tunnel.kind;
    if tunnel.checksum {
        return Err(Refusal::Request(BadRequest::FallbackChecksum(kind.fallback())));
    }
    // It is made for IPv6 inside (`ip6_fb_tnl_dev_init` in net/ipv6/ip6_tunnel.c).
    let inside = |vip: &&IpAddr| vip.is_ipv4() && wanted.tunnel_for(**vip) == Some(tunnel);
    if let (TunnelKind::Ip6tnl, Some(&vip)) = (kind, wanted.vips.iter().find(inside)) {
        return Err(Refusal::Request(BadRequest::FallbackInner { vip }));
    }
    if link.is_none() {
        return Err(Refusal::NoFallback(kind.fallback(), kind.module()));
    }
    let vips: HashSet<IpAddr> = wanted.vips.iter().copied().collect();
    let theirs = facts.addresses.iter().find(|have| {
        have.device == tunnel.name && !tunnel::automatic(have.ip) && !vips.contains(&have.ip)
    });
    match theirs {
        Some(have) => Err(Refusal::FallbackTaken { device: have.device.clone(), ip: have.ip }),
        None => Ok(()),
    }
}

fn carrier(wanted: &Wanted, facts: &Facts) -> Result<(), Refusal> {
    let name = wanted.carrier.clone();
    match facts.link(&name) {
        None if wanted.create_carrier => Ok(()),
        None => Err(Refusal::NoDevice(name)),
        Some(link) if link.arp => Err(Refusal::CarrierAnswersArp(name)),
        // Asked of all VIPs one by one: not where it cannot be.
        Some(link)
            if link.domain().is_some() && wanted.out_of_reach(facts).contains(&name.as_str()) =>
        {
            let vrf = link.domain().unwrap_or_default().to_owned();
            let nics = wanted.inward(facts).iter().map(|nic| nic.name.clone()).collect();
            Err(Refusal::CarrierInVrf { device: name, vrf, nics })
        }
        // A device that is down keeps IPv4 addresses but loses the IPv6 ones.
        Some(link) if !link.up && !wanted.create_carrier => Err(Refusal::CarrierDown(name)),
        Some(_) => Ok(()),
    }
}

/// `ifconfig` takes what comes before the colon for the device, and `ip` insists on it.
fn label(wanted: &Wanted) -> Result<(), Refusal> {
    let Some(label) = &wanted.label else {
        return Ok(());
    };
    let vip = wanted.vips.iter().copied().find(IpAddr::is_ipv4);
    let device = wanted.device_for(vip.unwrap_or(Ipv6Addr::UNSPECIFIED.into())).to_owned();
    let rest = label.strip_prefix(&device);
    match vip {
        Some(_) if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':')) => Ok(()),
        None => Ok(()),
        Some(_) => Err(Refusal::OtherLabel { label: label.clone(), device }),
    }
}
