// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of packets for VIPs where rules lead some of them elsewhere: asked of the
//! kernel, interface by interface, as it decides for what comes in.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use lvs_host::netlink::{Netlink, TABLE_LOCAL, are_all_alike, table_of};
use netlink_packet_route::link::{
    InfoData, InfoPortKind, InfoVrf, LinkAttribute, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};
use netlink_packet_route::rule::RuleMessage;

use super::super::inward;
use super::super::seen::{Arrival, Seen, contains};
use super::super::subject::Subject;
use super::decode;
use crate::facts::host_prefix;

/// The VRFs: interfaces in one by their number, with its name and its table.
pub(super) type Vrfs = BTreeMap<u32, (String, u32)>;

/// Reads which interface is in which VRF.
pub(super) fn vrfs(links: &[LinkMessage]) -> Vrfs {
    let mut tables: BTreeMap<u32, (String, u32)> = BTreeMap::new();
    let mut members = Vec::new();
    for link in links {
        let (mut name, mut master, mut is_member) = (String::new(), None, false);
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name.clone_from(text),
                LinkAttribute::Controller(index) => master = Some(*index),
                LinkAttribute::LinkInfo(infos) => {
                    for info in infos {
                        match info {
                            LinkInfo::PortKind(InfoPortKind::Vrf) => is_member = true,
                            LinkInfo::Data(InfoData::Vrf(data)) => {
                                for item in data {
                                    if let InfoVrf::TableId(table) = item {
                                        tables.insert(link.header.index, (name.clone(), *table));
                                    }
                                }
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        members.extend(master.filter(|_| is_member).map(|master| (link.header.index, master)));
    }
    let vrf = |(member, master): (u32, u32)| Some((member, tables.get(&master)?.clone()));
    members.into_iter().filter_map(vrf).collect()
}

/// Asks for each VIP by each interface that it may come in by, if rules make a difference.
pub(super) fn arrivals(
    net: &Netlink,
    subject: &Subject,
    routes: &[RouteMessage],
    rules: Option<&[RuleMessage]>,
    indexes: &BTreeMap<String, u32>,
    vrfs: &Vrfs,
    seen: &mut Seen,
) {
    if !subject.holds_vips() || rules.is_some_and(are_all_alike) {
        return;
    }
    let tables = Tables::of(routes);
    let mut arrivals = BTreeMap::new();
    for &vip in &subject.vips {
        let mut arrival = Arrival {
            mute: vip.is_ipv4()
                && seen.places(vip).next().is_none()
                && !tables.is_local(TABLE_LOCAL, vip),
            ..Arrival::default()
        };
        for device in inward::possible(vip, subject, seen) {
            let name = &device.name;
            let Some(&index) = indexes.get(name) else { continue };
            let table = vrfs.get(&index).map_or(TABLE_LOCAL, |(_, table)| *table);
            if tables.is_local(table, vip) {
                arrival.listed_by.insert(name.clone());
            }
            // What source validation says of one sender it need not say of the next.
            let mut answers = senders(vip, name, subject, seen).into_iter().filter_map(|from| {
                let route = net.arrival_message(vip, from, index).ok()?;
                Some(route.is_some_and(|route| route.header.kind == RouteType::Local))
            });
            match answers.next() {
                Some(true) => drop(arrival.local_by.insert(name.clone())),
                Some(false) => drop(arrival.foreign_by.insert(name.clone())),
                None => {}
            }
        }
        arrivals.insert(vip, arrival);
    }
    seen.arrivals = arrivals;
}

/// Who may send: clients if they are known, else a director, a router, a neighbour.
fn senders(vip: IpAddr, device: &str, subject: &Subject, seen: &Seen) -> Vec<IpAddr> {
    let routers = seen.routes.iter().filter(|route| route.prefix == 0);
    let routers = routers.flat_map(|route| route.gateways.iter().copied());
    let own = seen.addresses.iter().filter(|have| have.device == device);
    let beside = own.flat_map(|have| [1, 2].map(|other| (beside(have.ip, other), have)));
    let beside = beside.filter(|(ip, have)| contains(have.ip, have.prefix, *ip)).map(|(ip, _)| ip);
    let known = subject.clients().chain(subject.directors.iter().copied());
    let all = known.chain(routers).chain(beside);
    all.filter(|from| {
        from.is_ipv4() == vip.is_ipv4() && *from != vip && seen.places(*from).next().is_none()
    })
    .collect()
}

/// An address that differs in its last bits.
fn beside(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => (ip.to_bits() ^ u32::from(bits)).to_be_bytes().into(),
        IpAddr::V6(ip) => (ip.to_bits() ^ u128::from(bits)).to_be_bytes().into(),
    }
}

/// Which addresses the tables say to be local: by the longest prefix, as the kernel does.
#[derive(Default)]
pub(super) struct Tables {
    single: HashMap<(u32, IpAddr), bool>,
    wide: Vec<(u32, IpAddr, u8, bool)>,
}

impl Tables {
    pub(super) fn of(routes: &[RouteMessage]) -> Self {
        let mut tables = Self::default();
        for route in routes {
            let destination = route.attributes.iter().find_map(|attribute| match attribute {
                RouteAttribute::Destination(to) => decode::ip(to),
                _ => None,
            });
            let Some(to) = destination else { continue };
            let (table, prefix) = (table_of(route), route.header.destination_prefix_length);
            let is_local = route.header.kind == RouteType::Local;
            if prefix == host_prefix(to) {
                *tables.single.entry((table, to)).or_default() |= is_local;
            } else {
                tables.wide.push((table, to, prefix, is_local));
            }
        }
        tables
    }

    pub(super) fn is_local(&self, table: u32, ip: IpAddr) -> bool {
        if let Some(is_local) = self.single.get(&(table, ip)) {
            return *is_local;
        }
        let covers = |it: &&(u32, IpAddr, u8, bool)| it.0 == table && contains(it.1, it.2, ip);
        let longest = self.wide.iter().filter(covers).max_by_key(|(_, _, prefix, _)| *prefix);
        longest.is_some_and(|(_, _, _, is_local)| *is_local)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_longest_prefix_says_what_is_local() {
        let route = |kind, table: u32, to: [u8; 4], prefix| {
            let mut route = RouteMessage::default();
            route.header.kind = kind;
            route.header.destination_prefix_length = prefix;
            route.attributes.push(RouteAttribute::Table(table));
            route.attributes.push(RouteAttribute::Destination(
                netlink_packet_route::route::RouteAddress::Inet(Ipv4Addr::from(to)),
            ));
            route
        };
        let tables = Tables::of(&[
            route(RouteType::Local, 255, [10, 0, 0, 0], 8),
            route(RouteType::Broadcast, 255, [10, 0, 0, 255], 32),
            route(RouteType::Unicast, 255, [10, 1, 0, 0], 16),
            route(RouteType::Local, 100, [192, 0, 2, 10], 32),
        ]);
        let is_local = |table, ip: [u8; 4]| tables.is_local(table, ip.into());
        assert!(is_local(255, [10, 0, 0, 1]) && is_local(100, [192, 0, 2, 10]));
        for (table, ip) in [
            (255, [10, 0, 0, 255]),
            (255, [10, 1, 0, 1]),
            (255, [192, 0, 2, 10]),
            (1, [10, 0, 0, 1]),
        ] {
            assert!(!is_local(table, ip), "{table} {ip:?}");
        }
        assert_eq!(beside([10, 0, 0, 11].into(), 1), IpAddr::from([10, 0, 0, 10]));
    }
}
