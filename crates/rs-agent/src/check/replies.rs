// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds where replies go. As long as every packet is routed alike, table main tells; where rules
//! (`ip rule`) or routes name a source, the kernel has been asked with that of the replies.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::hops::{Hops, Other, Replies, Reply};
use super::seen::{Route, Seen};
use super::subject::{Subject, some};
use crate::facts::{Family, of_family};
use crate::mode::Mode;

/// Says where replies to one kind of client go.
#[derive(Clone)]
pub(super) struct Way {
    /// The client that was named, or "IPv4 clients".
    pub(super) who: String,
    pub(super) is_named: bool,
    pub(super) family: Family,
    /// The addresses they come from, if that makes a difference.
    pub(super) from: Vec<IpAddr>,
    /// `None`: there is no route.
    pub(super) hops: Option<Hops>,
    pub(super) read: String,
    pub(super) others: Vec<Other>,
}

impl Way {
    /// Returns " from ADDRESS" if replies from others may go elsewhere.
    pub(super) fn source_text(&self) -> String {
        if self.from.is_empty() { String::new() } else { format!(" from {}", some(&self.from)) }
    }

    /// Returns whether rules decide.
    pub(super) fn is_by_rules(&self) -> bool {
        !self.from.is_empty() || !self.others.is_empty()
    }

    /// Returns the rule by which it may be right after all.
    pub(super) fn doubt(&self, is_right: impl Fn(Option<&Hops>) -> bool) -> Option<String> {
        let may_be =
            |other: &&Other| other.hops.as_ref().is_none_or(|hops| is_right(hops.as_ref()));
        let other = self.others.iter().find(may_be)?;
        Some(format!("replies may be routed by `{}`", other.rule))
    }
}

/// Returns the ways of all replies; those to the clients that were named, or else to clients
/// anywhere.
pub(super) fn ways(subject: &Subject, seen: &Seen) -> Vec<Way> {
    match &seen.replies {
        Some(replies) => by_rules(replies, subject),
        None => alike(subject, seen),
    }
}

fn alike(subject: &Subject, seen: &Seen) -> Vec<Way> {
    let way = |who: String, family, hops, read| Way {
        who,
        is_named: subject.client.is_some(),
        family,
        from: Vec::new(),
        hops,
        read,
        others: Vec::new(),
    };
    let named = subject.clients().map(|ip| {
        let hops = seen.lookup(ip).map(|to| Hops {
            gateways: to.gateway.into_iter().collect(),
            devices: to.device.iter().cloned().collect(),
            table: None,
            advmss: to.advmss,
        });
        let read = format!("route to {ip}: {}", of_one(hops.as_ref()));
        way(ip.to_string(), Family::of(ip), hops, read)
    });
    let mut ways: Vec<Way> = named.collect();
    if subject.client.is_none() {
        ways.extend(families(subject).map(|family| {
            let route = seen.default_route(family);
            let read = route.map_or_else(|| format!("{family} default route: none"), of);
            way(format!("{family} clients"), family, route.map(Hops::from), read)
        }));
    }
    ways
}

/// Those of several addresses in one, if they are the same.
fn by_rules(replies: &Replies, subject: &Subject) -> Vec<Way> {
    let mut ways: Vec<(&Reply, Way)> = Vec::new();
    for reply in &replies.all {
        let same = |(other, _): &&mut (&Reply, Way)| {
            (other.to, &other.hops, &other.others) == (reply.to, &reply.hops, &reply.others)
                && other.from.is_some() == reply.from.is_some()
        };
        if let Some((_, way)) = ways.iter_mut().find(same) {
            way.from.extend(reply.from);
            continue;
        }
        let family = Family::of(reply.to);
        let is_named = subject.client.is_some();
        let from = reply.from.map(|from| format!(" from {from}")).unwrap_or_default();
        let table = reply.hops.as_ref().and_then(|hops| hops.table);
        let table = table.map(|table| format!(" table {table}")).unwrap_or_default();
        let hops = of_one(reply.hops.as_ref());
        let way = Way {
            who: if is_named { reply.to.to_string() } else { format!("{family} clients") },
            is_named,
            family,
            from: reply.from.into_iter().collect(),
            hops: reply.hops.clone(),
            read: format!("route to {}{from}: {hops}{table}", reply.to),
            others: reply.others.clone(),
        };
        ways.push((reply, way));
    }
    ways.into_iter().map(|(_, way)| way).collect()
}

fn of_one(hops: Option<&Hops>) -> String {
    let Some(hops) = hops else { return "none".to_owned() };
    match (hops.gateways.as_slice(), hops.devices.as_slice()) {
        ([], []) => "on-link".to_owned(),
        ([], devices) => format!("dev {}", devices.join(" dev ")),
        (gateways, _) => {
            let gateways: Vec<String> = gateways.iter().map(|ip| format!("via {ip}")).collect();
            gateways.join(" ")
        }
    }
}

fn of(route: &Route) -> String {
    let via: Vec<String> = route.gateways.iter().map(|gateway| format!(" via {gateway}")).collect();
    let dev: Vec<String> = route.devices.iter().map(|device| format!(" dev {device}")).collect();
    format!("default{}{}", via.concat(), dev.concat())
}

impl From<&Route> for Hops {
    fn from(route: &Route) -> Self {
        Self {
            gateways: route.gateways.clone(),
            devices: route.devices.clone(),
            table: None,
            advmss: route.advmss,
        }
    }
}

/// Returns the families in which clients are served.
pub(super) fn families(subject: &Subject) -> impl Iterator<Item = Family> {
    let nat = subject.mode == Some(Mode::Nat);
    let served = if nat { &subject.directors } else { &subject.vips };
    Family::BOTH.into_iter().filter(|family| of_family(served, *family).is_some())
}

/// Returns this host's address towards the directors of each family, unless it has several.
#[must_use]
pub fn rips(subject: &Subject, seen: &Seen) -> Vec<IpAddr> {
    let sources = subject
        .directors
        .iter()
        .filter_map(|dip| in_vrf(*dip, seen).or_else(|| seen.lookup(*dip)?.source));
    let sources: BTreeSet<IpAddr> = sources.filter(|ip| !subject.vips.contains(ip)).collect();
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = sources.into_iter().partition(IpAddr::is_ipv4);
    [v4, v6].into_iter().filter(|family| family.len() == 1).flatten().collect()
}

/// This host's address in a director's network, if that is in a VRF, of which table main knows
/// nothing.
fn in_vrf(dip: IpAddr, seen: &Seen) -> Option<IpAddr> {
    let is_in_vrf = |name: &str| seen.nics().any(|nic| nic.name == name && nic.vrf.is_some());
    let mut near = seen.addresses.iter().filter(|have| have.is_near(dip));
    let have = near.next().filter(|_| near.next().is_none())?;
    is_in_vrf(&have.device).then_some(have.ip)
}
