// SPDX-License-Identifier: MIT OR Apache-2.0
//! rtnetlink messages as [`super::super::seen`].

use std::net::IpAddr;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    GreIOFlags, InfoData, InfoGre, InfoGre6, InfoIpTunnel, InfoPortKind, Ip6TunnelFlags,
    LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteType, RouteVia,
};

use super::super::seen::{Address, Device, Ends, Lookup, Route};

fn name(index: u32, devices: &[(u32, Device)]) -> Option<String> {
    devices.iter().find(|(known, _)| *known == index).map(|(_, device)| device.name.clone())
}

pub(super) fn device(message: &LinkMessage) -> Option<(u32, Device)> {
    let flags = message.header.flags;
    let (up, carrier) = (flags.contains(LinkFlags::Up), flags.contains(LinkFlags::LowerUp));
    let mut device = Device { up, carrier, ..Device::default() };
    let mut is_port = false;
    let mut in_vrf = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(text) => device.name.clone_from(text),
            LinkAttribute::Mtu(mtu) => device.mtu = *mtu,
            LinkAttribute::Controller(_) => is_port = true,
            LinkAttribute::Stats64(stats) => device.crc_errors = stats.rx_crc_errors,
            LinkAttribute::LinkInfo(infos) => {
                for info in infos {
                    match info {
                        LinkInfo::Kind(kind) => device.kind = Some(kind.to_string()),
                        LinkInfo::Data(data) => device.ends = ends(data),
                        LinkInfo::PortKind(InfoPortKind::Vrf) => in_vrf = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    device.arp = !flags.intersects(LinkFlags::Loopback | LinkFlags::Noarp) && (!is_port || in_vrf);
    (!device.name.is_empty()).then_some((message.header.index, device))
}

fn ends(data: &InfoData) -> Option<Ends> {
    let mut ends = Ends::default();
    let end = |ip: IpAddr| (!ip.is_unspecified()).then_some(ip);
    match data {
        InfoData::IpTunnel(items) => {
            for item in items {
                match item {
                    InfoIpTunnel::Local(ip) => ends.local = end(*ip),
                    InfoIpTunnel::Remote(ip) => ends.remote = end(*ip),
                    InfoIpTunnel::Protocol(protocol) => ends.protocol = Some((*protocol).into()),
                    InfoIpTunnel::CollectMetadata => ends.external = true,
                    InfoIpTunnel::Ipv6Flags(flags) => {
                        ends.local_remote = flags.contains(Ip6TunnelFlags::AllowLocalRemote);
                    }
                    _ => {}
                }
            }
        }
        InfoData::GreTun(items) => {
            for item in items {
                match item {
                    InfoGre::Local(ip) => ends.local = end((*ip).into()),
                    InfoGre::Remote(ip) => ends.remote = end((*ip).into()),
                    InfoGre::IFlags(flags) => gre(*flags, &mut ends),
                    InfoGre::CollectMetadata => ends.external = true,
                    _ => {}
                }
            }
        }
        InfoData::GreTun6(items) => {
            for item in items {
                match item {
                    InfoGre6::Local(ip) => ends.local = end((*ip).into()),
                    InfoGre6::Remote(ip) => ends.remote = end((*ip).into()),
                    InfoGre6::IFlags(flags) => gre(*flags, &mut ends),
                    InfoGre6::CollectMetadata => ends.external = true,
                    _ => {}
                }
            }
        }
        _ => return None,
    }
    Some(ends)
}

fn gre(flags: GreIOFlags, ends: &mut Ends) {
    ends.keyed = flags.intersects(GreIOFlags::Key | GreIOFlags::Seq);
    ends.checksum = flags.contains(GreIOFlags::Checksum);
}

pub(super) fn address(message: &AddressMessage, devices: &[(u32, Device)]) -> Option<Address> {
    let (mut local, mut plain) = (None, None);
    let mut preferred = u32::MAX;
    let mut flags = AddressFlags::from_bits_retain(message.header.flags.bits().into());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => plain = Some(*ip),
            AddressAttribute::Flags(all) => flags = *all,
            AddressAttribute::CacheInfo(info) => preferred = info.ifa_preferred,
            _ => {}
        }
    }
    Some(Address {
        device: name(message.header.index, devices)?,
        // On a point-to-point link IFA_ADDRESS is the peer.
        ip: local.or(plain)?,
        prefix: message.header.prefix_len,
        scope: match message.header.scope {
            AddressScope::Universe => "global".to_owned(),
            other => other.to_string(),
        },
        tentative: flags.contains(AddressFlags::Tentative)
            && !flags.contains(AddressFlags::Optimistic),
        dad_failed: flags.contains(AddressFlags::Dadfailed),
        preferred,
    })
}

pub(super) fn route(message: &RouteMessage, devices: &[(u32, Device)]) -> Option<Route> {
    let header = &message.header;
    let table = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Table(table) => Some(*table),
        _ => None,
    });
    let main = u32::from(RouteHeader::RT_TABLE_MAIN);
    if table.unwrap_or_else(|| header.table.into()) != main
        || header.kind != RouteType::Unicast
        || header.tos != 0
        || header.source_prefix_length != 0
    {
        return None;
    }
    let nowhere = match header.address_family {
        AddressFamily::Inet => IpAddr::from([0; 4]),
        _ => IpAddr::from([0; 16]),
    };
    let mut route = Route {
        destination: nowhere,
        prefix: header.destination_prefix_length,
        gateways: Vec::new(),
        devices: Vec::new(),
        metric: 0,
        advmss: None,
    };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => route.destination = ip(to)?,
            RouteAttribute::Priority(metric) => route.metric = *metric,
            RouteAttribute::Metrics(metrics) => route.advmss = advmss(metrics),
            _ => {}
        }
    }
    (route.gateways, route.devices) = hops(message, devices);
    Some(route)
}

