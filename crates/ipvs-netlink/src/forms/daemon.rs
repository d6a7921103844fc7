// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{InterfaceName, SyncDaemonEntry, SyncRole};

#[derive(Serialize, Deserialize)]
struct DaemonForm<N> {
    role: SyncRole,
    interface: N,
    syncid: u32,
    maxlen: u16,
    group: IpAddr,
    port: u16,
    ttl: u8,
}

impl Serialize for SyncDaemonEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = DaemonForm {
            role: self.role,
            interface: &self.interface,
            syncid: self.sync_id,
            maxlen: self.max_length,
            group: self.group,
            port: self.port,
            ttl: self.ttl,
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SyncDaemonEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = DaemonForm::<InterfaceName>::deserialize(deserializer)?;
        Ok(Self {
            role: form.role,
            interface: form.interface,
            sync_id: form.syncid,
            max_length: form.maxlen,
            group: form.group,
            port: form.port,
            ttl: form.ttl,
        })
    }
}
