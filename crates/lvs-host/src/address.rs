// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes addresses on interfaces.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

/// An address on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Interface name.
    pub device: String,
    /// The local address (`IFA_LOCAL`).
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// `host`, `link`, `global` …, as `ip addr` prints it.
    pub scope: String,
    /// Who added it (`IFA_PROTO`), on Linux 5.18 and later.
    pub tag: Option<u8>,
    /// Its preferred lifetime is over (`IFA_F_DEPRECATED`): no source for what this host
    /// sends of itself, as long as there is another.
    pub deprecated: bool,
    /// For how many seconds it may still be chosen as a source; [`u32::MAX`] is for ever, 0
    /// is deprecated.
    pub preferred: u32,
    /// Duplicate address detection is not over.
    pub tentative: bool,
    /// Duplicate address detection found another holder.
    pub dad_failed: bool,
}

impl Address {
    /// Builds one with nothing special about it.
    #[must_use]
    pub fn new(device: &str, ip: IpAddr, prefix: u8, scope: &str) -> Self {
        Self {
            device: device.to_owned(),
            ip,
            prefix,
            scope: scope.to_owned(),
            tag: None,
            deprecated: false,
            preferred: u32::MAX,
            tentative: false,
            dad_failed: false,
        }
    }

    /// Returns it as `ip addr` writes it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}/{} dev {} scope {}", self.ip, self.prefix, self.device, self.scope)
    }
}

/// Holds every address, in the order of [`Address::ip`]: a host may have thousands, and nearly
/// every question is about one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(Vec<Address>);

impl Addresses {
    /// Returns those with that address: on one interface as a rule.
    #[must_use]
    pub fn of(&self, ip: IpAddr) -> &[Address] {
        let start = self.0.partition_point(|have| have.ip < ip);
        let end = self.0.partition_point(|have| have.ip <= ip);
        self.0.get(start..end).unwrap_or_default()
    }

    /// Adds one.
    pub fn push(&mut self, address: Address) {
        let at = self.0.partition_point(|have| have.ip <= address.ip);
        self.0.insert(at, address);
    }

    /// Keeps those for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&Address) -> bool) {
        self.0.retain(keep);
    }
}

impl From<Vec<Address>> for Addresses {
    fn from(mut addresses: Vec<Address>) -> Self {
        addresses.sort_by_key(|have| have.ip);
        Self(addresses)
    }
}

impl Deref for Addresses {
    type Target = [Address];

    fn deref(&self) -> &[Address] {
        &self.0
    }
}

/// Names the scope of an IPv4 address: `RT_SCOPE_*` of include/uapi/linux/rtnetlink.h.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Never chosen as the source of a connection of this host's own.
    #[default]
    Host,
    /// Chosen as a source towards neighbours only.
    Link,
    /// An address like any other.
    Global,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Link => "link",
            Self::Global => "global",
        })
    }
}
