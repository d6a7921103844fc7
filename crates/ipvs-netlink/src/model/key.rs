// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{AddressFamily, Invalid, Protocol};

/// The key identifies a virtual service (an `ipvsadm -t`, `-u` or `-f`) within a network
/// namespace.
///
/// As text: `tcp/192.0.2.10:80`, `udp/[2001:db8::1]:53`, `fwmark/7`,
/// `fwmark/7/ipv6`.
#[doc(alias("VIP", "virtual IP", "frontend", "fwmark", "virtual service"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceKey {
    /// Packets to an address and port.
    Endpoint {
        /// The transport protocol.
        protocol: Protocol,
        /// The virtual IP address (VIP).
        address: IpAddr,
        /// The port; 0 means every port and needs persistence.
        port: u16,
    },
    /// Packets the firewall marked. The same mark can exist once per family.
    Fwmark {
        /// The family of the packets.
        family: AddressFamily,
        /// The mark. 0 means "no mark" to the kernel and cannot be one.
        mark: NonZeroU32,
    },
}

impl ServiceKey {
    /// Returns the key of a service on TCP `address`:`port`.
    pub fn tcp(address: impl Into<IpAddr>, port: u16) -> Self {
        Self::Endpoint { protocol: Protocol::Tcp, address: address.into(), port }
    }

    /// Returns the key of a service on UDP `address`:`port`.
    pub fn udp(address: impl Into<IpAddr>, port: u16) -> Self {
        Self::Endpoint { protocol: Protocol::Udp, address: address.into(), port }
    }

    /// Returns the key of a service on SCTP `address`:`port`.
    pub fn sctp(address: impl Into<IpAddr>, port: u16) -> Self {
        Self::Endpoint { protocol: Protocol::Sctp, address: address.into(), port }
    }

    /// Returns the key of a service for packets of `family` that carry the firewall mark
    /// `mark`.
    ///
    /// # Errors
    /// [`Invalid::ZeroFwmark`] if `mark` is 0.
    pub fn fwmark(family: AddressFamily, mark: u32) -> Result<Self, Invalid> {
        let mark = NonZeroU32::new(mark).ok_or(Invalid::ZeroFwmark)?;
        Ok(Self::Fwmark { family, mark })
    }

    /// Returns the address family of the packets this service balances.
    pub fn family(&self) -> AddressFamily {
        match self {
            Self::Endpoint { address, .. } => AddressFamily::of(*address),
            Self::Fwmark { family, .. } => *family,
        }
    }

    /// Returns the virtual IP address (VIP), or `None` for a firewall-mark service.
    #[doc(alias("VIP", "virtual IP"))]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Endpoint { address, .. } => Some(*address),
            Self::Fwmark { .. } => None,
        }
    }

    /// Returns the protocol, or `None` for a firewall-mark service.
    pub fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::Endpoint { protocol, .. } => Some(*protocol),
            Self::Fwmark { .. } => None,
        }
    }

    /// Returns the port, or `None` for a firewall-mark service.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Endpoint { port, .. } => Some(*port),
            Self::Fwmark { .. } => None,
        }
    }
}

/// Takes the address and the port; the zone of an IPv6 address has no place in IPVS.
impl From<(Protocol, SocketAddr)> for ServiceKey {
    fn from((protocol, endpoint): (Protocol, SocketAddr)) -> Self {
        Self::Endpoint { protocol, address: endpoint.ip(), port: endpoint.port() }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint { protocol, address, port } => {
                write!(f, "{protocol}/{}", SocketAddr::new(*address, *port))
            }
            Self::Fwmark { family: AddressFamily::Ipv4, mark } => write!(f, "fwmark/{mark}"),
            Self::Fwmark { family: AddressFamily::Ipv6, mark } => write!(f, "fwmark/{mark}/ipv6"),
        }
    }
}

impl FromStr for ServiceKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = |expected| Invalid::ServiceText { text: text.to_owned(), expected };
        let (kind, rest) = text
            .split_once('/')
            .ok_or_else(|| wrong("PROTOCOL/ADDRESS:PORT or fwmark/NUMBER[/ipv6]"))?;
        if kind == "fwmark" {
            let (mark, family) = match rest.strip_suffix("/ipv6") {
                Some(mark) => (mark, AddressFamily::Ipv6),
                None => (rest, AddressFamily::Ipv4),
            };
            let plain = !mark.starts_with('+');
            let mark = mark.parse().ok().filter(|_| plain);
            let mark = mark.ok_or_else(|| wrong("fwmark/NUMBER[/ipv6]"))?;
            return Self::fwmark(family, mark);
        }
        let protocol: Protocol =
            kind.parse().map_err(|_| wrong("tcp/, udp/, sctp/ or fwmark/ in front"))?;
        let endpoint: DestinationKey = rest.parse().map_err(|invalid| match invalid {
            Invalid::Unbracketed { meant, .. } => {
                Invalid::Unbracketed { text: text.to_owned(), meant: format!("{kind}/{meant}") }
            }
            _ => wrong("ADDRESS:PORT or [ADDRESS]:PORT after the protocol"),
        })?;
        Ok(Self::Endpoint { protocol, address: endpoint.address, port: endpoint.port })
    }
}

