// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encodes the words of this crate as rtnetlink messages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::DefaultNla;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressScope, CacheInfo,
};
use netlink_packet_route::link::{
    GreIOFlags, InfoData, InfoGre, InfoGre6, InfoIpTunnel, InfoKind, Ip6TunnelFlags, LinkAttribute,
    LinkMessage,
};
use netlink_packet_route::neighbour::{NeighbourFlags, NeighbourMessage};
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::rule::RuleMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{AddressMessageBuilder, LinkMessageBuilder, LinkUnspec, RouteMessageBuilder};

use super::raw::IFLA_IFNAME;
use super::{AddressChange, How};
use crate::address::Scope;
use crate::escaped;
use crate::ip::{Family, host_prefix};
use crate::tunnel::{Tunnel, TunnelKind};

/// Of include/uapi/linux/if_addr.h.
const IFA_LABEL: u16 = 3;

/// Returns the message for a device that unpacks what the director sends, down, with the given
/// ends. What concerns sending, which these devices never do, is as `ip link add` has it.
pub(super) fn tunnel(tunnel: &Tunnel) -> LinkMessage {
    let (kind, data) = match tunnel.kind {
        TunnelKind::Ipip => (InfoKind::IpIp, InfoData::IpTunnel(ip_tunnel(tunnel))),
        TunnelKind::Sit => (InfoKind::SitTun, InfoData::IpTunnel(ip_tunnel(tunnel))),
        TunnelKind::Ip6tnl => (InfoKind::Ip6Tnl, InfoData::IpTunnel(ip_tunnel(tunnel))),
        TunnelKind::Gre => (InfoKind::GreTun, InfoData::GreTun(gre(tunnel))),
        TunnelKind::Ip6gre => (InfoKind::GreTun6, InfoData::GreTun6(ip6gre(tunnel))),
    };
    let link = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(kind);
    named(&tunnel.name, link.set_info_data(data).build())
}

/// Returns the message for a dummy device, down.
pub(super) fn dummy(name: &str) -> LinkMessage {
    named(name, LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Dummy).build())
}

fn named(name: &str, mut link: LinkMessage) -> LinkMessage {
    link.attributes.push(LinkAttribute::Other(string(IFLA_IFNAME, name)));
    link
}

/// A name that need not be UTF-8: see [`crate::escaped`].
fn string(kind: u16, text: &str) -> DefaultNla {
    let mut name = escaped::bytes(text);
    name.push(0);
    DefaultNla::new(kind, name)
}

fn ip_tunnel(tunnel: &Tunnel) -> Vec<InfoIpTunnel> {
    let mut info: Vec<InfoIpTunnel> = Vec::new();
    info.extend(tunnel.local.map(InfoIpTunnel::Local));
    info.extend(tunnel.remote.map(InfoIpTunnel::Remote));
    info.push(InfoIpTunnel::Protocol(tunnel.kind.mode().into()));
    match tunnel.kind {
        TunnelKind::Sit => info.push(InfoIpTunnel::Ttl(0)),
        TunnelKind::Ip6tnl => {
            // A director may send from its VIP, which is local here too; without
            // allow-localremote that is dropped.
            info.push(InfoIpTunnel::Ipv6Flags(Ip6TunnelFlags::AllowLocalRemote));
            info.extend([InfoIpTunnel::Ttl(64), InfoIpTunnel::EncapLimit(4)]);
        }
        _ => {}
    }
    info
}

fn gre(tunnel: &Tunnel) -> Vec<InfoGre> {
    let mut info = vec![InfoGre::PathMTUDiscovery(true), InfoGre::Ttl(0)];
    for (end, attribute) in [
        (tunnel.local, InfoGre::Local as fn(Ipv4Addr) -> InfoGre),
        (tunnel.remote, InfoGre::Remote),
    ] {
        if let Some(IpAddr::V4(ip)) = end {
            info.push(attribute(ip));
        }
    }
    if tunnel.checksum {
        info.push(InfoGre::IFlags(GreIOFlags::Checksum));
    }
    info
}

fn ip6gre(tunnel: &Tunnel) -> Vec<InfoGre6> {
    let mut info = vec![InfoGre6::Ttl(64), InfoGre6::EncapLimit(4)];
    for (end, attribute) in [
        (tunnel.local, InfoGre6::Local as fn(Ipv6Addr) -> InfoGre6),
        (tunnel.remote, InfoGre6::Remote),
    ] {
        if let Some(IpAddr::V6(ip)) = end {
            info.push(attribute(ip));
        }
    }
    if tunnel.checksum {
        info.push(InfoGre6::IFlags(GreIOFlags::Checksum));
    }
    info
}

/// Returns the message for a single address, hidden as far as its family can: IPv4 by its scope, so
/// that it is not chosen as a source; IPv6 deprecated and without DAD.
pub(super) fn address(change: &AddressChange<'_>, index: u32) -> AddressMessage {
    let length = host_prefix(change.ip);
    let mut message = match change.ip {
        IpAddr::V4(ip) => {
            AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(ip, length).build()
        }
        IpAddr::V6(ip) => {
            AddressMessageBuilder::<Ipv6Addr>::new().index(index).address(ip, length).build()
        }
    };
    let tag = match change.how {
        // It need only be named.
        How::Remove => return message,
        How::Add { tag } | How::Deprecate { tag } => tag,
    };
    message.attributes.extend(tag.map(|tag| AddressAttribute::Protocol(tag.into())));
    if change.ip.is_ipv4() {
        message.header.scope = match change.scope {
            Scope::Host => AddressScope::Host,
            Scope::Link => AddressScope::Link,
            Scope::Global => AddressScope::Universe,
        };
        message
            .attributes
            .extend(change.label.map(|it| AddressAttribute::Other(string(IFA_LABEL, it))));
        return message;
    }
    let mut lifetime = CacheInfo::default();
    lifetime.ifa_preferred = 0;
    lifetime.ifa_valid = u32::MAX;
    message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
    message.attributes.push(AddressAttribute::CacheInfo(lifetime));
    message
}

/// Returns the kernel's number of a family.
pub(super) fn address_family(family: Family) -> AddressFamily {
    match family {
        Family::Ipv4 => AddressFamily::Inet,
        Family::Ipv6 => AddressFamily::Inet6,
    }
}

/// Matches every route of a family.
pub(super) fn any_route(family: Family) -> RouteMessage {
    match family {
        Family::Ipv4 => RouteMessageBuilder::<Ipv4Addr>::new().build(),
        Family::Ipv6 => RouteMessageBuilder::<Ipv6Addr>::new().build(),
    }
}

/// Matches every rule of a family.
pub(super) fn any_rule(family: Family) -> RouteNetlinkMessage {
    let mut rule = RuleMessage::default();
    rule.header.family = address_family(family);
    RouteNetlinkMessage::GetRule(rule)
}

/// Matches every proxy entry of a family.
pub(super) fn any_proxy(family: Family) -> RouteNetlinkMessage {
    let mut proxy = NeighbourMessage::default();
    proxy.header.family = address_family(family);
    proxy.header.flags = NeighbourFlags::Proxy;
    RouteNetlinkMessage::GetNeighbour(proxy)
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

/// Returns the message for a default route of table main.
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
