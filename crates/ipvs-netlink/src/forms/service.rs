// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{
    AddressFamily, DestinationEntry, EngineName, Persistence, Protocol, Scheduler, SchedulerFlag,
    SchedulerFlags, Service, ServiceEntry, ServiceKey, Stats, TableEntry,
};

#[derive(Serialize)]
struct ServiceForm<'a> {
    service: ServiceKey,
    #[serde(flatten)]
    identity: Identity,
    scheduler: &'a Scheduler,
    scheduler_flags: Vec<SchedulerFlag>,
    persistent: Option<Persistence>,
    engine: Option<&'a EngineName>,
    one_packet: bool,
}

/// The parts of the service's name, which are written and not read.
#[derive(Serialize)]
#[serde(untagged)]
enum Identity {
    Endpoint { protocol: Protocol, address: IpAddr, port: u16 },
    Fwmark { fwmark: u32, family: AddressFamily },
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let identity = match self.key {
            ServiceKey::Endpoint { protocol, address, port } => {
                Identity::Endpoint { protocol, address, port }
            }
            ServiceKey::Fwmark { family, mark } => Identity::Fwmark { fwmark: mark.get(), family },
        };
        let form = ServiceForm {
            service: self.key,
            identity,
            scheduler: &self.scheduler,
            scheduler_flags: self.scheduler_flags.words(&self.scheduler).collect(),
            persistent: self.persistence,
            engine: self.engine.as_ref(),
            one_packet: self.one_packet,
        };
        form.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct ReadService {
    service: ServiceKey,
    scheduler: Scheduler,
    #[serde(default)]
    scheduler_flags: Vec<SchedulerFlag>,
    #[serde(default)]
    persistent: Option<Persistence>,
    #[serde(default)]
    engine: Option<EngineName>,
    #[serde(default)]
    one_packet: bool,
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadService::deserialize(deserializer)?;
        let mut scheduler_flags = SchedulerFlags::empty();
        for flag in read.scheduler_flags {
            if !flag.fits(&read.scheduler) {
                let text = format!("{flag} is no flag of the scheduler {}", read.scheduler);
                return Err(D::Error::custom(text));
            }
            scheduler_flags |= flag.bit();
        }
        Ok(Self {
            scheduler_flags,
            persistence: read.persistent,
            engine: read.engine,
            one_packet: read.one_packet,
            ..Self::new(read.service, read.scheduler)
        })
    }
}

#[derive(Serialize)]
struct ServiceEntryForm<'a> {
    #[serde(flatten)]
    service: &'a Service,
    stats: Stats,
}

impl Serialize for ServiceEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ServiceEntryForm { service: &self.service, stats: self.stats }.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct ReadServiceEntry {
    #[serde(flatten)]
    service: Service,
    #[serde(default)]
    stats: Stats,
}

impl<'de> Deserialize<'de> for ServiceEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadServiceEntry { service, stats } = ReadServiceEntry::deserialize(deserializer)?;
        Ok(Self { stats, ..service.into() })
    }
}

#[derive(Serialize)]
struct TableEntryForm<'a> {
    #[serde(flatten)]
    service: &'a ServiceEntry,
    servers: &'a [DestinationEntry],
}

impl Serialize for TableEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = TableEntryForm { service: &self.service, servers: &self.destinations };
        form.serialize(serializer)
    }
}

#[derive(Deserialize)]
struct ReadTableEntry {
    #[serde(flatten)]
    service: ServiceEntry,
    #[serde(default)]
    servers: Vec<DestinationEntry>,
}

impl<'de> Deserialize<'de> for TableEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadTableEntry { service, servers } = ReadTableEntry::deserialize(deserializer)?;
        Ok(Self { service, destinations: servers })
    }
}
