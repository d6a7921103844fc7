// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of rtnetlink, decoded attribute by attribute.
//!
//! `netlink-packet-route` decodes a message as a whole or not at all, and takes every string
//! for UTF-8. An alias, an alternative name, a label or an attribute of a newer kernel that
//! nobody here asks for would hide the interface, and with it all that it answers for. So
//! each attribute is decoded by itself, and one that cannot be is kept as bytes.

use std::convert::Infallible;

use netlink_packet_core::{
    DefaultNla, Emitable as _, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable, NlaBuffer, NlasIterator, Parseable as _,
    ParseableParametrized as _,
};
use netlink_packet_route::address::{AddressAttribute, AddressHeader, AddressMessage};
use netlink_packet_route::link::{
    InfoKind, InfoPortKind, LinkAttribute, LinkHeader, LinkInfo, LinkMessage,
};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourHeader, NeighbourMessage};
use netlink_packet_route::route::{RouteAttribute, RouteHeader, RouteLwEnCapType, RouteMessage};
use netlink_packet_route::rule::{RuleAttribute, RuleHeader, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::NetlinkError;
use crate::escaped;

/// Types of messages and attributes of include/uapi/linux/{rtnetlink,if_link}.h.
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEIGH: u16 = 28;
const RTM_NEWRULE: u16 = 32;
pub(super) const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_STATS64: u16 = 23;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const RTA_ENCAP_TYPE: u16 = 21;

/// `struct ifinfomsg`, `ifaddrmsg`, `rtmsg`, `ndmsg`, `fib_rule_hdr`.
const LINK_HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;
const ROUTE_HEADER: usize = 12;
const NEIGHBOUR_HEADER: usize = 12;
const RULE_HEADER: usize = 12;

/// Holds a message as it came: its type and what follows `struct nlmsghdr`.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) kind: u16,
    pub(super) body: Vec<u8>,
}

impl From<&RouteNetlinkMessage> for Raw {
    fn from(message: &RouteNetlinkMessage) -> Self {
        let mut body = vec![0; NetlinkSerializable::buffer_len(message)];
        message.serialize(&mut body);
        Self { kind: message.message_type(), body }
    }
}

impl From<Raw> for NetlinkPayload<Raw> {
    fn from(message: Raw) -> Self {
        Self::InnerMessage(message)
    }
}

impl NetlinkSerializable for Raw {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.body.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.body);
    }
}

impl NetlinkDeserializable for Raw {
    type Error = Infallible;

    fn deserialize(header: &NetlinkHeader, body: &[u8]) -> Result<Self, Infallible> {
        Ok(Self { kind: header.message_type, body: body.to_vec() })
    }
}

/// Decodes one kind of object; an answer of another kind is `None`.
pub(super) type Decode<T> = fn(&Raw) -> Result<Option<T>, NetlinkError>;

pub(super) fn link(message: &Raw) -> Result<Option<LinkMessage>, NetlinkError> {
    let Some(parts) = Parts::of(message, RTM_NEWLINK, LINK_HEADER)? else { return Ok(None) };
    let mut link = LinkMessage::default();
    link.header = parts.header(LinkHeader::parse)?;
    let family = link.header.interface_family;
    link.attributes = parts.each(LinkAttribute::Other, |nla| match nla.kind() {
        IFLA_IFNAME => {
            let name = nla.value().strip_suffix(b"\0").unwrap_or(nla.value());
            Some(LinkAttribute::IfName(escaped::text(name)))
        }
        IFLA_LINKINFO => Some(LinkAttribute::LinkInfo(link_info(nla.value())?)),
        IFLA_MTU | IFLA_MASTER | IFLA_STATS64 | IFLA_AF_SPEC => {
            LinkAttribute::parse_with_param(nla, family).ok()
        }
        // Of hundreds of links, what nobody asks for costs more than the rest.
        _ => None,
    })?;
    Ok(Some(link))
}

