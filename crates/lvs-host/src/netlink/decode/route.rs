// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of routes.

use std::net::IpAddr;

use netlink_packet_core::Emitable as _;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteProtocol, RouteType,
    RouteVia,
};

use super::super::raw;
use super::{Names, family};
use crate::ip::Family;
use crate::link::Link;
use crate::route::{DefaultRoute, Lookup, Route, RouteKind, SavedRoute, TABLE_MAIN};

pub(in super::super) fn route(message: &RouteMessage, names: &Names<'_>) -> Option<Route> {
    let header = &message.header;
    let nowhere = match family(header.address_family) {
        Family::Ipv4 => IpAddr::from([0; 4]),
        Family::Ipv6 => IpAddr::from([0; 16]),
    };
    let mut route = Route::new(nowhere, header.destination_prefix_length);
    route.table = table(message);
    route.kind = match header.kind {
        RouteType::Unicast => RouteKind::Unicast,
        RouteType::Local => RouteKind::Local,
        _ => RouteKind::Other,
    };
    route.is_by_source = header.source_prefix_length != 0;
    route.tos = header.tos;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => route.destination = ip(to)?,
            RouteAttribute::Priority(metric) => route.metric = *metric,
            RouteAttribute::PrefSource(source) => route.source = ip(source),
            RouteAttribute::Metrics(metrics) => route.advmss = advmss(metrics),
            RouteAttribute::MultiPath(_) => route.is_multipath = true,
            _ => {}
        }
    }
    (route.gateways, route.devices) = hops(message, names);
    Some(route)
}

/// The table that a route is in.
fn table(message: &RouteMessage) -> u32 {
    let named = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(table) => Some(*table),
        _ => None,
    });
    named.unwrap_or_else(|| message.header.table.into())
}

/// The routers and interfaces of a route, all of them if there are several.
fn hops(message: &RouteMessage, names: &Names<'_>) -> (Vec<IpAddr>, Vec<String>) {
    let (mut gateways, mut devices) = (Vec::new(), Vec::new());
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::MultiPath(hops) => {
                for hop in hops {
                    devices.extend(names.get(hop.interface_index));
                    gateways.extend(hop.attributes.iter().filter_map(gateway));
                }
            }
            RouteAttribute::Oif(index) => devices.extend(names.get(*index)),
            other => gateways.extend(gateway(other)),
        }
    }
    (gateways, devices)
}

fn gateway(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(address) => ip(address),
        RouteAttribute::Via(RouteVia::Inet(ip)) => Some((*ip).into()),
        RouteAttribute::Via(RouteVia::Inet6(ip)) => Some((*ip).into()),
        _ => None,
    }
}

fn advmss(metrics: &[RouteMetric]) -> Option<u32> {
    metrics.iter().find_map(|metric| match metric {
        RouteMetric::Advmss(bytes) => Some(*bytes),
        _ => None,
    })
}

/// Returns the answer to a lookup; `None` if packets would go nowhere.
pub(in super::super) fn lookup(message: &RouteMessage, links: &[Link]) -> Option<Lookup> {
    let kind = message.header.kind;
    if !matches!(kind, RouteType::Unicast | RouteType::Local | RouteType::Broadcast) {
        return None;
    }
    let (local, table) = (kind == RouteType::Local, table(message));
    let mut lookup = Lookup { local, table, ..Lookup::default() };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => {
                let device = links.iter().find(|link| link.index == *index);
                lookup.device = device.map(|link| link.name.clone());
            }
            RouteAttribute::PrefSource(address) => lookup.source = ip(address),
            RouteAttribute::Metrics(metrics) => lookup.advmss = advmss(metrics),
            other => lookup.gateway = gateway(other).or(lookup.gateway),
        }
    }
    Some(lookup)
}

/// A default route of table main.
pub(in super::super) fn default_route(
    message: &RouteMessage,
    names: &Names<'_>,
) -> Option<DefaultRoute> {
    let header = &message.header;
    if table(message) != TABLE_MAIN || header.destination_prefix_length != 0 || header.tos != 0 {
        return None;
    }
    // IPv6 keeps an "unreachable default" of its own in a table without routes.
    if header.kind != RouteType::Unicast && header.protocol == RouteProtocol::Kernel {
        return None;
    }
    let metric = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Priority(metric) => Some(*metric),
        _ => None,
    });
    let source = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::PrefSource(source) => ip(source),
        _ => None,
    });
    let (gateways, devices) = hops(message, names);
    let text = route_text(message, &gateways, names);
    let saved = SavedRoute { text, message: to_hex(&restorable(message)) };
    let family = family(header.address_family);
    let metric = metric.unwrap_or_default();
    Some(DefaultRoute { family, gateways, devices, source, metric, saved })
}

