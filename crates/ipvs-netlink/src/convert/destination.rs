// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use super::{family_from_wire, family_to_wire, missing, stats};
use crate::message::{
    BigEndianPort, DestinationAttribute, Sink, WireAddress, all_taken, expected_attribute,
    next_attribute,
};
use crate::model::{
    AddressFamily, Connections, Destination, DestinationEntry, DestinationKey, ForwardingMethod,
    Invalid, Stats, Thresholds, Tunnel, UnknownAttribute, Weight,
};

/// `IP_VS_CONN_F_FWD_MASK` and the methods within it.
const METHOD_MASK: u32 = 0x7;
const METHOD_MASQUERADE: u32 = 0;
const METHOD_LOCAL: u32 = 1;
const METHOD_TUNNEL: u32 = 2;
const METHOD_GATEWAY: u32 = 3;

/// The attributes that name a real server. The family always goes with them:
/// it is part of the key, and without it the kernel assumes the service's.
#[inline]
pub(super) fn key_attributes(key: &DestinationKey, sink: &mut impl Sink<DestinationAttribute>) {
    sink.put(DestinationAttribute::Address(WireAddress::from(key.address)));
    sink.put(DestinationAttribute::Port(BigEndianPort(key.port)));
    sink.put(DestinationAttribute::AddressFamily(family_to_wire(key.family())));
}

/// The attributes that name and describe a real server, all of them: the
/// kernel resets the tunnel when an edit leaves it out.
#[inline]
pub(super) fn destination_attributes(
    destination: &Destination,
    sink: &mut impl Sink<DestinationAttribute>,
) {
    key_attributes(&destination.key, sink);
    let method = match destination.forwarding {
        ForwardingMethod::Masquerade => METHOD_MASQUERADE,
        ForwardingMethod::Local => METHOD_LOCAL,
        ForwardingMethod::Tunnel(_) => METHOD_TUNNEL,
        ForwardingMethod::Gateway => METHOD_GATEWAY,
        ForwardingMethod::Other(value) => value,
    };
    sink.put(DestinationAttribute::ForwardingMethod(method));
    sink.put(DestinationAttribute::Weight(destination.weight.get()));
    sink.put(DestinationAttribute::UpperThreshold(destination.thresholds.upper()));
    sink.put(DestinationAttribute::LowerThreshold(destination.thresholds.lower()));
    if let Some(tunnel) = destination.tunnel() {
        let (kind, port, flags) = tunnel.to_wire();
        sink.put(DestinationAttribute::TunnelType(kind));
        sink.put(DestinationAttribute::TunnelPort(BigEndianPort(port)));
        sink.put(DestinationAttribute::TunnelFlags(flags));
    }
}

/// Reads a real server of a service of `family` from its attribute's payload.
pub(crate) fn decode_destination(
    payload: &[u8],
    family: AddressFamily,
) -> Result<DestinationEntry, DecodeError> {
    if let Some((raw, stats)) = in_usual_order(payload) {
        return raw.into_entry(family, stats, Box::default());
    }
    let mut raw = RawDestination::default();
    let mut counters = stats::Decoder::default();
    let mut unknown = Vec::new();
    let mut rest = payload;
    while let Some((kind, value)) = next_attribute(&mut rest) {
        if counters.take(kind, value) {
            continue;
        }
        match DestinationAttribute::read(kind, value) {
            Some(attribute) => raw.take(&attribute),
            None => unknown.push(UnknownAttribute { kind, value: value.into() }),
        }
    }
    all_taken(rest)?;
    raw.into_entry(family, counters.finish()?, unknown.into())
}

/// Reads the attributes if they come just as kernels since 5.3 write them, which
/// takes a quarter of the time. `None` is no verdict: then each is looked at.
/// The numbers are those of the table.
#[inline(always)]
pub(super) fn in_usual_order(payload: &[u8]) -> Option<(RawDestination, Stats)> {
    let mut rest = payload;
    let address = Some(WireAddress(*expected_attribute(&mut rest, 1)?));
    let port = Some(BigEndianPort(u16::from_be_bytes(*expected_attribute(&mut rest, 2)?)));
    let method = Some(u32::from_ne_bytes(*expected_attribute(&mut rest, 3)?));
    let weight = Some(u32::from_ne_bytes(*expected_attribute(&mut rest, 4)?));
    let [tunnel_type] = *expected_attribute(&mut rest, 13)?;
    let tunnel_port = Some(BigEndianPort(u16::from_be_bytes(*expected_attribute(&mut rest, 14)?)));
    let tunnel_flags = u16::from_ne_bytes(*expected_attribute(&mut rest, 15)?);
    let upper = Some(u32::from_ne_bytes(*expected_attribute(&mut rest, 5)?));
    let lower = Some(u32::from_ne_bytes(*expected_attribute(&mut rest, 6)?));
    let active = u32::from_ne_bytes(*expected_attribute(&mut rest, 7)?);
    let inactive = not_negative(u32::from_ne_bytes(*expected_attribute(&mut rest, 8)?));
    let persistent = u32::from_ne_bytes(*expected_attribute(&mut rest, 9)?);
    let family = Some(u16::from_ne_bytes(*expected_attribute(&mut rest, 11)?));
    expected_attribute::<{ stats::NARROW_LENGTH }>(&mut rest, stats::NARROW)?;
    let wide = expected_attribute::<{ stats::WIDE_LENGTH }>(&mut rest, stats::WIDE)?;
    let stats = stats::decode_in_order(wide)?;
    rest.is_empty().then_some(())?;
    let connections = Connections { active, inactive, persistent };
    Some((
        RawDestination {
            family,
            address,
            port,
            method,
            weight,
            upper,
            lower,
            tunnel_type,
            tunnel_port,
            tunnel_flags,
            connections,
        },
        stats,
    ))
}

