// SPDX-License-Identifier: MIT OR Apache-2.0

//! Puts numbers and addresses into the bytes of a line, several times as fast as by way of their
//! `Display`: a table can have 100,000 lines.

use std::net::IpAddr;

use ipvs_netlink::DestinationKey;

/// Each octet in digits with a dot behind, and how many bytes that takes.
static OCTETS: [([u8; 4], usize); 256] = octets();

const fn octets() -> [([u8; 4], usize); 256] {
    let mut all = [(*b"    ", 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let [hundreds, tens, ones] =
            [(octet / 100) as u8, (octet / 10 % 10) as u8, (octet % 10) as u8];
        all[octet] = match (hundreds, tens) {
            (0, 0) => ([b'0' + ones, b'.', b' ', b' '], 2),
            (0, _) => ([b'0' + tens, b'0' + ones, b'.', b' '], 3),
            _ => ([b'0' + hundreds, b'0' + tens, b'0' + ones, b'.'], 4),
        };
        octet += 1;
    }
    all
}

/// Appends `10.0.0.11:8080`.
pub(super) fn push_endpoint(line: &mut Vec<u8>, key: DestinationKey) {
    let IpAddr::V4(address) = key.address else {
        return line.extend_from_slice(key.to_string().as_bytes());
    };
    // The longest address, the longest port, and what an octet leaves behind it.
    let mut text = [b' '; 24];
    let mut end = 0;
    for octet in address.octets() {
        let (digits, length) = OCTETS[usize::from(octet)];
        if let Some(place) = text.get_mut(end..end + 4) {
            place.copy_from_slice(&digits);
        }
        end += length;
    }
    if let Some(dot) = text.get_mut(end - 1) {
        *dot = b':';
    }
    let length = end + digits(key.port.into());
    if let Some(place) = text.get_mut(end..length) {
        put_right(place, key.port.into());
    }
    line.extend_from_slice(text.get(..length).unwrap_or_default());
}

/// Returns how many bytes that takes.
pub(super) fn endpoint_width(key: DestinationKey) -> usize {
    let IpAddr::V4(address) = key.address else { return key.to_string().len() };
    let octets = address.octets().map(|octet| OCTETS[usize::from(octet)].1);
    octets.iter().sum::<usize>() + digits(key.port.into())
}

/// Puts the number at the end of `place`, as much of it as has room.
pub(super) fn put_right(place: &mut [u8], number: u32) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        // One decimal digit.
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
}

/// Returns how many digits the number has.
pub(super) fn digits(number: u32) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_their_place_does() {
        for (number, width, text) in
            [(0, 3, "  0"), (7, 1, "7"), (4_294_967_295, 12, "  4294967295"), (100, 3, "100")]
        {
            let mut place = vec![b' '; width];
            put_right(&mut place, number);
            assert_eq!(String::from_utf8(place).unwrap(), text);
            assert_eq!(digits(number), text.trim_start().len());
        }
    }

    #[test]
    fn an_endpoint_is_what_its_display_is() {
        let octets = (0..=255).map(|octet| format!("10.{octet}.0.{octet}:{octet}"));
        let others = ["0.0.0.0:0", "255.100.99.9:65535", "255.255.255.255:9", "[2001:db8::1]:80"];
        for text in octets.chain(others.map(str::to_owned)) {
            let endpoint: std::net::SocketAddr = text.parse().unwrap();
            let mut line = b"x".to_vec();
            let key = DestinationKey::new(endpoint.ip(), endpoint.port());
            push_endpoint(&mut line, key);
            assert_eq!(endpoint_width(key), text.len());
            assert_eq!(String::from_utf8(line).unwrap(), format!("x{text}"));
        }
    }
}
