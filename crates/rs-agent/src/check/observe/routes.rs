// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds what becomes of packets for VIPs where rules lead some of them elsewhere: asked of the
//! kernel, interface by interface, as it decides for what comes in.

use std::collections::BTreeMap;
use std::net::IpAddr;

use lvs_host::netlink::Netlink;
use lvs_host::route::{LocalTables, Route, TABLE_LOCAL};
use lvs_host::rule::{Rule, are_all_alike};

use super::super::inward;
use super::super::seen::{Arrival, Device, Seen};
use super::super::subject::Subject;

/// Asks for each VIP by each interface that it may come in by, if rules make a difference.
pub(super) fn arrivals(
    net: &Netlink,
    subject: &Subject,
    routes: &[Route],
    rules: Option<&[Rule]>,
    seen: &mut Seen,
) {
    if !subject.holds_vips() || rules.is_some_and(are_all_alike) {
        return;
    }
    let tables = LocalTables::of(routes);
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
            let table = table_of(device, seen);
            if tables.is_local(table, vip) {
                arrival.listed_by.insert(name.clone());
            }
            // What source validation says of one sender it need not say of the next.
            let mut answers = senders(vip, name, subject, seen)
                .into_iter()
                .filter_map(|from| net.is_local_by(vip, from, device.index).ok());
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

/// The table that has the addresses of packets that come in by that interface.
fn table_of(device: &Device, seen: &Seen) -> u32 {
    let vrf = device.vrf.as_ref().and_then(|vrf| seen.device(vrf));
    vrf.and_then(|vrf| vrf.table).unwrap_or(TABLE_LOCAL)
}

/// Who may send: clients if they are known, else a director, a router, a neighbour.
fn senders(vip: IpAddr, device: &str, subject: &Subject, seen: &Seen) -> Vec<IpAddr> {
    let routers = seen.routes.iter().filter(|route| route.prefix == 0);
    let routers = routers.flat_map(|route| route.gateways.iter().copied());
    let peers = seen.addresses.on(device).filter_map(|have| have.peer);
    let beside = seen
        .addresses
        .on(device)
        .flat_map(|have| [1, 2].map(|other| (beside(have.ip, other), have)));
    let beside = beside.filter(|(ip, have)| have.covers(*ip)).map(|(ip, _)| ip);
    let known = subject.clients().chain(subject.directors.iter().copied());
    let all = known.chain(routers).chain(peers).chain(beside);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_beside() {
        assert_eq!(beside([10, 0, 0, 11].into(), 1), IpAddr::from([10, 0, 0, 10]));
    }
}
