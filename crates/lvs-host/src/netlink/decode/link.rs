// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of interfaces.

use std::collections::HashMap;
use std::net::IpAddr;

use netlink_packet_route::link::{
    GreIOFlags, InfoData, InfoGre, InfoGre6, InfoIpTunnel, InfoPortKind, InfoVrf, Ip6TunnelFlags,
    LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};

use crate::link::{Ends, Link};

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
