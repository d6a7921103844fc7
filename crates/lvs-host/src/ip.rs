// SPDX-License-Identifier: MIT OR Apache-2.0
//! The families of IP addresses, and arithmetic that the standard library leaves out.

use std::fmt;
use std::net::IpAddr;

/// Names a family of IP addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// What `ip` takes if it is told nothing else.
    #[default]
    Ipv4,
    /// `ip -6`.
    Ipv6,
}

impl Family {
    /// These are both families.
    pub const BOTH: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// Returns the family of an address.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }

    /// Returns whether an address is of this family.
    #[must_use]
    pub fn has(self, ip: IpAddr) -> bool {
        Self::of(ip) == self
    }

    /// Returns the other family.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ipv4 => Self::Ipv6,
            Self::Ipv6 => Self::Ipv4,
        }
    }

    /// Returns the prefix length that covers exactly one address.
    #[must_use]
    pub fn host_prefix(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }

    /// Returns the number of the protocol as which packets of this family travel inside others.
    #[must_use]
    pub fn protocol(self) -> u8 {
        match self {
            Self::Ipv4 => 4,
            Self::Ipv6 => 41,
        }
    }

    /// Returns the length of a header without options, in bytes.
    #[must_use]
    pub fn header(self) -> u32 {
        match self {
            Self::Ipv4 => 20,
            Self::Ipv6 => 40,
        }
    }

    /// Returns how an `ip` command for this family begins.
    #[must_use]
    pub fn ip_command(self) -> &'static str {
        match self {
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ip -6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}

/// Returns the first address of that family.
#[must_use]
pub fn of_family(ips: &[IpAddr], family: Family) -> Option<IpAddr> {
    ips.iter().copied().find(|ip| family.has(*ip))
}

/// Returns the address of that family, if there is just one.
#[must_use]
pub fn only_one(ips: &[IpAddr], family: Family) -> Option<IpAddr> {
    let mut mine = ips.iter().filter(|ip| family.has(**ip));
    mine.next().filter(|_| mine.next().is_none()).copied()
}

/// Returns whether `ip` is in the network of `of`/`prefix`.
#[must_use]
pub fn contains(of: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    };
    let host_bits = u32::from(host_prefix(of).saturating_sub(prefix));
    of.is_ipv4() == ip.is_ipv4() && (bits(of) ^ bits(ip)).checked_shr(host_bits).unwrap_or(0) == 0
}

/// Returns the prefix length that covers exactly one address: 32 or 128.
#[must_use]
pub fn host_prefix(ip: IpAddr) -> u8 {
    Family::of(ip).host_prefix()
}
