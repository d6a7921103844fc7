// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroU8, NonZeroU16};
use std::str::FromStr;

use super::Invalid;

/// What a sync daemon does. A director can run one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SyncRole {
    /// Tells others of this director's connections.
    Master,
    /// Takes in the connections others tell of.
    Backup,
}

impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}

/// The name of a network interface: 1 to 15 bytes, as `dev_valid_name` has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceName(Box<str>);

impl InterfaceName {
    pub(crate) fn from_kernel(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InterfaceName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let plain = |c: char| !c.is_whitespace() && !matches!(c, '/' | ':' | '\0');
        if (1..=15).contains(&name.len()) && name != "." && name != ".." && name.chars().all(plain)
        {
            Ok(Self(name.into()))
        } else {
            Err(Invalid::InterfaceName(name.to_owned()))
        }
    }
}

/// A connection-sync daemon: what to start.
///
/// What is left open takes the kernel's default. The settings of a running
/// daemon cannot change; stop it and start another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncDaemon {
    /// What it does.
    pub role: SyncRole,
    /// The interface for multicast. It need not be up for a backup.
    pub interface: InterfaceName,
    /// Which daemons belong together. A backup with 0 listens to all.
    pub sync_id: u8,
    /// What a saved table has beyond that byte: the kernel keeps 32 bits, and puts
    /// 8 into a message.
    pub(crate) sync_id_beyond: u32,
    /// Most bytes of UDP payload in a message: by default 1500 less headers for a
    /// master, the interface's MTU less headers for a backup.
    pub max_length: Option<NonZeroU16>,
    /// The multicast group; 224.0.0.81 by default.
    group: Option<IpAddr>,
    /// The UDP port; 8848 by default. With `sync_ports` above 1 the following
    /// ones too.
    pub port: Option<NonZeroU16>,
    /// The time to live of multicast packets; 1 by default.
    pub ttl: Option<NonZeroU8>,
}

impl SyncDaemon {
    /// A daemon with the kernel's defaults.
    pub fn new(role: SyncRole, interface: InterfaceName, sync_id: u8) -> Self {
        Self {
            role,
            interface,
            sync_id,
            sync_id_beyond: 0,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
        }
    }

    /// The sync id as the kernel keeps it, 32 bits. Only
    /// [`unchecked::sync_id`](crate::unchecked::sync_id) makes one above 255.
    pub fn whole_sync_id(&self) -> u32 {
        self.sync_id_beyond | u32::from(self.sync_id)
    }

    /// The same with another multicast group.
    ///
    /// # Errors
    /// [`Invalid::NotMulticast`] if it is a unicast address.
    pub fn with_group(self, group: IpAddr) -> Result<Self, Invalid> {
        if group.is_multicast() {
            Ok(Self { group: Some(group), ..self })
        } else {
            Err(Invalid::NotMulticast(group))
        }
    }

    /// Refuses what the kernel would silently make something else of.
    ///
    /// # Errors
    /// [`Invalid::SyncMaxLength`] if the length is above what a datagram holds,
    /// or for a backup below 1024 (`ip_vs_sync.c: start_sync_thread`).
    pub fn check(&self) -> Result<(), Invalid> {
        let headers = match self.group {
            Some(IpAddr::V6(_)) => 48,
            _ => 28,
        };
        let least = match self.role {
            SyncRole::Master => 1,
            SyncRole::Backup => 1024,
        };
        let most = u16::MAX - headers;
        match self.max_length {
            Some(length) if !(least..=most).contains(&length.get()) => {
                Err(Invalid::SyncMaxLength { role: self.role, length: length.get(), least, most })
            }
            _ => Ok(()),
        }
    }

    /// The multicast group, if it is not the default.
    pub fn group(&self) -> Option<IpAddr> {
        self.group
    }
}

/// A sync daemon that runs, with the values the kernel settled on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncDaemonEntry {
    /// What it does.
    pub role: SyncRole,
    /// The interface for multicast.
    pub interface: InterfaceName,
    /// Its sync id; above 255 another tool set one that matches no message.
    pub sync_id: u32,
    /// Most bytes of UDP payload in a message.
    pub max_length: u16,
    /// The multicast group.
    pub group: IpAddr,
    /// The UDP port.
    pub port: u16,
    /// The time to live of multicast packets.
    pub ttl: u8,
}

impl SyncDaemonEntry {
    /// The group of a daemon for which none was chosen.
    pub const DEFAULT_GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 81));
}
