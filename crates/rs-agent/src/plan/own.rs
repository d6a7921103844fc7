// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which addresses are this host's own, so that nobody is told to take them away.

use std::net::IpAddr;

use crate::facts::{Address, Facts, Family, Link, host_prefix};
use crate::mode::Mode;
use crate::wanted::Wanted;

/// Whether it is what its interface has of a network: nobody who takes it away reaches this host
/// there any more. Other VIPs there do not count. A single address is its own if the host has no
/// other, as hosts in clouds have it; a VIP that was put there as such has another scope, or, of
/// IPv6, is deprecated.
///
/// On a link that answers no ARP a single address beside others of this host is refused in mode
/// nat only: in the others it is in its place there, whoever has put it there.
///
/// By a link of the default route the host reaches the world, whatever the kind of that link; and
/// the source that the default route names goes only together with the route.
pub(super) fn is_own(have: &Address, wanted: &Wanted, facts: &Facts) -> bool {
    let is_beside = |other: &Address| {
        other.device == have.device
            && other.prefix < host_prefix(other.ip)
            && have.covers(other.ip)
            && !wanted.vips.contains(&other.ip)
    };
    let is_own =
        |other: &Address| is_own_of_a_host(other.ip, have.ip) && !wanted.vips.contains(&other.ip);
    let is_another = |other: &Address| is_own(other) || (other.ip == have.ip && other != have);
    let is_there = |other: &Address| other.device == have.device && is_own(other);
    let Some(link) = facts.link(&have.device) else { return false };
    let is_ordinary = have.scope == "global" && (have.ip.is_ipv4() || !have.deprecated);
    let family = Family::of(have.ip);
    let defaults = || facts.default_routes.iter().filter(|route| route.family == family);
    if is_ordinary && defaults().any(|route| route.source == Some(have.ip)) {
        return true;
    }
    let leads_out = || defaults().any(|route| route.devices.contains(&have.device));
    let may_be = |is_single| may_be_own(link, is_single, wanted.mode) || leads_out();
    if have.prefix < host_prefix(have.ip) {
        return (link.arp || (is_ordinary && may_be(false)))
            && !facts.addresses.iter().any(is_beside);
    }
    is_ordinary
        && match link.arp {
            true => !facts.addresses.iter().any(is_another),
            false => {
                may_be(true)
                    && match wanted.mode {
                        Mode::Nat => !facts.addresses.iter().any(is_there),
                        Mode::Dr | Mode::Tun => !facts.addresses.iter().any(is_another),
                    }
            }
        }
}

/// Whether an address on a link without ARP may be what the host has of that link. On a tunnel,
/// where mode tun has its VIPs, a single one is a VIP, and with that mode any is.
#[must_use]
pub fn may_be_own(link: &Link, is_single: bool, mode: Mode) -> bool {
    let may_be_for_vips = link.ends.is_some() && (is_single || mode == Mode::Tun);
    link.is_point_to_point() && !may_be_for_vips
}

/// Whether a host that has that address, too, and not as a VIP, is left with one of this family
/// without `ip`.
#[must_use]
pub fn is_own_of_a_host(other: IpAddr, ip: IpAddr) -> bool {
    let is_of_a_link = match other {
        IpAddr::V4(other) => other.is_link_local(),
        IpAddr::V6(other) => other.is_unicast_link_local(),
    };
    other.is_ipv4() == ip.is_ipv4() && other != ip && !other.is_loopback() && !is_of_a_link
}
