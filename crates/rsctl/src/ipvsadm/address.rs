// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes addresses as the C library does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::names::Names;
use super::number::{self, is_blank};

/// Does what `inet_aton` does: one to four numbers, each decimal, octal (`010`) or hexadecimal
/// (`0x10`), the last of which fills what is left; behind a blank anything.
pub(super) fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let text = text.split(is_blank).next()?;
    let parts: Vec<u32> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (last, front) = parts.split_last()?;
    if front.len() > 3 || front.iter().any(|part| *part > 0xff) {
        return None;
    }
    let free = 32 - 8 * front.len() as u32;
    if u64::from(*last) >= 1 << free {
        return None;
    }
    let front = front.iter().zip([24, 16, 8]).fold(0, |bits, (part, shift)| bits | part << shift);
    Some(Ipv4Addr::from_bits(front | last))
}

fn c_number(text: &str) -> Option<u32> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    // The standard library would take a sign.
    digits.chars().all(|c| c.is_digit(radix)).then_some(())?;
    u32::from_str_radix(digits, radix).ok()
}

/// Holds what `HOST[:PORT]` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: IpAddr,
    /// `None` if there is none, also where `ipvsadm` overlooks it (`[10.0.0.1]:80`).
    pub(super) port: Option<u16>,
}

/// Reads `HOST[:PORT]`. The protocol, if it is known already, is the one to look
/// up the port's name with.
pub(super) fn endpoint(text: &str, protocol: Option<&str>, names: &mut Names) -> Option<Endpoint> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (host, bracketed_port) = match text.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) = inner.split_once(']')?;
            (host, Some(rest.strip_prefix(':')?))
        }
        None => (text, None),
    };
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        let port = port(bracketed_port, protocol, names)?;
        return Some(Endpoint { address: address.into(), port });
    }
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let address = inet_aton(host).or_else(|| names.address_of(host))?;
    Some(Endpoint { address: address.into(), port: self::port(port, protocol, names)? })
}

/// Returns the port that `text` says, if there is a text: a number or a name.
fn port(text: Option<&str>, protocol: Option<&str>, names: &mut Names) -> Option<Option<u16>> {
    let Some(text) = text else { return Some(None) };
    let number = number::strict(text, 0, 65535).and_then(|port| u16::try_from(port).ok());
    number.or_else(|| names.port_of(text, protocol?)).map(Some)
}

/// Returns the address as `inet_ntop` writes it. The standard library differs in one form: an IPv4
/// address at the end of nothing but zeros.
pub(super) fn numeric(address: IpAddr) -> String {
    match address {
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
                format!("::{}", Ipv4Addr::from_bits(v6.to_bits() as u32))
            }
            _ => v6.to_string(),
        },
        IpAddr::V4(v4) => v4.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_inet_aton() {
        for (text, address) in [
            ("10.0.0.1", Some([10, 0, 0, 1])),
            ("10.1", Some([10, 0, 0, 1])),
            ("10.1.2", Some([10, 1, 0, 2])),
            ("10.1.65535", Some([10, 1, 255, 255])),
            ("10.1.65536", None),
            ("010.0.0.1", Some([8, 0, 0, 1])),
            ("0x0a000005", Some([10, 0, 0, 5])),
            ("24", Some([0, 0, 0, 24])),
            ("10.0.0.1 junk", Some([10, 0, 0, 1])),
            ("10.0.0.1junk", None),
            ("09.0.0.1", None),
            ("10.0.0.256", None),
            ("256.0.0.1", None),
            ("10.0.0.1.2", None),
            ("10..1", None),
            ("+10.0.0.1", None),
            ("10.+0.0.1", None),
            ("", None),
            ("/24", None),
            ("4294967295", Some([255; 4])),
            ("4294967296", None),
        ] {
            assert_eq!(inet_aton(text), address.map(Ipv4Addr::from), "{text:?}");
        }
    }

    fn read(text: &str) -> Option<(String, Option<u16>)> {
        let mut names = Names::with_services("http 80/tcp www\ndomain 53/udp\n");
        endpoint(text, Some("tcp"), &mut names).map(|e| (e.address.to_string(), e.port))
    }

    #[test]
    fn endpoints_are_read_with_every_quirk() {
        let found = |address: &str, port| Some((address.to_owned(), port));
        assert_eq!(read("10.0.0.1:80"), found("10.0.0.1", Some(80)));
        assert_eq!(read("10.0.0.1"), found("10.0.0.1", None));
        assert_eq!(read("10.0.0.1:www"), found("10.0.0.1", Some(80)));
        assert_eq!(read("10.0.0.1: 82"), found("10.0.0.1", Some(82)));
        assert_eq!(read("[2001:db8::1]:80"), found("2001:db8::1", Some(80)));
        assert_eq!(read("2001:db8::1"), found("2001:db8::1", None));
        assert_eq!(read("[10.0.0.9]:93"), found("10.0.0.9", None));
        for text in ["", "80", "10.0.0.1:domain", "10.0.0.1:70000", "10.0.0.1:-1", "10.0.0.1:0x50"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
        for text in ["[2001:db8::1]", "[fe80::1%eth0]:80", "10.0.0.1:80 ", "[::1", "[::1]80"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn numeric_addresses_are_those_of_inet_ntop() {
        for text in
            ["::1", "::", "::1.2.3.4", "::ffff:1.2.3.4", "2001:db8::1", "1:0:0:2::3", "::1:0"]
        {
            let shown = if text == "::1:0" { "::0.1.0.0" } else { text };
            assert_eq!(numeric(text.parse().unwrap()), shown);
        }
    }
}