/// The routers and interfaces of a route, all of them if there are several.
pub(super) fn hops(
    message: &RouteMessage,
    devices: &[(u32, Device)],
) -> (Vec<IpAddr>, Vec<String>) {
    let (mut gateways, mut names) = (Vec::new(), Vec::new());
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::MultiPath(hops) => {
                for hop in hops {
                    names.extend(name(hop.interface_index, devices));
                    gateways.extend(hop.attributes.iter().filter_map(gateway));
                }
            }
            RouteAttribute::Oif(index) => names.extend(name(*index, devices)),
            other => gateways.extend(gateway(other)),
        }
    }
    (gateways, names)
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

pub(super) fn lookup(message: &RouteMessage, devices: &[(u32, Device)]) -> Option<Lookup> {
    let kind = message.header.kind;
    if !matches!(kind, RouteType::Unicast | RouteType::Local | RouteType::Broadcast) {
        return None;
    }
    let mut lookup = Lookup { local: kind == RouteType::Local, ..Lookup::default() };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => lookup.device = name(*index, devices),
            RouteAttribute::PrefSource(address) => lookup.source = ip(address),
            RouteAttribute::Metrics(metrics) => lookup.advmss = advmss(metrics),
            other => lookup.gateway = gateway(other).or(lookup.gateway),
        }
    }
    Some(lookup)
}

pub(super) fn proxy(
    message: &NeighbourMessage,
    devices: &[(u32, Device)],
) -> Option<(IpAddr, String)> {
    let ip = message.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => Some((*ip).into()),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => Some((*ip).into()),
        _ => None,
    })?;
    // Without a device it is for all of them.
    let device = name(message.header.ifindex, devices).unwrap_or_else(|| "any".to_owned());
    Some((ip, device))
}

pub(super) fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(ip) => Some((*ip).into()),
        RouteAddress::Inet6(ip) => Some((*ip).into()),
        _ => None,
    }
}
