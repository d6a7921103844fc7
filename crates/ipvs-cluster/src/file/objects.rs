// SPDX-License-Identifier: MIT OR Apache-2.0

//! The objects of the file. They are stable: within `ipvs-table/1` fields may be
//! added, none is renamed, removed or given another meaning.

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{
    AddressFamily, Destination, DestinationKey, ForwardingMethod, GueChecksum, InterfaceName,
    Invalid, Netmask, Persistence, PersistenceTimeout, Scheduler, Service, ServiceKey, SetTimeouts,
    SyncDaemon, SyncRole, Thresholds, Tunnel, Weight,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::pieces::Pieces;
use super::{flags, text};
use crate::observed::RunningDaemon;
use crate::plan::Step;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableObject<'a> {
    #[serde(rename = "format")]
    pub(super) _format: String,
    #[serde(default, borrow)]
    pub(super) timeouts: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) daemons: Option<Pieces<'a>>,
    #[serde(borrow)]
    pub(super) services: Pieces<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeoutsObject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp_fin: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    udp: Option<u32>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DaemonObject {
    role: Role,
    #[serde(with = "text")]
    interface: InterfaceName,
    sync_id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<NonZeroU16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<NonZeroU16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<NonZeroU8>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Master,
    Backup,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceObject<'a> {
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
    engine: Option<ipvs_netlink::EngineName>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    one_packet: bool,
    #[serde(borrow, default, skip_serializing)]
    pub(super) servers: Pieces<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PersistentObject {
    timeout_seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    netmask: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerObject {
    #[serde(with = "text")]
    server: DestinationKey,
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tunnel: Option<TunnelObject>,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    upper_threshold: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    lower_threshold: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TunnelObject {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<Checksum>,
    /// Of types without a name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flags: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Checksum {
    None,
    Outer,
    Remote,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's way to call it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<[Option<u32>; 3]> for TimeoutsObject {
    fn from([tcp, tcp_fin, udp]: [Option<u32>; 3]) -> Self {
        Self { tcp, tcp_fin, udp }
    }
}

impl TimeoutsObject {
    pub(super) fn into_model(self) -> Result<SetTimeouts, Invalid> {
        let mut set = SetTimeouts::new();
        if let Some(seconds) = self.tcp {
            set = set.tcp(seconds)?;
        }
        if let Some(seconds) = self.tcp_fin {
            set = set.tcp_fin(seconds)?;
        }
        if let Some(seconds) = self.udp {
            set = set.udp(seconds)?;
        }
        Ok(set)
    }
}

impl From<&RunningDaemon> for DaemonObject {
    fn from(daemon: &RunningDaemon) -> Self {
        Self {
            role: daemon.role.into(),
            interface: daemon.interface.clone(),
            sync_id: daemon.sync_id,
            max_length: NonZeroU16::new(daemon.max_length),
            group: Some(daemon.group),
            port: NonZeroU16::new(daemon.port),
            ttl: NonZeroU8::new(daemon.ttl),
        }
    }
}

impl From<&SyncDaemon> for DaemonObject {
    fn from(daemon: &SyncDaemon) -> Self {
        Self {
            role: daemon.role.into(),
            interface: daemon.interface.clone(),
            sync_id: daemon.sync_id.into(),
            max_length: daemon.max_length,
            group: daemon.group(),
            port: daemon.port,
            ttl: daemon.ttl,
        }
    }
}

impl DaemonObject {
    pub(super) fn into_model(self) -> Result<SyncDaemon, String> {
        let role = match self.role {
            Role::Master => SyncRole::Master,
            Role::Backup => SyncRole::Backup,
        };
        let sync_id = u8::try_from(self.sync_id)
            .map_err(|_| format!("sync id {} is out of range: use 0 to 255", self.sync_id))?;
        let mut daemon = SyncDaemon::new(role, self.interface, sync_id);
        daemon.max_length = self.max_length;
        daemon.port = self.port;
        daemon.ttl = self.ttl;
        if let Some(group) = self.group {
            daemon = daemon.with_group(group).map_err(|invalid| invalid.to_string())?;
        }
        daemon.check().map_err(|invalid| invalid.to_string())?;
        Ok(daemon)
    }
}

impl From<SyncRole> for Role {
    fn from(role: SyncRole) -> Self {
        match role {
            SyncRole::Master => Self::Master,
            SyncRole::Backup => Self::Backup,
        }
    }
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
    pub(super) fn to_model(&self) -> Result<Service, String> {
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

impl From<&Destination> for ServerObject {
    fn from(server: &Destination) -> Self {
        Self {
            server: server.key,
            method: match server.forwarding {
                ForwardingMethod::Masquerade => "masquerade".to_owned(),
                ForwardingMethod::Gateway => "gateway".to_owned(),
                ForwardingMethod::Tunnel(_) => "tunnel".to_owned(),
                ForwardingMethod::Local => "local".to_owned(),
                // `method-5`
                other => other.to_string(),
            },
            tunnel: server.tunnel().map(TunnelObject::from),
            weight: server.weight.get(),
            upper_threshold: server.thresholds.upper(),
            lower_threshold: server.thresholds.lower(),
        }
    }
}

impl ServerObject {
    pub(super) fn into_model(self, service: &ServiceKey) -> Result<Destination, String> {
        let forwarding = match (self.method.as_str(), self.tunnel) {
            ("tunnel", None) => ForwardingMethod::Tunnel(Tunnel::Ipip),
            ("tunnel", Some(tunnel)) => ForwardingMethod::Tunnel(tunnel.into_model()?),
            ("masquerade", None) => ForwardingMethod::Masquerade,
            ("gateway", None) => ForwardingMethod::Gateway,
            ("local", None) => ForwardingMethod::Local,
            ("masquerade" | "gateway" | "local", Some(_)) => {
                return Err(format!("the method {} has no tunnel", self.method));
            }
            (other, _) => {
                return Err(format!(
                    "`{other}` is not a forwarding method: use masquerade, gateway, tunnel or \
                     local"
                ));
            }
        };
        let mut server = Destination::new(self.server, forwarding);
        let words = |invalid: Invalid| invalid.to_string();
        server.weight = Weight::new(self.weight).map_err(words)?;
        server.thresholds =
            Thresholds::new(self.upper_threshold, self.lower_threshold).map_err(words)?;
        server.check(service).map_err(words)?;
        Ok(server)
    }
}

impl From<Tunnel> for TunnelObject {
    fn from(tunnel: Tunnel) -> Self {
        let named = |kind: &str, port, checksum| Self {
            kind: kind.to_owned(),
            port,
            checksum,
            flags: None,
        };
        match tunnel {
            Tunnel::Ipip => named("ipip", None, None),
            Tunnel::Gue { port, checksum } => {
                let checksum = match checksum {
                    GueChecksum::None => Checksum::None,
                    GueChecksum::Outer => Checksum::Outer,
                    GueChecksum::Remote => Checksum::Remote,
                };
                named("gue", Some(port.get()), Some(checksum))
            }
            Tunnel::Gre { checksum } => {
                let checksum = if checksum { Checksum::Outer } else { Checksum::None };
                named("gre", None, Some(checksum))
            }
            Tunnel::Other { kind, port, flags } => Self {
                kind: format!("type-{kind}"),
                port: Some(port),
                checksum: None,
                flags: Some(flags),
            },
            _ => named("unknown", None, None),
        }
    }
}

impl TunnelObject {
    fn into_model(self) -> Result<Tunnel, String> {
        let Self { kind, port, checksum, flags } = self;
        match (kind.as_str(), port, checksum.unwrap_or(Checksum::None), flags) {
            ("ipip", None, Checksum::None, None) => Ok(Tunnel::Ipip),
            ("gre", None, Checksum::None, None) => Ok(Tunnel::Gre { checksum: false }),
            ("gre", None, Checksum::Outer, None) => Ok(Tunnel::Gre { checksum: true }),
            ("gue", port, checksum, None) => {
                let port = port.and_then(NonZeroU16::new).ok_or("a gue tunnel needs a port")?;
                let checksum = match checksum {
                    Checksum::None => GueChecksum::None,
                    Checksum::Outer => GueChecksum::Outer,
                    Checksum::Remote => GueChecksum::Remote,
                };
                Ok(Tunnel::Gue { port, checksum })
            }
            ("ipip" | "gre", Some(_), ..) => Err(format!("{kind} tunnels have no port")),
            ("ipip" | "gre", _, checksum, None) => {
                let word = format!("{checksum:?}").to_lowercase();
                Err(format!("{kind} tunnels have no checksum `{word}`"))
            }
            ("ipip" | "gre" | "gue", ..) => Err(format!("{kind} tunnels have no flags")),
            _ => Err(format!("a tunnel of type `{kind}` cannot be set: use ipip, gue or gre")),
        }
    }
}

/// The object of the file that is there before `step`, without its servers.
pub fn before(step: &Step) -> Option<Value> {
    match step {
        Step::SetTimeouts { before, .. } => value(&TimeoutsObject::from(*before)),
        Step::StopDaemon { before, .. } => value(&DaemonObject::from(before)),
        Step::EditService { before, .. } | Step::DeleteService { before, .. } => {
            value(&ServiceObject::from(before))
        }
        Step::EditServer { before, .. } | Step::DeleteServer { before, .. } => {
            value(&ServerObject::from(before))
        }
        Step::AddService(_) | Step::AddServer { .. } | Step::StartDaemon(_) => None,
    }
}

/// The object of the file that is there after `step`, without its servers.
pub fn after(step: &Step) -> Option<Value> {
    match step {
        Step::SetTimeouts { before, after } => {
            let mut values = *before;
            for (value, after) in values.iter_mut().zip(after.values()) {
                *value = after.or(*value);
            }
            value(&TimeoutsObject::from(values))
        }
        Step::AddService(after) | Step::EditService { after, .. } => {
            value(&ServiceObject::from(after))
        }
        Step::AddServer { server: after, .. } | Step::EditServer { after, .. } => {
            value(&ServerObject::from(after))
        }
        Step::StartDaemon(after) => value(&DaemonObject::from(after)),
        Step::StopDaemon { .. } | Step::DeleteServer { .. } | Step::DeleteService { .. } => None,
    }
}

fn value(object: &impl Serialize) -> Option<Value> {
    serde_json::to_value(object).ok()
}
