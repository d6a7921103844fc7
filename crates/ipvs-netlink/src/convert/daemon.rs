// SPDX-License-Identifier: MIT OR Apache-2.0

use std::net::IpAddr;

use netlink_packet_core::{DecodeError, Nla};

use super::missing;
use crate::message::{DaemonAttribute, Text, attributes};
use crate::model::{InterfaceName, SyncDaemon, SyncDaemonEntry, SyncRole};

/// `IP_VS_STATE_MASTER` and `IP_VS_STATE_BACKUP`
const MASTER: u32 = 1;
const BACKUP: u32 = 2;
/// `IPVS_DAEMON_ATTR_MCAST_IFN`
const INTERFACE: u16 = 2;

fn role_to_wire(role: SyncRole) -> u32 {
    match role {
        SyncRole::Master => MASTER,
        SyncRole::Backup => BACKUP,
    }
}

/// The attribute that names a running daemon.
pub(super) fn role_attributes(role: SyncRole) -> Vec<DaemonAttribute> {
    vec![DaemonAttribute::State(role_to_wire(role))]
}

pub(super) fn daemon_attributes(daemon: &SyncDaemon) -> Vec<DaemonAttribute> {
    let mut attributes = role_attributes(daemon.role);
    attributes.extend([
        DaemonAttribute::Interface(Text(daemon.interface.as_str().to_owned())),
        DaemonAttribute::SyncId(daemon.whole_sync_id()),
    ]);
    attributes.extend(daemon.max_length.map(|bytes| DaemonAttribute::SyncMaxLength(bytes.get())));
    attributes.extend(daemon.group().map(|group| match group {
        IpAddr::V4(group) => DaemonAttribute::Group4(group),
        IpAddr::V6(group) => DaemonAttribute::Group6(group),
    }));
    attributes.extend(daemon.port.map(|port| DaemonAttribute::Port(port.get())));
    attributes.extend(daemon.ttl.map(|ttl| DaemonAttribute::Ttl(ttl.get())));
    attributes
}

/// Reads a running daemon from the payload of its attribute.
pub(crate) fn decode_daemon(payload: &[u8]) -> Result<SyncDaemonEntry, DecodeError> {
    let mut role = None;
    let mut interface = None;
    let mut sync_id = None;
    let mut entry = (0, SyncDaemonEntry::DEFAULT_GROUP, 0, 0);
    for attribute in attributes(payload) {
        match attribute? {
            DaemonAttribute::State(MASTER) => role = Some(SyncRole::Master),
            DaemonAttribute::State(BACKUP) => role = Some(SyncRole::Backup),
            DaemonAttribute::Interface(Text(name)) => {
                interface = Some(InterfaceName::from_kernel(&name));
            }
            DaemonAttribute::SyncId(id) => sync_id = Some(id),
            DaemonAttribute::SyncMaxLength(bytes) => entry.0 = bytes,
            DaemonAttribute::Group4(group) => entry.1 = group.into(),
            DaemonAttribute::Group6(group) => entry.1 = group.into(),
            DaemonAttribute::Port(port) => entry.2 = port,
            DaemonAttribute::Ttl(ttl) => entry.3 = ttl,
            // Interfaces may have any bytes for a name but a blank, `/` and `:`.
            DaemonAttribute::Other(nla) if nla.kind() == INTERFACE => {
                let mut name = vec![0; nla.value_len()];
                nla.emit_value(&mut name);
                let name = String::from_utf8_lossy(&name);
                interface = Some(InterfaceName::from_kernel(name.trim_end_matches('\0')));
            }
            DaemonAttribute::State(_) | DaemonAttribute::Other(_) => {}
        }
    }
    let (max_length, group, port, ttl) = entry;
    Ok(SyncDaemonEntry {
        role: role.ok_or_else(|| missing("IPVS_DAEMON_ATTR_STATE"))?,
        interface: interface.ok_or_else(|| missing("IPVS_DAEMON_ATTR_MCAST_IFN"))?,
        sync_id: sync_id.ok_or_else(|| missing("IPVS_DAEMON_ATTR_SYNC_ID"))?,
        max_length,
        group,
        port,
        ttl,
    })
}
