// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroU16};

use ipvs_netlink::{
    InterfaceName, Invalid, SetTimeouts, SyncDaemon, SyncDaemonEntry, SyncRole, Timeouts, unchecked,
};
use serde::{Deserialize, Serialize};

use crate::file::text;

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
    #[serde(with = "text")]
    role: SyncRole,
    #[serde(with = "text")]
    interface: InterfaceName,
    #[serde(alias = "sync_id")]
    syncid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "max_length")]
    maxlen: Option<NonZeroU16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    port: Option<NonZeroU16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<NonZeroU8>,
}

impl From<Timeouts> for TimeoutsObject {
    fn from(Timeouts { tcp, tcp_fin, udp, .. }: Timeouts) -> Self {
        Self { tcp, tcp_fin, udp }
    }
}

impl TimeoutsObject {
    pub(in crate::file) fn into_model(self) -> Result<SetTimeouts, Invalid> {
        let Self { tcp, tcp_fin, udp } = self;
        // To the kernel that means "leave it"; it never holds it.
        if [tcp, tcp_fin, udp].contains(&Some(0)) {
            return Err(Invalid::Timeout(0));
        }
        let mut seconds = Timeouts::default();
        (seconds.tcp, seconds.tcp_fin, seconds.udp) = (tcp, tcp_fin, udp);
        Ok(unchecked::timeouts(seconds))
    }
}

impl From<&SyncDaemonEntry> for DaemonObject {
    fn from(daemon: &SyncDaemonEntry) -> Self {
        Self {
            role: daemon.role,
            interface: daemon.interface.clone(),
            syncid: daemon.sync_id,
            maxlen: NonZeroU16::new(daemon.max_length),
            group: Some(daemon.group),
            port: NonZeroU16::new(daemon.port),
            ttl: NonZeroU8::new(daemon.ttl),
        }
    }
}

impl From<&SyncDaemon> for DaemonObject {
    fn from(daemon: &SyncDaemon) -> Self {
        Self {
            role: daemon.role,
            interface: daemon.interface.clone(),
            syncid: daemon.whole_sync_id(),
            maxlen: daemon.max_length,
            group: daemon.group(),
            port: daemon.port,
            ttl: daemon.ttl,
        }
    }
}

impl DaemonObject {
    pub(in crate::file) fn into_model(self) -> Result<SyncDaemon, String> {
        let daemon = SyncDaemon::new(self.role, self.interface, 0);
        let mut daemon = unchecked::sync_id(daemon, self.syncid);
        daemon.max_length = self.maxlen;
        daemon.port = self.port;
        daemon.ttl = self.ttl;
        if let Some(group) = self.group {
            daemon = daemon.with_group(group).map_err(|invalid| invalid.to_string())?;
        }
        daemon.check().map_err(|invalid| invalid.to_string())?;
        Ok(daemon)
    }
}
