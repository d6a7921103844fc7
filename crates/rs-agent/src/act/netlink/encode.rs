// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our words as rtnetlink messages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_route::IpProtocol;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol, AddressScope, CacheInfo,
};
use netlink_packet_route::link::{InfoData, InfoIpTunnel, InfoKind, Ip6TunnelFlags, LinkMessage};
use netlink_packet_route::route::RouteMessage;
use rtnetlink::{LinkMessageBuilder, LinkUnspec, RouteMessageBuilder};

use crate::facts::{Tunnel, TunnelKind};
use crate::plan::ADDRESS_TAG;

/// A device that unpacks what the director sends, down, with the given ends.
pub(super) fn tunnel(tunnel: &Tunnel) -> LinkMessage {
    let mut info: Vec<InfoIpTunnel> = Vec::new();
    info.extend(tunnel.local.map(InfoIpTunnel::Local));
    info.extend(tunnel.remote.map(InfoIpTunnel::Remote));
    info.push(InfoIpTunnel::Protocol(inner(tunnel.kind)));
    // What concerns sending, which these devices never do, is as `ip link add` has it.
    let kind = match tunnel.kind {
        TunnelKind::Ipip => InfoKind::IpIp,
        TunnelKind::Sit => {
            info.push(InfoIpTunnel::Ttl(0));
            InfoKind::SitTun
        }
        TunnelKind::Ip6tnl => {
            // A director may send from its VIP, which is local here too; without
            // allow-localremote that is dropped.
            info.push(InfoIpTunnel::Ipv6Flags(Ip6TunnelFlags::AllowLocalRemote));
            info.extend([InfoIpTunnel::Ttl(64), InfoIpTunnel::EncapLimit(4)]);
            InfoKind::Ip6Tnl
        }
    };
    LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(kind)
        .name(&tunnel.name)
        .set_info_data(InfoData::IpTunnel(info))
        .build()
}

/// What a device unpacks, and nothing else: its mode. 0 (as a protocol number: hop-by-hop
/// options) is `mode any`.
pub(super) fn inner(kind: TunnelKind) -> IpProtocol {
    match kind {
        TunnelKind::Ipip => IpProtocol::Ipip,
        TunnelKind::Sit => IpProtocol::Ipv6,
        TunnelKind::Ip6tnl => IpProtocol::Hopopts,
    }
}

/// Completes the message that adds a VIP: see [`super::Netlink::add_vip`].
pub(super) fn hide(ip: IpAddr, message: &mut AddressMessage) {
    message.attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(ADDRESS_TAG)));
    if ip.is_ipv4() {
        message.header.scope = AddressScope::Host;
        return;
    }
    let mut lifetime = CacheInfo::default();
    lifetime.ifa_preferred = 0;
    lifetime.ifa_valid = u32::MAX;
    message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
    message.attributes.push(AddressAttribute::CacheInfo(lifetime));
}

/// Matches every route of a family.
pub(super) fn any_route(ipv6: bool) -> RouteMessage {
    if ipv6 {
        RouteMessageBuilder::<Ipv6Addr>::new().build()
    } else {
        RouteMessageBuilder::<Ipv4Addr>::new().build()
    }
}

/// Asks where packets to `ip` go.
pub(super) fn lookup(ip: IpAddr) -> RouteMessage {
    match ip {
        IpAddr::V4(ip) => RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(ip, 32).build(),
        IpAddr::V6(ip) => {
            RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(ip, 128).build()
        }
    }
}

/// A default route of table main.
pub(super) fn default_route(gateway: IpAddr, metric: u32) -> RouteMessage {
    match gateway {
        IpAddr::V4(ip) => {
            RouteMessageBuilder::<Ipv4Addr>::new().gateway(ip).priority(metric).build()
        }
        IpAddr::V6(ip) => {
            RouteMessageBuilder::<Ipv6Addr>::new().gateway(ip).priority(metric).build()
        }
    }
}
