// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collects the [`Facts`] of the calling thread's network namespace.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::error::Error;
use crate::facts::{Address, Facts, Family};
use crate::ipvs;
use crate::mode::Mode;
use crate::wanted::Wanted;
use lvs_host::SysctlKey;
use lvs_host::anywhere::anywhere;
use lvs_host::events::AddressNotice;
use lvs_host::netlink::{Netlink, NetlinkError};
use lvs_host::rule::{Marks, are_all_alike};
use lvs_host::sysctl;

/// What is read of each interface.
const SETTINGS: [(Family, &str); 5] = [
    (Family::Ipv4, "arp_ignore"),
    (Family::Ipv4, "arp_announce"),
    (Family::Ipv4, "rp_filter"),
    (Family::Ipv4, "route_localnet"),
    (Family::Ipv6, "disable_ipv6"),
];

/// Holds what is asked besides what is always.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// Asked about in the routing table, besides the gateways of the default routes.
    pub destinations: Vec<IpAddr>,
    /// Mode nat: the directors through which replies are to go, and to whom.
    pub ways_back: Vec<IpAddr>,
    /// See [`Self::ways_back`].
    pub clients: Vec<IpAddr>,
    /// Whether to ask for UDP ports that unpack.
    pub ports: bool,
}

impl Questions {
    /// Returns what the decisions about `wanted` depend on.
    #[must_use]
    pub fn about(wanted: &Wanted) -> Self {
        let clients = wanted.client.into_iter().flat_map(|client| client.ends());
        let is_nat = wanted.mode == Mode::Nat;
        Self {
            ways_back: wanted.ways_back().filter(|_| is_nat).collect(),
            clients: clients.clone().filter(|_| is_nat).collect(),
            destinations: wanted.ways_back().chain(clients).collect(),
            ports: !wanted.listeners().is_empty(),
        }
    }
}

/// Opens a connection to the kernel of the calling thread's network namespace.
///
/// # Errors
/// There is no socket.
pub fn connect() -> Result<Netlink, Error> {
    Netlink::connect().map_err(|source| Error::Observe { what: "the network", source })
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
        links,
        ..Facts::default()
    };
    let gateways = default_routes.iter().flat_map(|route| route.gateways.iter().copied());
    let destinations = questions.destinations.iter().copied();
    for ip in destinations.chain(gateways).collect::<BTreeSet<IpAddr>>() {
        facts.hops.insert(ip, net.lookup(ip, &facts.links).map_err(failed("a route"))?);
    }
    facts.default_routes = default_routes;
    if !questions.ways_back.is_empty() {
        replies(net, questions, &mut facts).map_err(failed("rules of routing"))?;
    }
    facts.directed = directed();
    if questions.ports {
        facts.ports = net.ports().map_err(failed("the ports of ip fou"))?;
    }
    facts.sysctls = sysctl::of_links(&facts.links, &SETTINGS).collect::<Result<_, _>>()?;
    Ok(facts)
}

/// Reads the addresses of this host.
///
/// # Errors
/// As [`observe`].
pub fn addresses(net: &Netlink) -> Result<Vec<Address>, Error> {
    let failed = |what| move |source| Error::Observe { what, source };
    let links = net.links().map_err(failed("interfaces"))?;
    net.addresses(&links).map_err(failed("addresses"))
}

/// Says what has to be looked at again; all else is as it was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anew<'a> {
    /// If this host has none of these addresses any more, the others are as they were; else, or
    /// if there are none, all are read.
    pub gone: &'a [AddressNotice],
    /// Settings.
    pub settings: &'a [SysctlKey],
}

/// Looks again at addresses and settings: all else stays as the facts have it.
///
/// # Errors
/// As [`observe`].
pub fn observe_again(
    net: &Netlink,
    mut facts: Facts,
    Anew { gone, settings }: Anew<'_>,
) -> Result<Facts, Error> {
    let mut are_gone = !gone.is_empty();
    for AddressNotice { ip, .. } in gone {
        let hop = net.lookup(*ip, &facts.links);
        let hop = hop.map_err(|source| Error::Observe { what: "a route", source })?;
        are_gone &= !hop.is_some_and(|hop| hop.local);
    }
    if are_gone {
        facts.forget(gone);
    } else {
        let failed = |source| Error::Observe { what: "addresses", source };
        facts.addresses = net.addresses(&facts.links).map_err(failed)?.into();
        // Whether a VIP is the director's these say, and of them there are no notices.
        facts.directed = directed();
    }
    for key in settings {
        match sysctl::find(key)? {
            Some(value) => facts.sysctls.insert(key.clone(), value),
            None => facts.sysctls.remove(key),
        };
    }
    Ok(facts)
}

/// The addresses of this host's own services. Who may not know that may still set up.
fn directed() -> BTreeSet<IpAddr> {
    let services = ipvs::services().unwrap_or_default();
    services.iter().filter_map(|service| Some(service.at()?.ip())).collect()
}

/// Asks for the ways of replies, if rules may tell them from other packets.
fn replies(net: &Netlink, questions: &Questions, facts: &mut Facts) -> Result<(), NetlinkError> {
    let rules = net.rules()?;
    if are_all_alike(&rules) {
        return Ok(());
    }
    let routes = net.routes(&facts.links)?;
    for family in Family::BOTH {
        let mine = |ips: &[IpAddr]| -> Vec<IpAddr> {
            ips.iter().copied().filter(|ip| family.has(*ip)).collect()
        };
        let towards = |dip: &IpAddr| facts.hops.get(dip)?.as_ref()?.source;
        let Some(from) = mine(&questions.ways_back).iter().find_map(towards) else { continue };
        let mut clients = mine(&questions.clients);
        if questions.clients.is_empty() {
            let anywhere = anywhere(family, &routes, &rules);
            facts.anywhere.extend(anywhere);
            clients.extend(anywhere);
        }
        for to in clients {
            let hop = net.reply(to, Some(from), &Marks::default(), &facts.links)?;
            facts.replies.insert(to, hop);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_read_with_all_that_is_asked_of_it() {
        for setting in SETTINGS {
            assert!(lvs_host::link::SETTINGS.contains(&setting), "{setting:?}");
        }
    }
}
