// SPDX-License-Identifier: MIT OR Apache-2.0
//! rtnetlink messages as the facts of this crate.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_core::Emitable as _;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    GreIOFlags, InfoData, InfoGre, InfoGre6, InfoIpTunnel, InfoKind, InfoPortKind, LinkAttribute,
    LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteMetric,
    RouteProtocol, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, IpProtocol};

use super::raw;
use crate::address::Address;
use crate::link::Link;
use crate::route::{DefaultRoute, Hop, SavedRoute};
use crate::tunnel::{Tunnel, TunnelKind};

pub(super) fn link(message: &LinkMessage) -> Option<(u32, Link)> {
    let flags = message.header.flags;
    let mut name = None;
    let mut infos: &[LinkInfo] = &[];
    let mut has_master = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(text) => name = Some(text.clone()),
            LinkAttribute::LinkInfo(list) => infos = list,
            LinkAttribute::Controller(_) => has_master = true,
            _ => {}
        }
    }
    let name = name?;
    let kind = infos.iter().find_map(|info| match info {
        LinkInfo::Kind(kind) => Some(kind),
        _ => None,
    });
    // A member of a VRF keeps its addresses and its ARP; a port of a bridge does not.
    let in_vrf = infos.iter().any(|info| matches!(info, LinkInfo::PortKind(InfoPortKind::Vrf)));
    let tunnel = kind.and_then(|kind| tunnel(&name, kind, infos));
    Some((
        message.header.index,
        Link {
            up: flags.contains(LinkFlags::Up),
            arp: !flags.intersects(LinkFlags::Loopback | LinkFlags::Noarp),
            port: has_master && !in_vrf,
            kind: kind.map(ToString::to_string),
            tunnel,
            name,
        },
    ))
}

/// `None` for a device that does not take all that ours takes, or takes more.
fn tunnel(name: &str, kind: &InfoKind, infos: &[LinkInfo]) -> Option<Tunnel> {
    let kind = match kind {
        InfoKind::IpIp => TunnelKind::Ipip,
        InfoKind::SitTun => TunnelKind::Sit,
        InfoKind::Ip6Tnl => TunnelKind::Ip6tnl,
        InfoKind::GreTun => TunnelKind::Gre,
        InfoKind::GreTun6 => TunnelKind::Ip6gre,
        _ => return None,
    };
    let mut tunnel = Tunnel {
        name: name.to_owned(),
        kind,
        local: None,
        remote: None,
        checksum: false,
        fallback: false,
    };
    let end = |ip: IpAddr| (!ip.is_unspecified()).then_some(ip);
    let data = infos.iter().find_map(|info| match info {
        LinkInfo::Data(data) => Some(data),
        _ => None,
    })?;
    match data {
        InfoData::IpTunnel(data) => {
            for item in data {
                match item {
                    InfoIpTunnel::Local(ip) => tunnel.local = end(*ip),
                    InfoIpTunnel::Remote(ip) => tunnel.remote = end(*ip),
                    InfoIpTunnel::Protocol(mode)
                        if *mode != IpProtocol::Hopopts && *mode != super::encode::inner(kind) =>
                    {
                        return None;
                    }
                    InfoIpTunnel::CollectMetadata => return None,
                    _ => {}
                }
            }
        }
        InfoData::GreTun(data) => {
            for item in data {
                match item {
                    InfoGre::Local(ip) => tunnel.local = end((*ip).into()),
                    InfoGre::Remote(ip) => tunnel.remote = end((*ip).into()),
                    InfoGre::IFlags(flags) => tunnel.checksum = only_checksum(*flags)?,
                    InfoGre::CollectMetadata => return None,
                    _ => {}
                }
            }
        }
        InfoData::GreTun6(data) => {
            for item in data {
                match item {
                    InfoGre6::Local(ip) => tunnel.local = end((*ip).into()),
                    InfoGre6::Remote(ip) => tunnel.remote = end((*ip).into()),
                    InfoGre6::IFlags(flags) => tunnel.checksum = only_checksum(*flags)?,
                    InfoGre6::CollectMetadata => return None,
                    _ => {}
                }
            }
        }
        _ => return None,
    }
    Some(tunnel)
}

/// A device that wants a key or a sequence number takes nothing a director sends.
fn only_checksum(flags: GreIOFlags) -> Option<bool> {
    (!flags.intersects(GreIOFlags::Key | GreIOFlags::Seq))
        .then(|| flags.contains(GreIOFlags::Checksum))
}

