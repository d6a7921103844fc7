// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asks the kernel where replies go, as it decides for them: from the VIP (mode nat: the RIP), and
//! once more for each rule that may apply to them or not.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lvs_host::anywhere::anywhere;
use lvs_host::link;
use lvs_host::netlink::{Netlink, NetlinkError};
use lvs_host::route::{LocalTables, Route, RouteKind, TABLE_LOCAL};
use lvs_host::rule::{Marks, Rule, are_all_alike};
use lvs_host::socket::Transport;

use super::super::hops::{Hops, Other, Replies, Reply};
use super::super::inward;
use super::super::replies::{families, rips};
use super::super::seen::{Device, Seen};
use super::super::subject::Subject;
use crate::facts::{Family, of_family};
use crate::mode::Mode;

/// Holds what was read of this host's routing.
pub(super) struct Host<'a> {
    pub(super) routes: Vec<Route>,
    pub(super) devices: &'a [Device],
}

/// Asks for the ways of all replies, if rules or routes may tell them from other packets.
pub(super) fn look(
    net: &Netlink,
    subject: &Subject,
    host: &Host<'_>,
    rules: Result<Vec<Rule>, NetlinkError>,
    seen: &mut Seen,
) {
    // Of several next hops a lookup tells one, which another source may not take.
    let by_source = host.routes.iter().any(|route| route.is_by_source || route.is_multipath);
    let rules = match rules {
        Ok(rules) if are_all_alike(&rules) && !by_source => return,
        Ok(rules) => rules,
        Err(error) => return seen.unread.push(format!("rules of routing: {error}")),
    };
    let anywhere = Family::BOTH.map(|family| anywhere(family, &host.routes, &rules));
    let anywhere: Vec<IpAddr> = anywhere.into_iter().flatten().collect();
    let mut replies = Replies::default();
    let asked = Asked { net, host, rules: &rules, tables: LocalTables::of(&host.routes) };
    for (from, to) in ends(subject, &anywhere, seen) {
        match asked.reply(from, to, subject, seen) {
            Ok(reply) => replies.all.push(reply),
            Err(error) => seen.unread.push(format!("route to {to}: {error}")),
        }
    }
    seen.replies = Some(replies);
}

/// From which addresses replies go, and to whom.
fn ends(subject: &Subject, anywhere: &[IpAddr], seen: &Seen) -> Vec<(Option<IpAddr>, IpAddr)> {
    let is_nat = subject.mode == Some(Mode::Nat);
    let sources = match (is_nat, subject.rips.is_empty()) {
        (false, _) => subject.vips.to_vec(),
        (true, false) => subject.rips.clone(),
        (true, true) => rips(subject, seen),
    };
    let clients: Vec<IpAddr> = match subject.client {
        Some(_) => subject.clients().collect(),
        None => families(subject).filter_map(|family| of_family(anywhere, family)).collect(),
    };
    let mut ends = Vec::new();
    for to in clients {
        let mine = sources.iter().filter(|from| from.is_ipv6() == to.is_ipv6());
        let count = ends.len();
        ends.extend(mine.map(|from| (Some(*from), to)));
        if ends.len() == count {
            ends.push((None, to));
        }
    }
    ends
}

/// The protocols of the ports that were asked for.
fn protocols(subject: &Subject) -> Vec<u8> {
    let numbers = subject.ports.iter().map(|port| port.transport.number());
    let numbers: BTreeSet<u8> = numbers.collect();
    numbers.into_iter().collect()
}

struct Asked<'a> {
    net: &'a Netlink,
    host: &'a Host<'a>,
    rules: &'a [Rule],
    tables: LocalTables,
}

