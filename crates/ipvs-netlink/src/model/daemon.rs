// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroU8, NonZeroU16};
use std::str::FromStr;

use super::Invalid;

/// The role says what a sync daemon does. A director can run one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SyncRole {
    /// Tells others of this director's connections.
    Master,
    /// Takes in the connections others tell of.
    Backup,
}

impl SyncRole {
    /// These are both roles.
    pub const ALL: [Self; 2] = [Self::Master, Self::Backup];

    /// Returns the word for it, `master` or `backup`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Backup => "backup",
        }
    }
}

impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SyncRole {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|role| role.name() == name);
        known.ok_or_else(|| Invalid::SyncRoleText(name.to_owned()))
    }
}

/// The type holds the name of a network interface: 1 to 15 bytes, as `dev_valid_name` has
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceName(Box<str>);

impl InterfaceName {
    pub(crate) fn from_kernel(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the name.
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

/// The type describes a connection-sync daemon to start.
///
/// What is left open takes the kernel's default. The settings of a running
/// daemon cannot change; stop it and start another.
#[doc(alias("ipvsadm --start-daemon", "connection synchronization"))]
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
    /// Returns a daemon with the kernel's defaults.
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

    /// Returns the sync id as the kernel keeps it, 32 bits. Only
    /// [`unchecked::sync_id`](crate::unchecked::sync_id) makes one above 255.
    pub fn whole_sync_id(&self) -> u32 {
        self.sync_id_beyond | u32::from(self.sync_id)
    }

    /// Returns the daemon with another multicast group.
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

    /// Returns the daemon with that many bytes of UDP payload in a message at most.
    #[must_use]
    pub fn with_max_length(self, max_length: NonZeroU16) -> Self {
        Self { max_length: Some(max_length), ..self }
    }

    /// Returns the daemon with another UDP port.
    #[must_use]
    pub fn with_port(self, port: NonZeroU16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// Returns the daemon with another time to live of its packets.
    #[must_use]
    pub fn with_ttl(self, ttl: NonZeroU8) -> Self {
        Self { ttl: Some(ttl), ..self }
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

    /// Returns the multicast group, if it is not the default.
    pub fn group(&self) -> Option<IpAddr> {
        self.group
    }
}

/// An entry describes a sync daemon that runs, with the values the kernel settled on.
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
    /// The kernel takes this group if none was chosen.
    pub const DEFAULT_GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 81));
    /// The kernel takes this port if none was chosen (`IP_VS_SYNC_PORT`).
    pub const DEFAULT_PORT: u16 = 8848;
    /// The kernel takes this time to live if none was chosen (`ip_vs_sync.c`).
    pub const DEFAULT_TTL: u8 = 1;
    /// The length of a master's messages on Ethernet, if none was chosen.
    const DEFAULT_LENGTH: u16 = 1472;

    /// Tells whether this daemon is what `wanted` asks for. A length that is not
    /// asked for is the kernel's choice, and any is right.
    pub fn is(&self, wanted: &SyncDaemon) -> bool {
        let default = Self::from(wanted);
        let max_length = match wanted.max_length {
            Some(length) => length.get(),
            None => self.max_length,
        };
        *self == Self { max_length, ..default }
    }
}

/// Returns what runs once the kernel has started the daemon, on Ethernet.
impl From<&SyncDaemon> for SyncDaemonEntry {
    fn from(wanted: &SyncDaemon) -> Self {
        Self {
            role: wanted.role,
            interface: wanted.interface.clone(),
            sync_id: wanted.whole_sync_id(),
            max_length: wanted.max_length.map_or(Self::DEFAULT_LENGTH, NonZeroU16::get),
            group: wanted.group().unwrap_or(Self::DEFAULT_GROUP),
            port: wanted.port.map_or(Self::DEFAULT_PORT, NonZeroU16::get),
            ttl: wanted.ttl.map_or(Self::DEFAULT_TTL, NonZeroU8::get),
        }
    }
}

/// Returns what starts a daemon with the settings of one that runs.
impl From<&SyncDaemonEntry> for SyncDaemon {
    fn from(running: &SyncDaemonEntry) -> Self {
        let [sync_id, ..] = running.sync_id.to_le_bytes();
        Self {
            sync_id_beyond: running.sync_id & !0xff,
            max_length: NonZeroU16::new(running.max_length),
            // The kernel has no daemon with another group than one for multicast.
            group: Some(running.group).filter(IpAddr::is_multicast),
            port: NonZeroU16::new(running.port),
            ttl: NonZeroU8::new(running.ttl),
            ..Self::new(running.role, running.interface.clone(), sync_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in SyncRole::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("Master".parse::<SyncRole>().is_err());
    }

    /// Whether a daemon that runs is the wanted one: each thing that may differ.
    #[test]
    fn a_running_daemon_is_the_wanted_one() {
        let wanted = SyncDaemon::new(SyncRole::Master, "eth0".parse().unwrap(), 3);
        let running = SyncDaemonEntry {
            role: SyncRole::Master,
            interface: "eth0".parse().unwrap(),
            sync_id: 3,
            max_length: 1472,
            group: SyncDaemonEntry::DEFAULT_GROUP,
            port: 8848,
            ttl: 1,
        };
        let group = Ipv4Addr::new(224, 0, 0, 82).into();
        let others = [
            SyncDaemonEntry { role: SyncRole::Backup, ..running.clone() },
            SyncDaemonEntry { interface: "eth1".parse().unwrap(), ..running.clone() },
            SyncDaemonEntry { sync_id: 259, ..running.clone() },
            SyncDaemonEntry { group, ..running.clone() },
            SyncDaemonEntry { port: 8849, ..running.clone() },
            SyncDaemonEntry { ttl: 2, ..running.clone() },
        ];
        assert!(running.is(&wanted));
        for other in &others {
            assert!(!other.is(&wanted), "{other:?}");
        }
        // The length by default is the interface's affair.
        assert!(SyncDaemonEntry { max_length: 1400, ..running.clone() }.is(&wanted));
        let mut chosen = wanted.with_group(group).unwrap();
        (chosen.max_length, chosen.port) = (NonZeroU16::new(1472), NonZeroU16::new(8849));
        chosen.ttl = NonZeroU8::new(2);
        let as_chosen = SyncDaemonEntry { group, port: 8849, ttl: 2, ..running.clone() };
        assert!(as_chosen.is(&chosen));
        assert!(!running.is(&chosen));
        assert!(!SyncDaemonEntry { max_length: 1400, ..as_chosen.clone() }.is(&chosen));
    }
}