/// What a driver says of its device is decoded by itself, too: what it is stands whatever
/// else it has.
fn link_info(bytes: &[u8]) -> Option<Vec<LinkInfo>> {
    let mut kind = None;
    let mut infos = Vec::new();
    for nla in NlasIterator::new(bytes) {
        let nla = nla.ok()?;
        let raw = DefaultNla::parse(&nla).ok()?;
        let info = match nla.kind() {
            IFLA_INFO_KIND => {
                kind = Some(raw.clone());
                InfoKind::parse(&nla).ok().map(LinkInfo::Kind)
            }
            IFLA_INFO_SLAVE_KIND => InfoPortKind::parse(&nla).ok().map(LinkInfo::PortKind),
            IFLA_INFO_DATA => kind.clone().and_then(|kind| info_data(kind, raw.clone())),
            _ => None,
        };
        infos.push(info.unwrap_or(LinkInfo::Other(raw)));
    }
    Some(infos)
}

/// The library decodes it only beside its kind and inside of all.
fn info_data(kind: DefaultNla, data: DefaultNla) -> Option<LinkInfo> {
    let both = [kind, data];
    let mut inside = vec![0; both.as_slice().buffer_len()];
    both.as_slice().emit(&mut inside);
    let all = DefaultNla::new(IFLA_LINKINFO, inside);
    let mut bytes = vec![0; all.buffer_len()];
    all.emit(&mut bytes);
    let all = NlaBuffer::new(bytes.as_slice());
    match LinkAttribute::parse_with_param(&all, AddressFamily::Unspec).ok()? {
        LinkAttribute::LinkInfo(infos) => {
            infos.into_iter().find(|info| matches!(info, LinkInfo::Data(_)))
        }
        _ => None,
    }
}

pub(super) fn address(message: &Raw) -> Result<Option<AddressMessage>, NetlinkError> {
    let Some(parts) = Parts::of(message, RTM_NEWADDR, ADDRESS_HEADER)? else { return Ok(None) };
    let mut address = AddressMessage::default();
    address.header = parts.header(AddressHeader::parse)?;
    address.attributes =
        parts.each(AddressAttribute::Other, |nla| AddressAttribute::parse(nla).ok())?;
    Ok(Some(address))
}

pub(super) fn route(message: &Raw) -> Result<Option<RouteMessage>, NetlinkError> {
    let Some(parts) = Parts::of(message, RTM_NEWROUTE, ROUTE_HEADER)? else { return Ok(None) };
    let mut route = RouteMessage::default();
    route.header = parts.header(RouteHeader::parse)?;
    let (family, kind) = (route.header.address_family, route.header.kind);
    let decode = |nla: &NlaBuffer<&[u8]>, encapsulation| {
        RouteAttribute::parse_with_param(nla, (family, kind, encapsulation)).ok()
    };
    // What is inside RTA_ENCAP is told behind it.
    let encapsulation = NlasIterator::new(parts.attributes).map_while(Result::ok).find_map(|nla| {
        match decode(&nla, RouteLwEnCapType::None)? {
            RouteAttribute::EncapType(found) if nla.kind() == RTA_ENCAP_TYPE => Some(found),
            _ => None,
        }
    });
    let encapsulation = encapsulation.unwrap_or(RouteLwEnCapType::None);
    route.attributes = parts.each(RouteAttribute::Other, |nla| decode(nla, encapsulation))?;
    Ok(Some(route))
}

/// One of several thousand, which the kernel tells all.
pub(super) fn default_route(message: &Raw) -> Result<Option<RouteMessage>, NetlinkError> {
    // Behind the family: `rtm_dst_len`.
    match message.body.get(1) {
        Some(1..) => Ok(None),
        _ => route(message),
    }
}

/// Returns the route of a message that was kept as bytes.
pub(super) fn route_of(body: Vec<u8>) -> Option<RouteMessage> {
    route(&Raw { kind: RTM_NEWROUTE, body }).ok()?
}