impl Asked<'_> {
    fn reply(
        &self,
        from: Option<IpAddr>,
        to: IpAddr,
        subject: &Subject,
        seen: &Seen,
    ) -> Result<Reply, NetlinkError> {
        // The kernel looks up no route from an IPv4 address that this host does not have.
        let is_askable = |from: &IpAddr| {
            from.is_ipv6()
                || seen.places(*from).next().is_some()
                || self.tables.is_local(TABLE_LOCAL, *from)
        };
        let known = from.filter(is_askable);
        let device = from.and_then(|from| self.vrf(from, subject, seen));
        let plain = self.plain(Family::of(to), device, subject);
        let protocols = protocols(subject);
        let hops = self.hops(to, known, &plain)?;
        let mut others = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.family.has(to)) {
            if rule.is_for_others(&protocols) {
                continue;
            }
            let may_come = known.is_none() && rule.is_by_source(from);
            let device = rule.device.as_deref().and_then(link::index);
            let marks = rule.marks(&plain, device);
            if !may_come && marks.is_none() {
                continue;
            }
            let hops = match marks.filter(|_| !may_come) {
                Some(marks) if rule.is_understood => self.hops(to, known, &marks).ok(),
                _ => None,
            };
            others.push(Other {
                rule: rule.text.clone(),
                hops,
                by_mark: rule.mark.is_some(),
                by_socket: rule.users.is_some() || rule.device.is_some(),
            });
        }
        Ok(Reply { from: known, to, hops, others })
    }

    /// A reply to which no rule applies that is for users, and which is TCP if not all ports
    /// that were asked for are UDP's. What a lookup does not say the kernel adds: the user who
    /// asks, and in IPv4 UDP.
    fn plain(&self, family: Family, device: Option<u32>, subject: &Subject) -> Marks {
        let rules = || self.rules.iter().filter(|rule| rule.family == family);
        let users: Vec<(u32, u32)> = rules().filter_map(|rule| rule.users).collect();
        let is_free = |user: &u32| !users.iter().any(|(from, to)| (*from..=*to).contains(user));
        let behind = users.iter().map(|(_, to)| to.saturating_add(1));
        let nobody = [65_534].into_iter().chain(behind).find(is_free);
        let asked = match protocols(subject).as_slice() {
            [only] => *only,
            _ => Transport::Tcp.number(),
        };
        Marks {
            device,
            user: nobody.filter(|_| !users.is_empty()),
            protocol: rules().any(|rule| rule.protocol.is_some()).then_some(asked),
            ..Marks::default()
        }
    }

    /// The VRF that a reply stays in, as its request came in by it.
    fn vrf(&self, from: IpAddr, subject: &Subject, seen: &Seen) -> Option<u32> {
        let nics = inward::expected(from, subject, seen);
        let vrf = nics
            .first()?
            .vrf
            .as_ref()
            .filter(|vrf| nics.iter().all(|nic| nic.vrf.as_ref() == Some(vrf)))?;
        let device = self.host.devices.iter().find(|device| device.name == *vrf);
        device.map(|device| device.index)
    }

    fn hops(
        &self,
        to: IpAddr,
        from: Option<IpAddr>,
        marks: &Marks,
    ) -> Result<Option<Hops>, NetlinkError> {
        let found = self.net.reply(to, from, marks, self.host.devices)?;
        let Some(found) = found else { return Ok(None) };
        let gateways: Vec<IpAddr> = found.gateway.into_iter().collect();
        let devices: Vec<String> = found.device.into_iter().collect();
        // The kernel tells the next hop of this client; others may have another.
        let all = self.best(to, found.table).filter(|all| {
            gateways.iter().all(|ip| all.gateways.contains(ip))
                && devices.iter().all(|it| all.devices.contains(it))
        });
        let (gateways, devices) = match all {
            Some(all) => (all.gateways.clone(), all.devices.clone()),
            None => (gateways, devices),
        };
        let table = Some(found.table);
        Ok(Some(Hops { gateways, devices, table, advmss: found.advmss }))
    }

    /// The route of several next hops that leads there.
    fn best(&self, to: IpAddr, table: u32) -> Option<&Route> {
        let leads = |route: &&Route| {
            route.kind == RouteKind::Unicast
                && route.table == table
                && route.is_multipath
                && route.leads_to(to)
        };
        self.host.routes.iter().filter(leads).max_by_key(|route| route.prefix)
    }
}
