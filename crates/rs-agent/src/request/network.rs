// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clients: one, or a network of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::host_address;
use crate::bad_request::BadRequest;

/// Names a network: an address with a prefix length: a client, or a network of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    /// The address as written.
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl Network {
    pub(super) fn parse(text: &str) -> Result<Self, BadRequest> {
        let bad = || BadRequest::NotAnAddress { option: "--client", text: text.to_owned() };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let ip = host_address("--client", address)?;
        let all = crate::facts::host_prefix(ip);
        let prefix = prefix.unwrap_or(all);
        if prefix == 0 || prefix > all { Err(bad()) } else { Ok(Self { ip, prefix }) }
    }

    /// Returns the first and the last address a client can have, to ask the routing table about.
    #[must_use]
    pub fn ends(&self) -> [IpAddr; 2] {
        match self.ip {
            IpAddr::V4(ip) => {
                let (first, last) = span(u32::from(ip).into(), self.prefix, 32);
                // The ends are always below 2^32; `as` drops only zero bits.
                [first, last].map(|bits| IpAddr::from(Ipv4Addr::from(bits as u32)))
            }
            IpAddr::V6(ip) => {
                let (first, last) = span(ip.into(), self.prefix, 128);
                [first, last].map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
            }
        }
    }
}

/// First and last host address, leaving out network and broadcast address where they exist.
fn span(ip: u128, prefix: u8, bits: u8) -> (u128, u128) {
    let host_bits = u32::from(bits.saturating_sub(prefix));
    let mask = 1u128.checked_shl(host_bits).map_or(u128::MAX, |size| size - 1);
    let (first, last) = (ip & !mask, ip | mask);
    if host_bits >= 2 { (first + 1, last - 1) } else { (first, last) }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

impl TryFrom<String> for Network {
    type Error = BadRequest;

    fn try_from(text: String) -> Result<Self, BadRequest> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}
