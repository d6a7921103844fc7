// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipvs_netlink::{DestinationKey, Protocol, ServiceKey};

use super::BadValue;
use super::value::number;

/// Names an address, with its port or without: `IPV4`, `IPV4:PORT`, `[IPV6]` or `[IPV6]:PORT`.
///
/// Stricter than the C library, on purpose: `10.1` and `010.0.0.1` are other
/// addresses to `inet_aton` than most readers think, and `2001:db8::1:80` is an address
/// without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: IpAddr,
    pub(crate) port: Option<u16>,
}

impl Endpoint {
    /// Returns the service of that protocol there; without a port that of all ports, which
    /// persistent services may have.
    pub(crate) fn service(self, protocol: Protocol) -> ServiceKey {
        let Self { address, port } = self;
        ServiceKey::Endpoint { protocol, address, port: port.unwrap_or(0) }
    }

    /// Returns whether that server is meant: without a port, on any.
    pub(crate) fn means(self, server: DestinationKey) -> bool {
        self.address == server.address && self.port.is_none_or(|port| port == server.port)
    }

    /// Reads an address behind which no port may stand, so that one of IPv6 needs no
    /// brackets. Who wrote a port all the same finds it in the result.
    pub(super) fn alone(text: &str) -> Result<Self, BadValue> {
        match text.parse() {
            Ok(address) => Ok(Self { address: IpAddr::V6(address), port: None }),
            Err(_) => text.parse(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => DestinationKey { address: self.address, port }.fmt(f),
            None => self.address.fmt(f),
        }
    }
}

impl FromStr for Endpoint {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (address, port) = if let Some(bracketed) = text.strip_prefix('[') {
            let (inside, rest) = bracketed
                .split_once(']')
                .ok_or_else(|| BadValue::new(format!("`{text}` has no closing bracket")))?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(BadValue::new(format!("`{text}` has no `:` after `]`"))),
            };
            if inside.parse::<Ipv4Addr>().is_ok() {
                return Err(BadValue::new(format!("`{text}` has an IPv4 address in brackets"))
                    .hint(format!("brackets are for IPv6: write {inside}{rest}")));
            }
            (IpAddr::V6(ipv6(inside)?), port)
        } else {
            let (address, port) = match text.bytes().rposition(|byte| byte == b':') {
                Some(place) => (text.get(..place), text.get(place + 1..)),
                None => (Some(text), None),
            };
            let address = address.unwrap_or_default();
            match ipv4(address) {
                Ok(address) => (IpAddr::V4(address), port),
                Err(_) if address.contains(':') => return Err(unbracketed(text)),
                Err(bad) => return Err(bad),
            }
        };
        let port = port.map(|port| number(port, "port", 0..=u16::MAX.into())).transpose()?;
        // In range: `number` saw to it.
        Ok(Self { address, port: port.and_then(|port| u16::try_from(port).ok()) })
    }
}

/// Returns what is wrong with IPv6 without brackets: where its port would begin, if it has one, is
/// anybody's guess.
fn unbracketed(text: &str) -> BadValue {
    let meant = DestinationKey::without_brackets(text);
    let question = meant.map(|meant| format!("did you mean {meant}?"));
    match (ipv6(text), question) {
        (Ok(_), question) => {
            let bad = BadValue::new(format!("`{text}` is an IPv6 address without brackets"));
            bad.hint(question.map_or_else(
                || format!("write [{text}], or [{text}]:PORT"),
                |question| format!("{question} The whole of it as an address is [{text}]"),
            ))
        }
        (Err(bad), Some(question)) => bad.hint(question),
        (Err(bad), None) => bad,
    }
}

fn ipv6(text: &str) -> Result<Ipv6Addr, BadValue> {
    text.parse().map_err(|_| match text.split_once('%') {
        Some((address, _)) => BadValue::new(format!("`{text}` names a zone, and IPVS has none"))
            .hint(format!("write {address}")),
        None => BadValue::new(format!("`{text}` is not an IPv6 address"))
            .hint("with a port, an IPv6 address stands in brackets: [2001:db8::1]:80"),
    })
}