/// The key identifies a real server within its virtual service.
///
/// The forwarding method is not part of it: the same address and port cannot
/// be added twice with two methods. As text: `10.0.0.11:8080`.
#[doc(alias("RIP", "real server", "backend"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationKey {
    /// The real server's address (RIP).
    pub address: IpAddr,
    /// Its port; 0 keeps the port of the packet.
    pub port: u16,
}

impl DestinationKey {
    /// Returns the key of the real server `address`:`port`.
    pub fn new(address: impl Into<IpAddr>, port: u16) -> Self {
        Self { address: address.into(), port }
    }

    /// Guesses what was meant by an IPv6 address and a port without brackets: a guess, to
    /// ask about, since `2001:db8::1:80` is an address, too.
    pub fn without_brackets(text: &str) -> Option<Self> {
        let (address, port) = text.rsplit_once(':')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let port = port.parse().ok().filter(|_| !port.starts_with('+'))?;
        Some(Self::new(address, port))
    }

    /// Returns the address family, which may differ from the service's for tunnels.
    pub fn family(&self) -> AddressFamily {
        AddressFamily::of(self.address)
    }
}

/// Takes the address and the port. The zone of an IPv6 address has no place in IPVS; an
/// address that needs one is link-local, and none for a real server.
impl From<SocketAddr> for DestinationKey {
    fn from(endpoint: SocketAddr) -> Self {
        Self::new(endpoint.ip(), endpoint.port())
    }
}

impl<A: Into<IpAddr>> From<(A, u16)> for DestinationKey {
    fn from((address, port): (A, u16)) -> Self {
        Self::new(address, port)
    }
}

impl From<DestinationKey> for SocketAddr {
    fn from(key: DestinationKey) -> Self {
        Self::new(key.address, key.port)
    }
}

impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

impl FromStr for DestinationKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.parse() {
            Ok(SocketAddr::V4(v4)) => Ok(Self::new(*v4.ip(), v4.port())),
            // A zone (`%2`) has no place in IPVS; dropping it would change the meaning.
            // That `%0` means none is no reason to read it.
            Ok(SocketAddr::V6(v6)) if !text.contains('%') => Ok(Self::new(*v6.ip(), v6.port())),
            _ => Err(match (Self::without_brackets(text), text.parse::<Ipv6Addr>()) {
                (Some(meant), _) => {
                    Invalid::Unbracketed { text: text.to_owned(), meant: meant.to_string() }
                }
                (None, Ok(_)) => {
                    Invalid::Unbracketed { text: text.to_owned(), meant: format!("[{text}]:PORT") }
                }
                (None, Err(_)) => Invalid::DestinationText { text: text.to_owned() },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in [
            "tcp/192.0.2.10:80",
            "udp/[2001:db8::1]:53",
            "sctp/192.0.2.10:0",
            "ah/192.0.2.10:0",
            "ip-99/192.0.2.10:7",
            "fwmark/7",
            "fwmark/4294967295/ipv6",
        ] {
            let key: ServiceKey = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
        let server: DestinationKey = "[2001:db8::11]:8080".parse().unwrap();
        assert_eq!(server.to_string(), "[2001:db8::11]:8080");
    }

    #[test]
    fn text_that_ipvsadm_would_twist_is_refused() {
        for text in [
            "tcp/10.1:80",
            "tcp/010.0.0.1:80",
            "tcp/192.0.2.10",
            "tcp/[192.0.2.10]:80",
            "tcp/[fe80::1%3]:80",
            "tcp/[fe80::1%0]:80",
            "tcp/2001:db8::1",
            "tcp/192.0.2.10:70000",
            "icmp/192.0.2.10:80",
            "192.0.2.10:80",
            "fwmark/",
            "fwmark/-1",
            "fwmark/+1",
            "fwmark/7/ipv4",
            "",
        ] {
            assert!(text.parse::<ServiceKey>().is_err(), "{text} was accepted");
        }
        assert_eq!("fwmark/0".parse::<ServiceKey>(), Err(Invalid::ZeroFwmark));
        for (text, meant) in [
            ("2001:db8::1:80", "[2001:db8::1]:80"),
            ("2001:db8::1", "[2001:db8::1]:PORT"),
            ("2001:db8::1:f00", "[2001:db8::1:f00]:PORT"),
            ("2001:db8:1:2:3:4:5:6:80", "[2001:db8:1:2:3:4:5:6]:80"),
        ] {
            let guess = DestinationKey::without_brackets(text).map(|key| key.to_string());
            assert_eq!(guess, Some(meant.to_owned()).filter(|meant| !meant.ends_with("PORT")));
            let error = text.parse::<DestinationKey>().unwrap_err().to_string();
            let why = "has an IPv6 address without brackets: did you mean";
            assert_eq!(error, format!("`{text}` {why} {meant}?"));
            let error = format!("tcp/{text}").parse::<ServiceKey>().unwrap_err().to_string();
            assert_eq!(error, format!("`tcp/{text}` {why} tcp/{meant}?"));
        }
        for text in ["2001:db8::1:+80", "2001:db8::1:65536", "[2001:db8::1]:80", "10.0.0.1:80"] {
            assert_eq!(DestinationKey::without_brackets(text), None, "{text}");
        }
    }
}