pub(super) fn address(message: &AddressMessage, names: &HashMap<u32, &str>) -> Option<Address> {
    let mut local = None;
    let mut plain = None;
    let mut tag = None;
    let mut flags = AddressFlags::from_bits_retain(message.header.flags.bits().into());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => plain = Some(*ip),
            AddressAttribute::Protocol(protocol) => tag = Some(u8::from(*protocol)),
            AddressAttribute::Flags(all) => flags = *all,
            _ => {}
        }
    }
    let scope = match message.header.scope {
        AddressScope::Universe => "global".to_owned(),
        other => other.to_string(),
    };
    Some(Address {
        device: (*names.get(&message.header.index)?).to_owned(),
        // On a point-to-point link IFA_ADDRESS is the peer.
        ip: local.or(plain)?,
        prefix: message.header.prefix_len,
        scope,
        tag,
        deprecated: flags.contains(AddressFlags::Deprecated),
    })
}

fn device(index: u32, links: &[(u32, Link)]) -> Option<String> {
    links.iter().find(|(known, _)| *known == index).map(|(_, link)| link.name.clone())
}

pub(super) fn hop(message: &RouteMessage) -> Option<Hop> {
    if !matches!(message.header.kind, RouteType::Unicast | RouteType::Local | RouteType::Broadcast)
    {
        return None;
    }
    let mut hop = Hop { gateway: None, source: None };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Gateway(address) => hop.gateway = ip(address),
            RouteAttribute::Via(via) => hop.gateway = ip_of_via(via),
            RouteAttribute::PrefSource(address) => hop.source = ip(address),
            _ => {}
        }
    }
    Some(hop)
}

pub(super) fn default_route(message: &RouteMessage, links: &[(u32, Link)]) -> Option<DefaultRoute> {
    let header = &message.header;
    let in_main = message.attributes.iter().all(|attribute| match attribute {
        RouteAttribute::Table(table) => *table == u32::from(RouteHeader::RT_TABLE_MAIN),
        _ => true,
    }) && header.table == RouteHeader::RT_TABLE_MAIN;
    if !in_main || header.destination_prefix_length != 0 || header.tos != 0 {
        return None;
    }
    // IPv6 keeps an "unreachable default" of its own in a table without routes.
    if header.kind != RouteType::Unicast && header.protocol == RouteProtocol::Kernel {
        return None;
    }
    let mut gateways = Vec::new();
    let mut metric = 0;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Gateway(address) => gateways.extend(ip(address)),
            RouteAttribute::Via(via) => gateways.extend(ip_of_via(via)),
            RouteAttribute::Priority(value) => metric = *value,
            RouteAttribute::MultiPath(hops) => {
                let hops = hops.iter().flat_map(|hop| &hop.attributes);
                gateways.extend(hops.filter_map(|attribute| match attribute {
                    RouteAttribute::Gateway(address) => ip(address),
                    RouteAttribute::Via(via) => ip_of_via(via),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    let text = route_text(message, &gateways, links);
    let saved = SavedRoute { text, message: to_hex(&restorable(message)) };
    let ipv6 = header.address_family == AddressFamily::Inet6;
    Some(DefaultRoute { ipv6, gateways, metric, saved })
}

/// The route in the words of `ip route`, without the rarer attributes.
fn route_text(message: &RouteMessage, gateways: &[IpAddr], links: &[(u32, Link)]) -> String {
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
            RouteAttribute::Oif(index) => Some(format!(" dev {}", device(*index, links)?)),
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

pub(super) fn saved(saved: &SavedRoute) -> Option<RouteMessage> {
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

fn ip_of_via(via: &RouteVia) -> Option<IpAddr> {
    match via {
        RouteVia::Inet(ip) => Some((*ip).into()),
        RouteVia::Inet6(ip) => Some((*ip).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::encode;

    #[test]
    fn a_saved_route_comes_back_whole_but_for_its_present_state() {
        let mut message = encode::default_route("192.0.2.1".parse().unwrap(), 0);
        message.header.flags = RouteFlags::Onlink | RouteFlags::Linkdown;
        message.attributes.push(RouteAttribute::Metrics(vec![RouteMetric::Mtu(1400)]));
        message.attributes.push(RouteAttribute::Oif(7));
        let link = Link {
            name: "eth0".into(),
            up: true,
            arp: true,
            port: false,
            kind: None,
            tunnel: None,
        };
        let route = default_route(&message, &[(7, link)]).unwrap();
        assert_eq!(route.saved.text, "default via 192.0.2.1 dev eth0 metric 0 mtu 1400 onlink");
        message.header.flags = RouteFlags::Onlink;
        assert_eq!(saved(&route.saved), Some(message));
        for damaged in ["", "zz", "0", "02", "é0"] {
            let damaged = SavedRoute { text: String::new(), message: damaged.to_owned() };
            assert_eq!(saved(&damaged), None, "{damaged:?}");
        }
    }
}