fn ipv4(text: &str) -> Result<Ipv4Addr, BadValue> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = BadValue::new(format!("`{text}` is not an IP address"));
    let parts: Vec<&str> = text.split('.').collect();
    let numeric = parts.iter().all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) || part.starts_with("0x")
    });
    Err(if text.is_empty() {
        BadValue::new("the address is missing")
    } else if !numeric {
        wrong.hint("names are not looked up: write the address")
    } else if parts.len() != 4 {
        wrong.hint("write all four numbers of an IPv4 address")
    } else if parts.iter().any(|part| part.starts_with('0') && part.len() > 1) {
        wrong.hint("write plain decimal numbers: a leading 0 means octal to some programs")
    } else {
        wrong.hint("each of the four numbers goes from 0 to 255")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: &str, port: Option<u16>) -> Endpoint {
        Endpoint { address: address.parse().unwrap(), port }
    }

    #[test]
    fn what_is_read() {
        for (text, address, port) in [
            ("10.0.0.1", "10.0.0.1", None),
            ("10.0.0.1:0", "10.0.0.1", Some(0)),
            ("10.0.0.1:65535", "10.0.0.1", Some(65535)),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("[2001:db8::1]:53", "2001:db8::1", Some(53)),
            ("[2001:db8::1:80]", "2001:db8::1:80", None),
            ("[::]", "::", None),
        ] {
            assert_eq!(text.parse(), Ok(endpoint(address, port)), "{text}");
            assert_eq!(Endpoint::alone(text), Ok(endpoint(address, port)), "{text}");
        }
        for text in ["2001:db8::1", "2001:db8::1:80", "::"] {
            assert_eq!(Endpoint::alone(text), Ok(endpoint(text, None)));
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        let names = "names are not looked up: write the address";
        let octal = "write plain decimal numbers: a leading 0 means octal to some programs";
        let short = "write all four numbers of an IPv4 address";
        let brackets = "with a port, an IPv6 address stands in brackets: [2001:db8::1]:80";
        for (text, message, hint) in [
            ("", "the address is missing", None),
            (":80", "the address is missing", None),
            ("80", "`80` is not an IP address", Some(short)),
            ("10.1:83", "`10.1` is not an IP address", Some(short)),
            ("010.0.0.1:84", "`010.0.0.1` is not an IP address", Some(octal)),
            ("0x0a000005:85", "`0x0a000005` is not an IP address", Some(short)),
            (
                "10.0.0.256:80",
                "`10.0.0.256` is not an IP address",
                Some("each of the four numbers goes from 0 to 255"),
            ),
            ("10.0.0.1 junk:86", "`10.0.0.1 junk` is not an IP address", Some(names)),
            ("web1:80", "`web1` is not an IP address", Some(names)),
            ("web1", "`web1` is not an IP address", Some(names)),
            ("10.0.0.1:", "`` is not a port: use 0 to 65535", None),
            ("10.0.0.1:http", "`http` is not a port: use 0 to 65535", None),
            ("10.0.0.1:+81", "`+81` is not a port: use 0 to 65535", None),
            ("10.0.0.1: 82", "` 82` is not a port: use 0 to 65535", None),
            ("10.0.0.1:70000", "port 70000 is out of range: use 0 to 65535", None),
            ("10.0.0.1:-1", "port -1 is out of range: use 0 to 65535", None),
            (
                "[10.0.0.9]:93",
                "`[10.0.0.9]:93` has an IPv4 address in brackets",
                Some("brackets are for IPv6: write 10.0.0.9:93"),
            ),
            ("[2001:db8::1", "`[2001:db8::1` has no closing bracket", None),
            ("[2001:db8::1]80", "`[2001:db8::1]80` has no `:` after `]`", None),
            ("[web1]:80", "`web1` is not an IPv6 address", Some(brackets)),
            ("2001:db8:80", "`2001:db8:80` is not an IPv6 address", Some(brackets)),
            (
                "2001:db8::1:80",
                "`2001:db8::1:80` is an IPv6 address without brackets",
                Some(
                    "did you mean [2001:db8::1]:80? The whole of it as an address is \
                     [2001:db8::1:80]",
                ),
            ),
            (
                "2001:db8::1",
                "`2001:db8::1` is an IPv6 address without brackets",
                Some("write [2001:db8::1], or [2001:db8::1]:PORT"),
            ),
            (
                "2001:db8::1:f00",
                "`2001:db8::1:f00` is an IPv6 address without brackets",
                Some("write [2001:db8::1:f00], or [2001:db8::1:f00]:PORT"),
            ),
            (
                "2001:db8:1:2:3:4:5:6:80",
                "`2001:db8:1:2:3:4:5:6:80` is not an IPv6 address",
                Some("did you mean [2001:db8:1:2:3:4:5:6]:80?"),
            ),
            (
                "2001:db8::1:8080",
                "`2001:db8::1:8080` is an IPv6 address without brackets",
                Some(
                    "did you mean [2001:db8::1]:8080? The whole of it as an address is \
                     [2001:db8::1:8080]",
                ),
            ),
            ("::1:65536", "`::1:65536` is not an IPv6 address", Some(brackets)),
            (
                "[fe80::1%eth0]:80",
                "`fe80::1%eth0` names a zone, and IPVS has none",
                Some("write fe80::1"),
            ),
        ] {
            let bad = text.parse::<Endpoint>().unwrap_err();
            assert_eq!((bad.to_string().as_str(), bad.hint.as_deref()), (message, hint), "{text}");
        }
    }
}
