// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collects the [`Facts`] of the calling thread's network namespace.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::act::netlink::Netlink;
use crate::act::sysctl::{self, SysctlError};
use crate::error::Error;
use crate::facts::{Facts, Link};
use crate::ipvs;
use crate::sysctl_key::SysctlKey;

/// What is asked besides what is always.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// Asked about in the routing table, besides the gateways of the default routes.
    pub destinations: Vec<IpAddr>,
    /// Whether to ask for UDP ports that unpack.
    pub ports: bool,
}

/// Looks at the host.
///
/// # Errors
/// Something could not be read. A setting or interface that vanishes meanwhile is no error.
pub fn observe(net: &Netlink, questions: &Questions) -> Result<Facts, Error> {
    let failed = |what| move |source| Error::Observe { what, source };
    let links = net.links().map_err(failed("interfaces"))?;
    let default_routes = net.default_routes(&links).map_err(failed("routes"))?;
    let mut facts = Facts {
        addresses: net.addresses(&links).map_err(failed("addresses"))?.into(),
        indexes: links.iter().map(|(index, link)| (link.name.clone(), *index)).collect(),
        links: links.into_iter().map(|(_, link)| link).collect(),
        ..Facts::default()
    };
    let gateways = default_routes.iter().flat_map(|route| route.gateways.iter().copied());
    let destinations = questions.destinations.iter().copied();
    for ip in destinations.chain(gateways).collect::<BTreeSet<IpAddr>>() {
        facts.hops.insert(ip, net.hop(ip).map_err(failed("a route"))?);
    }
    facts.default_routes = default_routes;
    // Who may not know that may still set up.
    let services = ipvs::services().unwrap_or_default();
    facts.directed = services.iter().filter_map(|service| Some(service.at()?.ip())).collect();
    if questions.ports {
        facts.ports = net.ports().map_err(failed("the ports of ip fou"))?;
    }
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
            SysctlKey::ipv4(device, "route_localnet"),
            SysctlKey::ipv6(device, "disable_ipv6"),
        ]
    })
}
