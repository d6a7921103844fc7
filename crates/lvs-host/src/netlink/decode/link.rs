// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of interfaces.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_route::link::{
    AfSpecInet, AfSpecInet6, AfSpecUnspec, GreIOFlags, Inet6DevConf, InetDevConf, InfoData,
    InfoGre, InfoGre6, InfoIpTunnel, InfoPortKind, InfoVrf, Ip6TunnelFlags, LinkAttribute,
    LinkFlags, LinkInfo, LinkMessage,
};

use crate::ip::Family;
use crate::link::{Ends, Link, Setting};

/// Returns all interfaces, each with the VRF it is in.
pub(in super::super) fn links(messages: &[LinkMessage]) -> Vec<Link> {
    let (mut links, masters): (Vec<Link>, Vec<Option<u32>>) =
        messages.iter().filter_map(link).unzip();
    let vrfs = links.iter().filter(|link| link.table.is_some());
    let vrfs: HashMap<u32, String> = vrfs.map(|link| (link.index, link.name.clone())).collect();
    for (link, master) in links.iter_mut().zip(masters) {
        link.vrf = master.and_then(|master| vrfs.get(&master).cloned());
    }
    links
}

/// An interface, and the number of the VRF that it is a member of.
fn link(message: &LinkMessage) -> Option<(Link, Option<u32>)> {
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        up: flags.contains(LinkFlags::Up),
        carrier: flags.contains(LinkFlags::LowerUp),
        arp: !flags.intersects(LinkFlags::Loopback | LinkFlags::Noarp),
        ..Link::default()
    };
    let (mut master, mut in_vrf) = (None, false);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(text) => link.name.clone_from(text),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::Controller(index) => master = Some(*index),
            LinkAttribute::Stats64(stats) => link.crc_errors = stats.rx_crc_errors,
            LinkAttribute::AfSpecUnspec(families) => link.settings = settings(families),
            LinkAttribute::LinkInfo(infos) => {
                for info in infos {
                    match info {
                        LinkInfo::Kind(kind) => link.kind = Some(kind.to_string()),
                        LinkInfo::Data(InfoData::Vrf(data)) => {
                            link.table = data.iter().find_map(|item| match item {
                                InfoVrf::TableId(table) => Some(*table),
                                _ => None,
                            });
                        }
                        LinkInfo::Data(data) => link.ends = ends(data),
                        LinkInfo::PortKind(InfoPortKind::Vrf) => in_vrf = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    // A member of a VRF keeps its addresses and its ARP; a port of a bridge does not.
    link.port = master.is_some() && !in_vrf;
    (!link.name.is_empty()).then_some((link, master.filter(|_| in_vrf)))
}

/// One without IPv4 or IPv6 has no settings of it, and no files either.
fn settings(families: &[AfSpecUnspec]) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |family, values: &[(&'static str, i32)]| {
        settings.extend(values.iter().map(|&(name, value)| Setting { family, name, value }));
    };
    for family in families {
        match family {
            AfSpecUnspec::Inet(told) => {
                for one in told {
                    if let AfSpecInet::DevConf(conf) = one {
                        add(Family::Ipv4, &ipv4(conf));
                    }
                }
            }
            AfSpecUnspec::Inet6(told) => {
                for one in told {
                    if let AfSpecInet6::DevConf(conf) = one {
                        add(Family::Ipv6, &ipv6(conf));
                    }
                }
            }
            _ => {}
        }
    }
    settings
}

fn ipv4(conf: &InetDevConf) -> [(&'static str, i32); 11] {
    [
        ("arp_ignore", conf.arp_ignore),
        ("arp_announce", conf.arp_announce),
        ("rp_filter", conf.rp_filter),
        ("proxy_arp", conf.proxy_arp),
        ("route_localnet", conf.route_localnet),
        ("accept_redirects", conf.accept_redirects),
        ("forwarding", conf.forwarding),
        ("arp_filter", conf.arpfilter),
        ("accept_local", conf.accept_local),
        ("promote_secondaries", conf.promote_secondaries),
        ("src_valid_mark", conf.src_vmark),
    ]
}

fn ipv6(conf: &Inet6DevConf) -> [(&'static str, i32); 3] {
    [
        ("disable_ipv6", conf.disable_ipv6),
        ("accept_redirects", conf.accept_redirects),
        ("forwarding", conf.forwarding),
    ]
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

#[cfg(test)]
mod tests {
    use netlink_packet_route::link::InfoKind;

    use super::*;

    fn message(index: u32, name: &str, attributes: Vec<LinkAttribute>) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.attributes = attributes;
        message.attributes.push(LinkAttribute::IfName(name.into()));
        message
    }

    #[test]
    fn settings_are_those_of_the_families_that_an_interface_has() {
        let mut v4 = InetDevConf::default();
        (v4.arp_ignore, v4.src_vmark) = (8, 1);
        let mut v6 = Inet6DevConf::default();
        v6.disable_ipv6 = 1;
        let v4 = AfSpecUnspec::Inet(vec![AfSpecInet::DevConf(v4)]);
        let v6 = AfSpecUnspec::Inet6(vec![AfSpecInet6::DevConf(v6)]);
        let told = settings(&[v4.clone(), v6]);
        let set: Vec<_> = told.iter().filter(|it| it.value != 0).map(|it| it.name).collect();
        assert_eq!((told.len(), set), (14, vec!["arp_ignore", "src_valid_mark", "disable_ipv6"]));
        assert!(settings(&[v4]).iter().all(|it| it.family == Family::Ipv4));
        assert_eq!(settings(&[]), []);
    }

    #[test]
    fn a_member_of_a_vrf_keeps_its_arp_and_a_port_of_a_bridge_does_not() {
        let vrf = vec![
            LinkInfo::Kind(InfoKind::Vrf),
            LinkInfo::Data(InfoData::Vrf(vec![InfoVrf::TableId(100)])),
        ];
        let member = vec![LinkInfo::PortKind(InfoPortKind::Vrf)];
        let port = vec![LinkInfo::PortKind(InfoPortKind::Bridge)];
        let links = links(&[
            message(2, "eth0", vec![LinkAttribute::Controller(9), LinkAttribute::LinkInfo(member)]),
            message(3, "eth1", vec![LinkAttribute::Controller(8), LinkAttribute::LinkInfo(port)]),
            message(9, "red", vec![LinkAttribute::LinkInfo(vrf)]),
            message(10, "", vec![]),
        ]);
        let [eth0, eth1, red] = &links[..] else { panic!("{links:?}") };
        assert_eq!(
            (eth0.vrf.as_deref(), eth0.port, eth0.answers_arp()),
            (Some("red"), false, true)
        );
        assert_eq!((eth1.vrf.as_deref(), eth1.port, eth1.answers_arp()), (None, true, false));
        assert_eq!((red.table, red.vrf.as_deref()), (Some(100), None));
    }
}
