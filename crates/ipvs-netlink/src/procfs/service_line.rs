// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the lines of `/proc/net/ip_vs`: the head, services, servers. A table can have
//! 100,000 lines, so those of servers are taken as the bytes that they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::connection;
use super::line::{Words, decimal, hexadecimal};
use super::services::{TableKey, TableMethod, TablePersistence, TableServer, TableService};
use crate::model::{AddressFamily, DestinationKey, IpvsVersion, Netmask, ServiceKey};

/// What each line of a server begins with.
pub(super) const SERVER: &[u8] = b"  -> ";

/// `IP Virtual Server version 1.2.1 (size=4096)`
pub(super) fn head(line: &[u8]) -> Option<(IpvsVersion, u32)> {
    let line = std::str::from_utf8(line).ok()?.strip_prefix("IP Virtual Server version ")?;
    let (version, size) = line.strip_suffix(')')?.split_once(" (size=")?;
    let mut parts = version.split('.').map(|part| u8::try_from(decimal(part)?).ok());
    let [major, minor, patch] = [parts.next()??, parts.next()??, parts.next()??];
    Some((IpvsVersion { major, minor, patch }, decimal(size)?.try_into().ok()?))
}

/// `TCP  C0A84D01:0050 wlc ops persistent 75000 FFFFFFFF`
pub(super) fn service(line: &[u8]) -> Option<TableService> {
    let mut words = Words::new(line);
    let protocol = words.next()?;
    let name = words.next()?;
    let key = if protocol == "FWM" {
        TableKey::Fwmark(hexadecimal(name)?.try_into().ok().filter(|mark| *mark != 0)?)
    } else {
        let ((address, port), rest) = endpoint(name.as_bytes())?;
        let protocol = connection::protocol(protocol).filter(|_| rest.is_empty())?;
        TableKey::Service(ServiceKey::Endpoint { protocol, address, port })
    };
    let scheduler = words.next()?.parse().ok()?;
    let family = match key {
        TableKey::Service(key) => Some(key.family()),
        TableKey::Fwmark(_) => None,
    };
    let mut one_packet = (family != Some(AddressFamily::Ipv6)).then_some(false);
    let mut persistence = None;
    while let Some(word) = words.next() {
        match word {
            "ops" => one_packet = Some(true),
            "persistent" => {
                decimal(words.next()?)?;
                let bits = hexadecimal(words.next()?)?.try_into().ok()?;
                let netmask = family.and_then(|family| netmask(family, bits));
                persistence = Some(TablePersistence { netmask });
            }
            _ => return None,
        }
    }
    Some(TableService { key, scheduler, one_packet, persistence, servers: Vec::new() })
}

/// A mask of IPv4, or the length of a prefix of IPv6, which the kernel takes for a number
/// in network order (`ntohl`).
fn netmask(family: AddressFamily, bits: u32) -> Option<Netmask> {
    match family {
        AddressFamily::Ipv4 => Some(Netmask::ipv4(Ipv4Addr::from_bits(bits))),
        AddressFamily::Ipv6 => Netmask::ipv6_prefix(bits.to_be().try_into().ok()?).ok(),
    }
}

/// `  -> C0A84D02:1F90      Masq    1      1          0`
pub(super) fn server(line: &[u8]) -> Option<TableServer> {
    let ((address, port), mut rest) = endpoint(line.strip_prefix(SERVER)?)?;
    let method = match word(&mut rest) {
        b"Masq" => TableMethod::Masquerade,
        b"Local" => TableMethod::Local,
        b"Tunnel" => TableMethod::Tunnel,
        b"Route" => TableMethod::Gateway,
        _ => return None,
    };
    let (weight, active, inactive) = (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
    let key = DestinationKey { address, port };
    Some(TableServer { key, method, weight, active, inactive })
}

/// The next word, parted by blanks; empty at the end of the line.
fn word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let line = rest.trim_ascii_start();
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (word, behind) = line.split_at(end);
    *rest = behind;
    word
}

/// The next word, which is a number of digits only.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut line = rest.trim_ascii_start();
    let (first, behind) = line.split_first()?;
    let mut number = digit(*first)?;
    line = behind;
    while let Some((byte, behind)) = line.split_first().filter(|(byte, _)| **byte != b' ') {
        number = number.checked_mul(10)?.checked_add(digit(*byte)?)?;
        line = behind;
    }
    *rest = line;
    Some(number)
}

fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// Hexadecimal digits only; more than eight would not do.
fn hexadecimal_bytes(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |bits, digit| Some(bits << 4 | char::from(*digit).to_digit(16)?))
}

/// `C0A84D01:0050` or `[2001:0db8:0000:0000:0000:0000:0000:0001]:0050`, and what is behind.
fn endpoint(text: &[u8]) -> Option<((IpAddr, u16), &[u8])> {
    let (address, behind) = match text.strip_prefix(b"[") {
        Some(text) => {
            let (address, behind) = text.split_at_checked(39)?;
            (ipv6(address)?.into(), behind.strip_prefix(b"]:")?)
        }
        None => {
            let (bits, behind) = text.split_at_checked(8)?;
            let address = Ipv4Addr::from_bits(hexadecimal_bytes(bits)?);
            (IpAddr::V4(address), behind.strip_prefix(b":")?)
        }
    };
    let (port, behind) = behind.split_at_checked(4)?;
    Some(((address, hexadecimal_bytes(port)?.try_into().ok()?), behind))
}

/// The kernel leaves no zero out (`%pI6`).
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let mut groups = [0_u16; 8];
    for (place, part) in groups.iter_mut().zip(text.chunks(5)) {
        let (digits, colon) = part.split_at_checked(4)?;
        *place = hexadecimal_bytes(digits)?.try_into().ok()?;
        if !matches!(colon, b":" | b"") {
            return None;
        }
    }
    Some(groups.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_and_nothing_else() {
        let read = |text: &str| {
            let ((address, port), rest) = endpoint(text.as_bytes())?;
            rest.is_empty().then(|| format!("{address} {port}"))
        };
        assert_eq!(read("C000020A:1F90").unwrap(), "192.0.2.10 8080");
        assert_eq!(
            read("[2001:0db8:0000:0000:0000:0000:0000:00aB]:0050").unwrap(),
            "2001:db8::ab 80"
        );
        for text in [
            "",
            "C000020A",
            "C000020A:",
            "C000020A:1F9",
            "C000020A:1F901",
            "C000020g:1F90",
            "+000020A:1F90",
            "C000020A 1F90",
            "[2001:db8::1]:0050",
            "[2001:0db8:0000:0000:0000:0000:0000:000g]:0050",
            "[2001:0db8:0000:0000:0000:0000:0000.0001]:0050",
            "[2001:0db8:0000:0000:0000:0000:0000:0001:0050",
            "2001:0db8:0000:0000:0000:0000:0000:0001:0050",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn servers_have_three_numbers_of_digits_only() {
        let read = |numbers: &str| {
            server(format!("  -> C000020A:0050      Masq    {numbers}").as_bytes())
                .map(|server| [server.weight, server.active, server.inactive])
        };
        assert_eq!(read("0      4294967295 12         "), Some([0, u32::MAX, 12]));
        for numbers in ["", "1 2", "1 2 -3", "1 +2 3", "1 2 4294967296", "1 2 x"] {
            assert_eq!(read(numbers), None, "{numbers}");
        }
        assert_eq!(server(b"  -> C000020A:0050      Bypass  1      0          0"), None);
        assert_eq!(server(b"  ->C000020A:0050      Masq    1      0          0"), None);
    }
}
