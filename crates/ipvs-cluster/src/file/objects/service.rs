// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_netlink::{
    AddressFamily, EngineName, Invalid, Netmask, Persistence, PersistenceTimeout, Scheduler,
    Service, ServiceKey,
};
use serde::{Deserialize, Serialize};

use super::is_zero;
use crate::file::pieces::Pieces;
use crate::file::{flags, text};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct ServiceObject<'a> {
    #[serde(with = "text")]
    service: ServiceKey,
    #[serde(with = "text")]
    scheduler: Scheduler,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scheduler_flags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    unknown_flags: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    persistent: Option<PersistentObject>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::option")]
    engine: Option<EngineName>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_packet: bool,
    #[serde(borrow, default, skip_serializing)]
    pub(in crate::file) servers: Pieces<'a>,
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
        service.check().map_err(|invalid| invalid.to_string())?;
        Ok(service)
    }
}

impl PersistentObject {
    fn to_model(&self, family: AddressFamily) -> Result<Persistence, Invalid> {
        Ok(Persistence {
            timeout: PersistenceTimeout::from_seconds(self.timeout_seconds)?,
            netmask: match &self.netmask {
                Some(text) => Netmask::parse(text, family)?,
                None => Netmask::host(family),
            },
        })
    }
}
