// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes addresses on interfaces.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use crate::ip::{contains, host_prefix};

/// Describes an address on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Interface name.
    pub device: String,
    /// The local address (`IFA_LOCAL`).
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
    /// The other end of the link (`IFA_ADDRESS`), if one was named: the prefix is of its network.
    pub peer: Option<IpAddr>,
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
            peer: None,
            scope: scope.to_owned(),
            tag: None,
            deprecated: false,
            preferred: u32::MAX,
            tentative: false,
            dad_failed: false,
        }
    }

    /// Tells whether it gives its interface a route to the network that `ip` is in.
    #[must_use]
    pub fn covers(&self, ip: IpAddr) -> bool {
        contains(self.peer.unwrap_or(self.ip), self.prefix, ip)
    }

    /// Tells whether `ip` is that of a neighbour on its interface.
    #[must_use]
    pub fn is_near(&self, ip: IpAddr) -> bool {
        self.peer == Some(ip) || (self.prefix < host_prefix(self.ip) && self.covers(ip))
    }

    /// Returns what `ip addr add` and `ip addr del` take.
    #[must_use]
    pub fn named(&self) -> String {
        match self.peer {
            Some(peer) => format!("{} peer {peer}/{}", self.ip, self.prefix),
            None => format!("{}/{}", self.ip, self.prefix),
        }
    }

    /// Returns it as `ip addr` writes it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} dev {} scope {}", self.named(), self.device, self.scope)
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
        let rest = self.0.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|have| have.ip == ip).count();
        rest.get(..count).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_peer_the_network_is_the_peers() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let plain = Address::new("eth0", ip("192.0.2.11"), 24, "global");
        let peer = |prefix| Address {
            peer: Some(ip("198.51.100.1")),
            ..Address::new("eth0", ip("192.0.2.11"), prefix, "global")
        };
        assert_eq!(plain.text(), "192.0.2.11/24 dev eth0 scope global");
        assert_eq!(peer(32).text(), "192.0.2.11 peer 198.51.100.1/32 dev eth0 scope global");
        let near =
            |address: &Address, other| [address.covers(ip(other)), address.is_near(ip(other))];
        assert_eq!(near(&plain, "192.0.2.1"), [true, true]);
        assert_eq!(near(&peer(24), "192.0.2.1"), [false, false]);
        assert_eq!(near(&peer(24), "198.51.100.7"), [true, true]);
        assert_eq!(near(&peer(32), "198.51.100.7"), [false, false]);
        assert_eq!(near(&peer(32), "198.51.100.1"), [true, true]);
        let single = Address::new("lo", ip("192.0.2.11"), 32, "host");
        assert_eq!(near(&single, "192.0.2.11"), [true, false]);
    }
}
