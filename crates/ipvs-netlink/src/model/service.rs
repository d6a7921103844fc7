// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use super::{
    DestinationEntry, EngineName, Invalid, Persistence, Protocol, Scheduler, SchedulerFlags,
    ServiceKey, Stats, UnknownAttribute,
};

/// A service describes a virtual service as an administrator wants it.
#[doc(alias("virtual service", "virtual server", "frontend", "ipvsadm -A"))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Service {
    /// What it is: address and port, or mark.
    pub key: ServiceKey,
    /// How the real server of a new connection is chosen.
    pub scheduler: Scheduler,
    /// Flags of that scheduler.
    pub scheduler_flags: SchedulerFlags,
    /// Whether each client stays on one real server.
    pub persistence: Option<Persistence>,
    /// An engine that finds the client elsewhere than in its address.
    pub engine: Option<EngineName>,
    /// One-packet scheduling: each UDP packet is scheduled by itself, and no
    /// connection is kept.
    pub one_packet: bool,
    /// Flag bits of the kernel that this library does not know, kept as read.
    pub(crate) unknown_flags: u32,
}

impl Service {
    /// Returns a service without persistence or flags.
    pub fn new(key: ServiceKey, scheduler: Scheduler) -> Self {
        Self {
            key,
            scheduler,
            scheduler_flags: SchedulerFlags::empty(),
            persistence: None,
            engine: None,
            one_packet: false,
            unknown_flags: 0,
        }
    }

    /// Returns the service with these flags of its scheduler.
    #[must_use]
    pub fn with_scheduler_flags(self, scheduler_flags: SchedulerFlags) -> Self {
        Self { scheduler_flags, ..self }
    }

    /// Returns the service as one that keeps each client on one real server.
    #[must_use]
    pub fn with_persistence(self, persistence: Persistence) -> Self {
        Self { persistence: Some(persistence), ..self }
    }

    /// Returns the service with a persistence engine.
    #[must_use]
    pub fn with_engine(self, engine: EngineName) -> Self {
        Self { engine: Some(engine), ..self }
    }

    /// Returns the service with one-packet scheduling, or without.
    #[must_use]
    pub fn with_one_packet(self, one_packet: bool) -> Self {
        Self { one_packet, ..self }
    }

    /// Returns the flag bits that the kernel reported and this library does not know. They
    /// are sent back as they are when the service is edited.
    pub fn unknown_flags(&self) -> u32 {
        self.unknown_flags
    }

    /// Returns the service with these bits for [`unknown_flags`](Self::unknown_flags), as
    /// read from a kernel before. Bits that have a field of their own, or that are the
    /// kernel's own note, are left out.
    #[must_use]
    pub fn with_unknown_flags(self, bits: u32) -> Self {
        let known = 0x0007 | SchedulerFlags::all().bits();
        Self { unknown_flags: bits & !known, ..self }
    }

    /// Refuses what the kernel would accept and then misread or ignore.
    ///
    /// # Errors
    /// [`Invalid`] names the first thing found.
    pub fn check(&self) -> Result<(), Invalid> {
        self.flaws().into_iter().next().map_or(Ok(()), Err)
    }

    /// All that [`check`](Self::check) has against it.
    pub(crate) fn flaws(&self) -> Vec<Invalid> {
        let mut flaws = Vec::new();
        if let Scheduler::Other(name) = &self.scheduler {
            flaws.extend(super::SchedulerName::new(name.as_str()).err());
        }
        if !SchedulerFlags::all().contains(self.scheduler_flags) {
            flaws.push(Invalid::SchedulerFlags(self.scheduler_flags.bits()));
        }
        if let Some(Persistence { netmask, .. }) = &self.persistence {
            let (family, mask) = (self.key.family(), netmask.family());
            if family != mask {
                flaws.push(Invalid::NetmaskFamily { service: self.key, family, mask });
            }
        }
        if let Some(engine) = &self.engine {
            flaws.extend(engine.as_str().parse::<EngineName>().err());
        }
        if let ServiceKey::Endpoint { protocol, address, port } = self.key {
            self.endpoint_flaws(protocol, address, port, &mut flaws);
        }
        if self.engine.is_some() && self.persistence.is_none() {
            flaws.push(Invalid::EngineNotPersistent);
        }
        flaws
    }

    fn endpoint_flaws(&self, protocol: Protocol, vip: IpAddr, port: u16, flaws: &mut Vec<Invalid>) {
        if let IpAddr::V6(vip) = vip {
            flaws.extend(vip.to_ipv4_mapped().map(|_| Invalid::MappedVip(vip)));
        }
        if let Protocol::Other(number) = protocol {
            flaws.push(Invalid::UnsupportedProtocol(number));
        }
        if port == 0 && self.persistence.is_none() {
            flaws.push(Invalid::PortZeroNotPersistent);
        }
        if protocol != Protocol::Udp {
            flaws.extend(self.engine.as_ref().map(|_| Invalid::EngineNotUdp));
            flaws.extend(self.one_packet.then_some(Invalid::OnePacketNotUdp));
        }
    }
}

/// An entry describes a virtual service as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceEntry {
    /// Its settings.
    pub service: Service,
    /// Its counters, the sum over real servers present and past.
    pub stats: Stats,
    /// What else the kernel said of it.
    pub unknown: Box<[UnknownAttribute]>,
}

/// Returns the entry of a service without traffic, as a test may want it.
impl From<Service> for ServiceEntry {
    fn from(service: Service) -> Self {
        Self { service, stats: Stats::default(), unknown: Box::default() }
    }
}

/// An entry holds a virtual service with its real servers, as the kernel has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableEntry {
    /// The virtual service.
    pub service: ServiceEntry,
    /// Its real servers, the one added last first. Hash schedulers fill their
    /// tables in this order, so what is to behave alike must be added in reverse.
    pub destinations: Vec<DestinationEntry>,
}

impl TableEntry {
    /// Returns the entry of a service with these real servers, as a test may want it.
    pub fn new<D: Into<DestinationEntry>>(
        service: impl Into<ServiceEntry>,
        destinations: impl IntoIterator<Item = D>,
    ) -> Self {
        let destinations = destinations.into_iter().map(Into::into).collect();
        Self { service: service.into(), destinations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `bitflags` lets any bits into a set of flags.
    #[test]
    fn flags_of_the_scheduler_reach_no_others() {
        let key = ServiceKey::tcp(std::net::Ipv4Addr::new(192, 0, 2, 1), 80);
        let mut service = Service::new(key, Scheduler::Sh);
        service.scheduler_flags = SchedulerFlags::all();
        assert_eq!(service.check(), Ok(()));
        for bits in [1, 2, 4, 0x40] {
            service.scheduler_flags = SchedulerFlags::from_bits_retain(bits);
            assert_eq!(service.check(), Err(Invalid::SchedulerFlags(bits)));
        }
    }
}