pub(super) fn neighbour(message: &Raw) -> Result<Option<NeighbourMessage>, NetlinkError> {
    let Some(parts) = Parts::of(message, RTM_NEWNEIGH, NEIGHBOUR_HEADER)? else {
        return Ok(None);
    };
    let mut neighbour = NeighbourMessage::default();
    neighbour.header = parts.header(NeighbourHeader::parse)?;
    let family = neighbour.header.family;
    neighbour.attributes = parts.each(NeighbourAttribute::Other, |nla| {
        NeighbourAttribute::parse_with_param(nla, family).ok()
    })?;
    Ok(Some(neighbour))
}

pub(super) fn rule(message: &Raw) -> Result<Option<RuleMessage>, NetlinkError> {
    let Some(parts) = Parts::of(message, RTM_NEWRULE, RULE_HEADER)? else { return Ok(None) };
    let mut rule = RuleMessage::default();
    rule.header = parts.header(RuleHeader::parse)?;
    rule.attributes = parts.each(RuleAttribute::Other, |nla| RuleAttribute::parse(nla).ok())?;
    Ok(Some(rule))
}

struct Parts<'a> {
    body: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(message: &'a Raw, kind: u16, header: usize) -> Result<Option<Self>, NetlinkError> {
        if message.kind != kind {
            return Ok(None);
        }
        let short = || NetlinkError::Unexpected(format!("{} bytes", message.body.len()));
        let attributes = message.body.get(header..).ok_or_else(short)?;
        Ok(Some(Self { body: &message.body, attributes }))
    }

    fn header<T, E: ToString>(
        &self,
        parse: impl Fn(&[u8]) -> Result<T, E>,
    ) -> Result<T, NetlinkError> {
        parse(self.body).map_err(|error| NetlinkError::Unexpected(error.to_string()))
    }

    /// Every attribute: as `decode` has it, or as `other`.
    fn each<A>(
        &self,
        other: impl Fn(DefaultNla) -> A,
        decode: impl Fn(&NlaBuffer<&'a [u8]>) -> Option<A>,
    ) -> Result<Vec<A>, NetlinkError> {
        // Most messages have so many.
        let mut attributes = Vec::with_capacity(8);
        for nla in NlasIterator::new(self.attributes) {
            // Where one ends and the next begins is what all of them rest on.
            let nla = nla.map_err(|error| NetlinkError::Unexpected(error.to_string()))?;
            let bytes = || DefaultNla::parse(&nla).ok().map(&other);
            attributes.extend(decode(&nla).or_else(bytes));
        }
        Ok(attributes)
    }
}

