// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use super::{
    Connections, DestinationKey, ForwardingMethod, Invalid, ServiceKey, Stats, Tunnel,
    UnknownAttribute, text,
};

/// A destination describes a real server of a virtual service (the kernel's word is
/// destination).
#[doc(alias("real server", "backend", "upstream"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Destination {
    /// Its address and port.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forwarding: ForwardingMethod,
    /// Its share of new connections.
    pub weight: Weight,
    /// How many connections it may have.
    pub thresholds: Thresholds,
}

impl Destination {
    /// Returns a real server of weight 1 without thresholds.
    pub fn new(key: DestinationKey, forwarding: ForwardingMethod) -> Self {
        Self { key, forwarding, weight: Weight::ONE, thresholds: Thresholds::UNLIMITED }
    }

    /// Returns the server with this weight.
    #[must_use]
    pub fn with_weight(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    /// Returns the server with these thresholds.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// Refuses, for a server of `service`, what the kernel would accept and
    /// then misread or ignore, and what it would refuse with a bare `EINVAL`.
    ///
    /// # Errors
    /// [`Invalid`] names the first thing found.
    pub fn check(&self, service: &ServiceKey) -> Result<(), Invalid> {
        self.flaws(service).into_iter().next().map_or(Ok(()), Err)
    }

    /// All that [`check`](Self::check) has against it.
    pub(crate) fn flaws(&self, service: &ServiceKey) -> Vec<Invalid> {
        let mut flaws = Vec::new();
        if let Some(why) = not_a_server(self.key.address) {
            flaws.push(Invalid::DestinationAddress { address: self.key.address, why });
        }
        match self.forwarding {
            ForwardingMethod::Other(value) => flaws.push(Invalid::ForwardingMethod(value)),
            ForwardingMethod::Tunnel(tunnel) => flaws.extend(tunnel.check().err()),
            _ => {}
        }
        let tunnelled = matches!(self.forwarding, ForwardingMethod::Tunnel(_));
        if self.key.family() != service.family() && !tunnelled {
            flaws.push(Invalid::MixedFamilies { service: *service, destination: self.key });
        }
        let keeps_port = self.forwarding.keeps_port();
        let Some(method) = self.forwarding.name().filter(|_| keeps_port) else { return flaws };
        // Services without a port of their own (fwmark, port 0) take each packet's.
        let other = |port: &u16| *port != 0 && *port != self.key.port;
        if let Some(port) = service.port().filter(other) {
            let destination = self.key;
            flaws.push(Invalid::PortRewrite { method, service: *service, port, destination });
        }
        flaws
    }

    /// Sorts real servers by address and port: the order in which to add them if
    /// several directors are to agree.
    ///
    /// `mh`, `sh` and `dh` fill their tables in the order of the kernel's list,
    /// which is that of adding, the last one first. Directors that added the same
    /// servers in different orders send part of the clients to different servers:
    /// with `mh` 5 % of them at a hundred servers.
    pub fn sort_canonically(destinations: &mut [Self]) {
        destinations.sort_by_key(|destination| destination.key);
    }

    /// Returns the tunnel, if packets travel through one.
    pub fn tunnel(&self) -> Option<Tunnel> {
        match self.forwarding {
            ForwardingMethod::Tunnel(tunnel) => Some(tunnel),
            _ => None,
        }
    }
}

/// What `address` is if it cannot be a real server (`__ip_vs_new_dest`).
fn not_a_server(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some("the broadcast address"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("link-local"),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            Some("an IPv4 address in IPv6 form; write the IPv4 address")
        }
        _ if address.is_unspecified() => Some("the unspecified address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ => None,
    }
}

/// The weight is a real server's share of new connections, 0 to 2147483647. 0 gives it no
/// new ones and leaves those it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weight(u32);

impl Weight {
    /// A server of this weight gets no new connections: it is drained.
    #[doc(alias("drain", "quiesce"))]
    pub const ZERO: Self = Self(0);
    /// A server has this weight if none is given.
    pub const ONE: Self = Self(1);

    /// Takes that weight.
    ///
    /// # Errors
    /// [`Invalid::Weight`] above 2147483647: the kernel reads it as `int`.
    pub fn new(weight: u32) -> Result<Self, Invalid> {
        if i32::try_from(weight).is_ok() {
            Ok(Self(weight))
        } else {
            Err(Invalid::Weight(weight.into()))
        }
    }

    /// Returns the number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Weight {
    type Error = Invalid;

    fn try_from(weight: u32) -> Result<Self, Invalid> {
        Self::new(weight)
    }
}

impl From<Weight> for u32 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

impl FromStr for Weight {
    type Err = Invalid;

    fn from_str(digits: &str) -> Result<Self, Invalid> {
        let weight = text::number(digits).and_then(|weight| Self::new(weight).ok());
        weight.ok_or_else(|| text::unread("a weight", digits, "0 to 2147483647"))
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Thresholds say how many connections a real server may have before it gets no more, and
/// when it gets some again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thresholds {
    upper: u32,
    lower: u32,
}

impl Thresholds {
    /// A server with these has no limit.
    pub const UNLIMITED: Self = Self { upper: 0, lower: 0 };

    /// Makes a server stop at `upper` connections (0: never) and start again below `lower`
    /// (0: at three quarters of `upper`).
    ///
    /// # Errors
    /// [`Invalid::ThresholdsCrossed`] if `lower` is above `upper`;
    /// [`Invalid::UpperThreshold`] above 2147483647.
    pub fn new(upper: u32, lower: u32) -> Result<Self, Invalid> {
        if i32::try_from(upper).is_err() {
            return Err(Invalid::UpperThreshold(upper));
        }
        if lower > upper {
            return Err(Invalid::ThresholdsCrossed { lower, upper });
        }
        Ok(Self { upper, lower })
    }

    /// What the kernel holds already.
    pub(crate) fn from_kernel(upper: u32, lower: u32) -> Self {
        Self { upper, lower }
    }

    /// Returns the number of connections at which the server gets no more; 0 for no limit.
    pub fn upper(self) -> u32 {
        self.upper
    }

    /// Returns the number of connections below which it gets some again; 0 for three
    /// quarters of the upper threshold.
    pub fn lower(self) -> u32 {
        self.lower
    }
}

/// An entry describes a real server as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationEntry {
    /// Its settings.
    pub destination: Destination,
    /// Its connections now.
    pub connections: Connections,
    /// Its counters.
    pub stats: Stats,
    /// What else the kernel said of it.
    pub unknown: Box<[UnknownAttribute]>,
}

/// Returns the entry of a real server without traffic, as a test may want it.
impl From<Destination> for DestinationEntry {
    fn from(destination: Destination) -> Self {
        Self {
            destination,
            connections: Connections::default(),
            stats: Stats::default(),
            unknown: Box::default(),
        }
    }
}
