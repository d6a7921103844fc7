// SPDX-License-Identifier: MIT OR Apache-2.0

use netlink_packet_core::DecodeError;

use super::{family_from_wire, family_to_wire, missing, stats};
use crate::message::{
    BigEndianPort, ServiceAttribute, Sink, Text, WireAddress, WireFlags, WireNetmask, all_taken,
    next_attribute,
};
use crate::model::{
    AddressFamily, EngineName, Netmask, Persistence, PersistenceTimeout, Protocol, Scheduler,
    SchedulerFlags, Service, ServiceEntry, ServiceKey, UnknownAttribute,
};

const FLAG_PERSISTENT: u32 = 0x0001;
/// The kernel's own note that the service is in its table; set in every reply.
const FLAG_HASHED: u32 = 0x0002;
const FLAG_ONE_PACKET: u32 = 0x0004;

/// The attributes that name a service.
#[inline]
pub(super) fn key_attributes(key: &ServiceKey, sink: &mut impl Sink<ServiceAttribute>) {
    sink.put(ServiceAttribute::AddressFamily(family_to_wire(key.family())));
    match *key {
        ServiceKey::Endpoint { protocol, address, port } => {
            sink.put(ServiceAttribute::Protocol(protocol.number()));
            sink.put(ServiceAttribute::Address(WireAddress::from(address)));
            sink.put(ServiceAttribute::Port(BigEndianPort(port)));
        }
        ServiceKey::Fwmark { mark, .. } => sink.put(ServiceAttribute::Fwmark(mark.get())),
    }
}

/// The attributes that name and describe a service, all of them: the kernel
/// resets what an edit leaves out.
#[inline]
pub(super) fn service_attributes(service: &Service, sink: &mut impl Sink<ServiceAttribute>) {
    key_attributes(&service.key, sink);
    sink.put(ServiceAttribute::SchedulerName(Text(service.scheduler.name().to_owned())));
    if let Some(engine) = &service.engine {
        sink.put(ServiceAttribute::EngineName(Text(engine.as_str().to_owned())));
    }
    let (timeout, netmask) = match service.persistence {
        Some(persistence) => (persistence.timeout.as_seconds(), persistence.netmask),
        // Mandatory, and for IPv6 range-checked, even when nobody reads it.
        None => (0, Netmask::host(service.key.family())),
    };
    let flags = WireFlags { flags: flags_to_wire(service), mask: u32::MAX };
    sink.put(ServiceAttribute::Flags(flags));
    sink.put(ServiceAttribute::Timeout(timeout));
    sink.put(ServiceAttribute::Netmask(WireNetmask(netmask.to_wire())));
}

fn flags_to_wire(service: &Service) -> u32 {
    let mut flags = service.unknown_flags | service.scheduler_flags.bits();
    if service.persistence.is_some() {
        flags |= FLAG_PERSISTENT;
    }
    if service.one_packet {
        flags |= FLAG_ONE_PACKET;
    }
    flags
}

/// Reads a service from the payload of its attribute.
pub(crate) fn decode_service(payload: &[u8]) -> Result<ServiceEntry, DecodeError> {
    let mut raw = RawService::default();
    let mut counters = stats::Decoder::default();
    let mut unknown = Vec::new();
    let mut rest = payload;
    while let Some((kind, value)) = next_attribute(&mut rest) {
        if counters.take(kind, value) {
            continue;
        }
        match ServiceAttribute::read(kind, value) {
            Some(attribute) => raw.take(attribute),
            None => unknown.push(UnknownAttribute { kind, value: value.into() }),
        }
    }
    all_taken(rest)?;
    let service = raw.into_service()?;
    Ok(ServiceEntry { service, stats: counters.finish()?, unknown: unknown.into() })
}

#[derive(Default)]
struct RawService {
    family: Option<u16>,
    protocol: Option<u16>,
    address: Option<WireAddress>,
    port: Option<BigEndianPort>,
    fwmark: Option<u32>,
    scheduler: Option<String>,
    engine: Option<String>,
    flags: Option<u32>,
    timeout: Option<u32>,
    netmask: Option<WireNetmask>,
}

impl RawService {
    fn take(&mut self, attribute: ServiceAttribute) {
        match attribute {
            ServiceAttribute::AddressFamily(family) => self.family = Some(family),
            ServiceAttribute::Protocol(protocol) => self.protocol = Some(protocol),
            ServiceAttribute::Address(address) => self.address = Some(address),
            ServiceAttribute::Port(port) => self.port = Some(port),
            ServiceAttribute::Fwmark(mark) => self.fwmark = Some(mark),
            ServiceAttribute::SchedulerName(Text(name)) => self.scheduler = Some(name),
            ServiceAttribute::EngineName(Text(name)) => self.engine = Some(name),
            ServiceAttribute::Flags(WireFlags { flags, .. }) => self.flags = Some(flags),
            ServiceAttribute::Timeout(seconds) => self.timeout = Some(seconds),
            ServiceAttribute::Netmask(netmask) => self.netmask = Some(netmask),
            // Taken out before, or never read.
            ServiceAttribute::Stats(_)
            | ServiceAttribute::Stats64(_)
            | ServiceAttribute::Other(_) => {}
        }
    }

    fn key(&self, family: AddressFamily) -> Result<ServiceKey, DecodeError> {
        // The kernel puts either the mark or the other three into a reply.
        if let Some(mark) = self.fwmark {
            return ServiceKey::fwmark(family, mark)
                .map_err(|invalid| DecodeError::from(invalid.to_string()));
        }
        Ok(ServiceKey::Endpoint {
            protocol: Protocol::from_number(
                self.protocol.ok_or_else(|| missing("IPVS_SVC_ATTR_PROTOCOL"))?,
            ),
            address: self.address.ok_or_else(|| missing("IPVS_SVC_ATTR_ADDR"))?.to_ip(family),
            port: self.port.ok_or_else(|| missing("IPVS_SVC_ATTR_PORT"))?.0,
        })
    }

    fn into_service(self) -> Result<Service, DecodeError> {
        let family = family_from_wire(self.family.ok_or_else(|| missing("IPVS_SVC_ATTR_AF"))?)?;
        let key = self.key(family)?;
        let scheduler = self.scheduler.ok_or_else(|| missing("IPVS_SVC_ATTR_SCHED_NAME"))?;
        let flags = self.flags.ok_or_else(|| missing("IPVS_SVC_ATTR_FLAGS"))?;
        let persistence = if flags & FLAG_PERSISTENT == 0 {
            None
        } else {
            let netmask = self.netmask.ok_or_else(|| missing("IPVS_SVC_ATTR_NETMASK"))?;
            Some(Persistence {
                timeout: PersistenceTimeout::from_kernel(
                    self.timeout.ok_or_else(|| missing("IPVS_SVC_ATTR_TIMEOUT"))?,
                ),
                netmask: Netmask::from_wire(family, netmask.0)
                    .map_err(|invalid| DecodeError::from(invalid.to_string()))?,
            })
        };
        let scheduler_flags = SchedulerFlags::from_bits_truncate(flags);
        let known = FLAG_PERSISTENT | FLAG_HASHED | FLAG_ONE_PACKET | scheduler_flags.bits();
        Ok(Service {
            scheduler_flags,
            persistence,
            engine: self
                .engine
                .filter(|name| !name.is_empty())
                .map(|n| EngineName::from_kernel(&n)),
            one_packet: flags & FLAG_ONE_PACKET != 0,
            unknown_flags: flags & !known,
            ..Service::new(key, Scheduler::from_kernel(&scheduler))
        })
    }
}