impl Raw {
    /// Returns a question of that type.
    pub(super) fn ask(kind: u16, body: Vec<u8>) -> NetlinkMessage<Self> {
        NetlinkMessage::from(Self { kind, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One attribute, padded.
    fn nla(kind: u16, value: &[u8]) -> Vec<u8> {
        let nla = DefaultNla::new(kind, value.to_vec());
        let mut bytes = vec![0; nla.buffer_len()];
        nla.emit(&mut bytes);
        bytes
    }

    fn raw(kind: u16, header: &[u8], attributes: &[Vec<u8>]) -> Raw {
        Raw { kind, body: [header, &attributes.concat()].concat() }
    }

    const ALIAS: u16 = 20;
    const QDISC: u16 = 6;
    const PROP_LIST: u16 = 52;
    const ALT_IFNAME: u16 = 53;

    #[test]
    fn what_is_no_text_hides_no_interface() {
        let unknown_data = [nla(IFLA_INFO_KIND, b"bridge\0"), nla(IFLA_INFO_DATA, &[9, 0, 1, 0])];
        let message = raw(
            RTM_NEWLINK,
            &[0; LINK_HEADER],
            &[
                nla(ALIAS, b"gr\xfcn\0"),
                nla(PROP_LIST, &nla(ALT_IFNAME, b"alt\xff\0")),
                nla(QDISC, b"\xff\0"),
                nla(IFLA_LINKINFO, &unknown_data.concat()),
                nla(IFLA_IFNAME, b"eth\xe9\0"),
            ],
        );
        let link = link(&message).unwrap().unwrap();
        assert_eq!(link.attributes.len(), 5, "none is lost: {link:?}");
        assert!(link.attributes.contains(&LinkAttribute::IfName("eth\\xe9".into())), "{link:?}");
        let infos = link.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::LinkInfo(infos) => Some(infos),
            _ => None,
        });
        assert!(infos.unwrap().contains(&LinkInfo::Kind(InfoKind::Bridge)), "{infos:?}");
    }

    #[test]
    fn a_device_is_decoded_as_the_library_does() {
        let tunnel = crate::tunnel::Tunnel {
            name: "rs-ipip".to_owned(),
            kind: crate::tunnel::TunnelKind::Ipip,
            local: Some([192, 0, 2, 11].into()),
            remote: None,
            checksum: false,
            fallback: false,
        };
        let message = RouteNetlinkMessage::NewLink(super::super::encode::tunnel(&tunnel));
        let found = link(&Raw::from(&message)).unwrap().unwrap();
        let found = super::super::decode::link::links(&[found]);
        assert_eq!(found[0].tunnel(), Some(tunnel));
    }

    #[test]
    fn a_label_that_is_no_text_hides_no_address() {
        let local = nla(2, &[192, 0, 2, 10]);
        let header = [2, 32, 0, 0, 1, 0, 0, 0];
        let message = raw(RTM_NEWADDR, &header, &[nla(3, b"lo:\xe9\0"), local]);
        let address = address(&message).unwrap().unwrap();
        assert!(
            address.attributes.contains(&AddressAttribute::Local([192, 0, 2, 10].into())),
            "{address:?}"
        );
    }

    #[test]
    fn a_route_is_kept_whole_whatever_it_has() {
        // RTA_METRICS with RTAX_CC_ALGO, and RTA_ENCAP before its type, of a kind to come.
        let attributes = [
            nla(8, &nla(16, b"cub\xff\0")),
            nla(22, &[1, 2, 3]),
            nla(RTA_ENCAP_TYPE, &[99, 0]),
            nla(5, &[192, 0, 2, 1]),
        ];
        let mut header = [0; ROUTE_HEADER];
        header[0] = 2;
        let message = raw(RTM_NEWROUTE, &header, &attributes);
        let route = route(&message).unwrap().unwrap();
        assert_eq!(route.attributes.len(), 4, "{route:?}");
        assert_eq!(Raw::from(&RouteNetlinkMessage::NewRoute(route)).body, message.body);
    }

    #[test]
    fn of_routes_to_one_address_nothing_is_decoded_where_default_routes_are_asked_for() {
        let to = |prefix| raw(RTM_NEWROUTE, &[2, prefix, 0, 0, 254, 0, 0, 0, 0, 0, 0, 0], &[]);
        assert!(default_route(&to(0)).unwrap().is_some());
        assert!(default_route(&to(32)).unwrap().is_none());
        assert!(default_route(&raw(RTM_NEWROUTE, &[2], &[])).is_err());
    }

    #[test]
    fn what_has_no_shape_is_an_error_and_what_was_not_asked_for_is_passed_over() {
        for short in [0, 1, LINK_HEADER - 1] {
            assert!(link(&raw(RTM_NEWLINK, &vec![0; short], &[])).is_err(), "{short}");
        }
        let broken = raw(RTM_NEWLINK, &[0; LINK_HEADER], &[vec![200, 0, 3, 0]]);
        assert!(matches!(link(&broken), Err(NetlinkError::Unexpected(_))));
        let other = raw(RTM_NEWADDR, &[], &[]);
        assert!(link(&other).unwrap().is_none() && neighbour(&other).unwrap().is_none());
    }
}
