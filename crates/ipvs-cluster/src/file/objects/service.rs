// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    AddressFamily, EngineName, Invalid, Netmask, Persistence, Scheduler, Service, ServiceKey,
    unchecked,
};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::is_zero;
use crate::file::pieces::Pieces;
use crate::file::{flags, text};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct ServiceObject<'a> {
    #[serde(with = "text::key")]
    service: ServiceKey,
    #[serde(with = "scheduler")]
    scheduler: Scheduler,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scheduler_flags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    unknown_flags: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    persistent: Option<PersistentObject>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "engine")]
    engine: Option<EngineName>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_packet: bool,
    #[serde(borrow, default, skip_serializing)]
    pub(in crate::file) servers: Pieces<'a>,
}

/// Names that a kernel can hold: a module of another tree's may have one that the
/// library would not send.
mod scheduler {
    use ipvs_netlink::{Scheduler, unchecked};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(name: &Scheduler, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Scheduler, D::Error> {
        super::name(from, "scheduler").map(|name| unchecked::scheduler(&name))
    }
}

mod engine {
    use ipvs_netlink::{EngineName, unchecked};
    use serde::{Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde's way to call it")]
    pub(super) fn serialize<S: Serializer>(
        name: &Option<EngineName>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match name {
            Some(name) => to.collect_str(name),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Option<EngineName>, D::Error>
    where
        D: Deserializer<'de>,
    {
        super::name(from, "persistence engine").map(|name| Some(unchecked::engine(&name)))
    }
}

/// `IP_VS_SCHEDNAME_MAXLEN` and `IP_VS_PENAME_MAXLEN` with the final NUL.
const NAME_MAX: usize = 16;

fn name<'de, D: Deserializer<'de>>(from: D, what: &str) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    if name.is_empty() || name.len() >= NAME_MAX || name.contains('\0') {
        let message = format!("`{name}` is not a {what} name: use 1 to 15 of a-z, 0-9 and _");
        return Err(D::Error::custom(message));
    }
    Ok(name)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PersistentObject {
    timeout_seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    netmask: Option<String>,
}

impl From<&Service> for ServiceObject<'_> {
    fn from(service: &Service) -> Self {
        Self {
            service: service.key,
            scheduler: service.scheduler.clone(),
            scheduler_flags: flags::names(service.scheduler_flags, &service.scheduler),
            unknown_flags: service.unknown_flags(),
            persistent: service.persistence.map(|persistence| PersistentObject {
                timeout_seconds: persistence.timeout.as_seconds(),
                netmask: (!persistence.netmask.is_host()).then(|| persistence.netmask.to_string()),
            }),
            engine: service.engine.clone(),
            one_packet: service.one_packet,
            servers: Pieces::default(),
        }
    }
}

impl ServiceObject<'_> {
    pub(in crate::file) fn to_model(&self) -> Result<Service, String> {
        let mut service = Service::new(self.service, self.scheduler.clone());
        service.scheduler_flags = flags::bits(&self.scheduler_flags, &self.scheduler)?;
        service.persistence = match &self.persistent {
            None => None,
            Some(persistent) => {
                let family = self.service.family();
                Some(persistent.to_model(family).map_err(|invalid| invalid.to_string())?)
            }
        };
        service.engine = self.engine.clone();
        service.one_packet = self.one_packet;
        service = service.with_unknown_flags(self.unknown_flags);
        if service.unknown_flags() != self.unknown_flags {
            return Err(format!(
                "unknown_flags {} holds bits that have fields of their own",
                self.unknown_flags
            ));
        }
        Ok(service)
    }
}

impl PersistentObject {
    fn to_model(&self, family: AddressFamily) -> Result<Persistence, Invalid> {
        Ok(Persistence {
            timeout: unchecked::persistence_timeout(self.timeout_seconds),
            netmask: match &self.netmask {
                Some(text) => Netmask::parse(text, family)?,
                None => Netmask::host(family),
            },
        })
    }
}