/// The route in the words of `ip route`, without the rarer attributes.
fn route_text(message: &RouteMessage, gateways: &[IpAddr], names: &Names<'_>) -> String {
    let mut text = match message.header.kind {
        RouteType::BlackHole => "blackhole default",
        RouteType::Unreachable => "unreachable default",
        RouteType::Prohibit => "prohibit default",
        RouteType::Throw => "throw default",
        _ => "default",
    }
    .to_owned();
    for gateway in gateways {
        text += &format!(" via {gateway}");
    }
    let attributes = || message.attributes.iter();
    text += &attributes()
        .filter_map(|attribute| match attribute {
            RouteAttribute::Oif(index) => Some(format!(" dev {}", names.get(*index)?)),
            _ => None,
        })
        .collect::<String>();
    for attribute in attributes() {
        match attribute {
            RouteAttribute::PrefSource(address) => {
                text += &ip(address).map(|ip| format!(" src {ip}")).unwrap_or_default();
            }
            RouteAttribute::Priority(metric) => text += &format!(" metric {metric}"),
            RouteAttribute::Metrics(metrics) => {
                for metric in metrics {
                    if let RouteMetric::Mtu(mtu) = metric {
                        text += &format!(" mtu {mtu}");
                    }
                }
            }
            _ => {}
        }
    }
    if message.header.flags.contains(RouteFlags::Onlink) {
        text += " onlink";
    }
    text
}

/// The message to send to get this route again: what the kernel reports about a route's
/// present state (dead, offloaded, age) is not accepted in a request.
fn restorable(message: &RouteMessage) -> RouteMessage {
    let mut message = message.clone();
    message.header.flags &= RouteFlags::Onlink;
    message.attributes.retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_)));
    // Of a route by nexthop object the kernel also reports what the object says, and
    // accepts only one of the two.
    if message.attributes.iter().any(|attribute| matches!(attribute, RouteAttribute::NhId(_))) {
        message.attributes.retain(|attribute| {
            !matches!(
                attribute,
                RouteAttribute::Gateway(_)
                    | RouteAttribute::Via(_)
                    | RouteAttribute::Oif(_)
                    | RouteAttribute::MultiPath(_)
            )
        });
    }
    message
}

/// Returns the message of a route that was saved.
pub(in super::super) fn saved(saved: &SavedRoute) -> Option<RouteMessage> {
    let bytes: Option<Vec<u8>> = (0..saved.message.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(saved.message.get(at..at + 2)?, 16).ok())
        .collect();
    raw::route_of(bytes?)
}

fn to_hex(message: &RouteMessage) -> String {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(ip) => Some((*ip).into()),
        RouteAddress::Inet6(ip) => Some((*ip).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Link;
    use crate::netlink::encode;

    #[test]
    fn a_saved_route_comes_back_whole_but_for_its_present_state() {
        let mut message = encode::default_route("192.0.2.1".parse().unwrap(), 0);
        message.header.flags = RouteFlags::Onlink | RouteFlags::Linkdown;
        message.attributes.push(RouteAttribute::Metrics(vec![RouteMetric::Mtu(1400)]));
        message.attributes.push(RouteAttribute::Oif(7));
        let links = [Link { index: 7, name: "eth0".into(), ..Link::default() }];
        let route = default_route(&message, &Names::of(&links)).unwrap();
        assert_eq!(route.saved.text, "default via 192.0.2.1 dev eth0 metric 0 mtu 1400 onlink");
        message.header.flags = RouteFlags::Onlink;
        assert_eq!(saved(&route.saved), Some(message));
        for damaged in ["", "zz", "0", "02", "é0"] {
            let damaged = SavedRoute { text: String::new(), message: damaged.to_owned() };
            assert_eq!(saved(&damaged), None, "{damaged:?}");
        }
    }
}
