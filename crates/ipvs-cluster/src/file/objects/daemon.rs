// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{InterfaceName, Invalid, SetTimeouts, SyncDaemon, SyncRole, unchecked};
use serde::{Deserialize, Serialize};

use crate::file::text;
use crate::observed::RunningDaemon;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct TimeoutsObject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp_fin: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    udp: Option<u32>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct DaemonObject {
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

impl From<[Option<u32>; 3]> for TimeoutsObject {
    fn from([tcp, tcp_fin, udp]: [Option<u32>; 3]) -> Self {
        Self { tcp, tcp_fin, udp }
    }
}

impl TimeoutsObject {
    pub(in crate::file) fn into_model(self) -> Result<SetTimeouts, Invalid> {
        let seconds = [self.tcp, self.tcp_fin, self.udp];
        // To the kernel that means "leave it"; it never holds it.
        if seconds.contains(&Some(0)) {
            return Err(Invalid::Timeout(0));
        }
        Ok(unchecked::timeouts(seconds))
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
            sync_id: daemon.whole_sync_id(),
            max_length: daemon.max_length,
            group: daemon.group(),
            port: daemon.port,
            ttl: daemon.ttl,
        }
    }
}

impl DaemonObject {
    pub(in crate::file) fn into_model(self) -> Result<SyncDaemon, String> {
        let role = match self.role {
            Role::Master => SyncRole::Master,
            Role::Backup => SyncRole::Backup,
        };
        let mut daemon = unchecked::sync_id(SyncDaemon::new(role, self.interface, 0), self.sync_id);
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