/// Point releases up to 6.1.176 can count below zero.
fn not_negative(connections: u32) -> u32 {
    if i32::try_from(connections).is_ok() { connections } else { 0 }
}

#[derive(Default)]
pub(super) struct RawDestination {
    family: Option<u16>,
    address: Option<WireAddress>,
    port: Option<BigEndianPort>,
    method: Option<u32>,
    weight: Option<u32>,
    upper: Option<u32>,
    lower: Option<u32>,
    tunnel_type: u8,
    tunnel_port: Option<BigEndianPort>,
    tunnel_flags: u16,
    connections: Connections,
}

impl RawDestination {
    #[inline(always)]
    fn take(&mut self, attribute: &DestinationAttribute) {
        match *attribute {
            DestinationAttribute::AddressFamily(family) => self.family = Some(family),
            DestinationAttribute::Address(address) => self.address = Some(address),
            DestinationAttribute::Port(port) => self.port = Some(port),
            DestinationAttribute::ForwardingMethod(method) => self.method = Some(method),
            DestinationAttribute::Weight(weight) => self.weight = Some(weight),
            DestinationAttribute::UpperThreshold(upper) => self.upper = Some(upper),
            DestinationAttribute::LowerThreshold(lower) => self.lower = Some(lower),
            DestinationAttribute::ActiveConnections(n) => self.connections.active = n,
            DestinationAttribute::InactiveConnections(n) => {
                self.connections.inactive = not_negative(n);
            }
            DestinationAttribute::PersistentConnections(n) => self.connections.persistent = n,
            DestinationAttribute::TunnelType(kind) => self.tunnel_type = kind,
            DestinationAttribute::TunnelPort(port) => self.tunnel_port = Some(port),
            DestinationAttribute::TunnelFlags(flags) => self.tunnel_flags = flags,
            // Taken out before, or never read.
            DestinationAttribute::Stats(_)
            | DestinationAttribute::Stats64(_)
            | DestinationAttribute::Other(_) => {}
        }
    }

    #[inline(always)]
    fn into_entry(
        self,
        service: AddressFamily,
        stats: Stats,
        unknown: Box<[UnknownAttribute]>,
    ) -> Result<DestinationEntry, DecodeError> {
        let connections = self.connections;
        let destination = self.into_destination(service)?;
        Ok(DestinationEntry { destination, connections, stats, unknown })
    }

    #[inline(always)]
    fn into_destination(self, service: AddressFamily) -> Result<Destination, DecodeError> {
        // Kernels before 3.18 leave the family out: it was the service's then.
        let family = match self.family {
            Some(family) if family != 0 => family_from_wire(family)?,
            _ => service,
        };
        let method = self.method.ok_or_else(|| missing("IPVS_DEST_ATTR_FWD_METHOD"))?;
        let forwarding = match method & METHOD_MASK {
            METHOD_MASQUERADE => ForwardingMethod::Masquerade,
            METHOD_LOCAL => ForwardingMethod::Local,
            METHOD_GATEWAY => ForwardingMethod::Gateway,
            // The kernel reports tunnel data for every method; only here does it act.
            METHOD_TUNNEL => ForwardingMethod::Tunnel(Tunnel::from_wire(
                self.tunnel_type,
                self.tunnel_port.map_or(0, |port| port.0),
                self.tunnel_flags,
            )),
            other => ForwardingMethod::Other(other),
        };
        let weight = self.weight.ok_or_else(|| missing("IPVS_DEST_ATTR_WEIGHT"))?;
        Ok(Destination {
            key: DestinationKey {
                address: self.address.ok_or_else(|| missing("IPVS_DEST_ATTR_ADDR"))?.to_ip(family),
                port: self.port.ok_or_else(|| missing("IPVS_DEST_ATTR_PORT"))?.0,
            },
            forwarding,
            weight: Weight::new(weight).map_err(|e: Invalid| DecodeError::from(e.to_string()))?,
            thresholds: Thresholds::from_kernel(
                self.upper.ok_or_else(|| missing("IPVS_DEST_ATTR_U_THRESH"))?,
                self.lower.ok_or_else(|| missing("IPVS_DEST_ATTR_L_THRESH"))?,
            ),
        })
    }
}
