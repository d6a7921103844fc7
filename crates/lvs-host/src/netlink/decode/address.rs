// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of addresses.

use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};

use super::Names;
use crate::address::Address;

pub(in super::super) fn address(message: &AddressMessage, names: &Names<'_>) -> Option<Address> {
    let (mut local, mut plain, mut tag) = (None, None, None);
    let mut preferred = u32::MAX;
    let mut flags = AddressFlags::from_bits_retain(message.header.flags.bits().into());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => plain = Some(*ip),
            AddressAttribute::Protocol(protocol) => tag = Some(u8::from(*protocol)),
            AddressAttribute::Flags(all) => flags = *all,
            AddressAttribute::CacheInfo(info) => preferred = info.ifa_preferred,
            _ => {}
        }
    }
    // On a point-to-point link IFA_ADDRESS is the peer.
    let ip = local.or(plain)?;
    Some(Address {
        device: names.get(message.header.index)?,
        ip,
        peer: plain.filter(|plain| *plain != ip),
        prefix: message.header.prefix_len,
        scope: match message.header.scope {
            AddressScope::Universe => "global".to_owned(),
            other => other.to_string(),
        },
        tag,
        deprecated: flags.contains(AddressFlags::Deprecated),
        preferred,
        tentative: flags.contains(AddressFlags::Tentative)
            && !flags.contains(AddressFlags::Optimistic),
        dad_failed: flags.contains(AddressFlags::Dadfailed),
    })
}
