// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Invalid, text};

/// The family is IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressFamily {
    /// `AF_INET`
    Ipv4,
    /// `AF_INET6`
    Ipv6,
}

impl AddressFamily {
    /// Returns the family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }

    /// Returns the word for it in JSON: `ipv4` or `ipv6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

impl From<IpAddr> for AddressFamily {
    fn from(address: IpAddr) -> Self {
        Self::of(address)
    }
}

/// Reads what [`Display`](fmt::Display) writes, and the [word](Self::name) of JSON.
impl FromStr for AddressFamily {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        match word {
            "IPv4" | "ipv4" => Ok(Self::Ipv4),
            "IPv6" | "ipv6" => Ok(Self::Ipv6),
            _ => Err(text::unread("an address family", word, "ipv4 or ipv6")),
        }
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        })
    }
}

/// The protocol is the transport of a virtual service.
///
/// The kernel stores any number, but has code to balance these five only
/// (`net/netfilter/ipvs/ip_vs_proto.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP, protocol 6.
    Tcp,
    /// UDP, protocol 17.
    Udp,
    /// SCTP, protocol 132.
    Sctp,
    /// IPsec ESP, protocol 50.
    Esp,
    /// IPsec AH, protocol 51.
    Ah,
    /// A number the kernel reported. It can be shown and deleted, not added.
    Other(u16),
}

impl Protocol {
    /// Returns the IP protocol number, see `/etc/protocols`.
    pub fn number(self) -> u16 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Esp => 50,
            Self::Ah => 51,
            Self::Sctp => 132,
            Self::Other(number) => number,
        }
    }

    /// Returns the protocol with this IP protocol number.
    pub fn from_number(number: u16) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            50 => Self::Esp,
            51 => Self::Ah,
            132 => Self::Sctp,
            other => Self::Other(other),
        }
    }

    fn from_text(word: &str) -> Option<Self> {
        Some(match word {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "sctp" => Self::Sctp,
            "esp" => Self::Esp,
            "ah" => Self::Ah,
            other => Self::from_number(text::number(other.strip_prefix("ip-")?)?),
        })
    }
}

impl From<u16> for Protocol {
    fn from(number: u16) -> Self {
        Self::from_number(number)
    }
}

impl From<Protocol> for u16 {
    fn from(protocol: Protocol) -> Self {
        protocol.number()
    }
}

/// Reads what [`Display`](fmt::Display) writes: `tcp`, `esp`, `ip-99`.
impl FromStr for Protocol {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::from_text(text).ok_or_else(|| Invalid::ProtocolText(text.to_owned()))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Sctp => f.write_str("sctp"),
            Self::Esp => f.write_str("esp"),
            Self::Ah => f.write_str("ah"),
            Self::Other(number) => write!(f, "ip-{number}"),
        }
    }
}
