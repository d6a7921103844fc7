// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collects the [`Facts`] of the calling thread's network namespace.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::act::netlink::Netlink;
use crate::act::sysctl::{self, SysctlError};
use crate::error::Error;
use crate::facts::{Facts, Link};
use crate::sysctl_key::SysctlKey;

/// Looks at the host. `destinations` are asked about in the routing table, besides
/// the gateways of the default routes.
///
/// # Errors
/// Something could not be read. A setting or interface that vanishes meanwhile is no error.
pub fn observe(net: &Netlink, destinations: &[IpAddr]) -> Result<Facts, Error> {
    let failed = |what| move |source| Error::Observe { what, source };
    let links = net.links().map_err(failed("interfaces"))?;
    let default_routes = net.default_routes(&links).map_err(failed("routes"))?;
    let mut facts = Facts {
        addresses: net.addresses(&links).map_err(failed("addresses"))?,
        indexes: links.iter().map(|(index, link)| (link.name.clone(), *index)).collect(),
        links: links.into_iter().map(|(_, link)| link).collect(),
        ..Facts::default()
    };
    let gateways = default_routes.iter().flat_map(|route| route.gateways.iter().copied());
    for ip in destinations.iter().copied().chain(gateways).collect::<BTreeSet<IpAddr>>() {
        facts.hops.insert(ip, net.hop(ip).map_err(failed("a route"))?);
    }
    facts.default_routes = default_routes;
    for key in keys(&facts.links) {
        match sysctl::read(&key) {
            Ok(value) => {
                facts.sysctls.insert(key, value);
            }
            Err(SysctlError::NotThere(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(facts)
}

fn keys(links: &[Link]) -> impl Iterator<Item = SysctlKey> {
    let devices = ["all", "default"].into_iter().chain(links.iter().map(|link| link.name.as_str()));
    devices.flat_map(|device| {
        [
            SysctlKey::ipv4(device, "arp_ignore"),
            SysctlKey::ipv4(device, "arp_announce"),
            SysctlKey::ipv4(device, "rp_filter"),
            SysctlKey::ipv6(device, "disable_ipv6"),
        ]
    })
}
