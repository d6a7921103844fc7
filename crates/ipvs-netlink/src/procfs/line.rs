// SPDX-License-Identifier: MIT OR Apache-2.0

//! The forms in which `/proc/net/ip_vs_conn` shows numbers and addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The words of a line, parted by blanks.
pub(super) struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self(line)
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        let line = self.0.trim_ascii_start();
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        self.0 = rest;
        std::str::from_utf8(word).ok().filter(|word| !word.is_empty())
    }

    /// All that follows the blank behind the last word.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0.strip_prefix(b" ").unwrap_or(self.0)
    }
}

/// A number of digits only: the standard library would take a sign too.
pub(super) fn decimal(word: &str) -> Option<u64> {
    number(word, 10)
}

pub(super) fn hexadecimal(word: &str) -> Option<u64> {
    number(word, 16)
}

fn number(word: &str, radix: u32) -> Option<u64> {
    let sum = word.bytes().try_fold(0_u64, |sum, byte| {
        let digit = char::from(byte).to_digit(radix)?;
        sum.checked_mul(radix.into())?.checked_add(digit.into())
    });
    sum.filter(|_| !word.is_empty())
}

/// `0050` is 80.
pub(super) fn port(word: &str) -> Option<u16> {
    hexadecimal(word)?.try_into().ok()
}

/// `C000020A` or `2001:0db8:0000:0000:0000:0000:0000:0001`.
pub(super) fn address(word: &str) -> Option<IpAddr> {
    if word.len() == 8 && !word.contains(':') {
        let bits = u32::try_from(hexadecimal(word)?).ok()?;
        return Some(Ipv4Addr::from_bits(bits).into());
    }
    word.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_signs() {
        assert_eq!(decimal("120"), Some(120));
        assert_eq!(hexadecimal("00fF"), Some(255));
        assert_eq!(port("1F90"), Some(8080));
        for word in ["+1", "-1", "", " 1", "18446744073709551616"] {
            assert_eq!(decimal(word), None, "{word:?}");
            assert_eq!(hexadecimal(&word.replace("18446744073709551616", "g")), None, "{word:?}");
        }
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        assert_eq!(hexadecimal("10000000000000000"), None);
        assert_eq!(port("10000"), None);
    }

    #[test]
    fn addresses_of_both_families() {
        assert_eq!(address("C000020A"), Some([192, 0, 2, 10].into()));
        let six = address("2001:0db8:0000:0000:0000:0000:0000:0001");
        assert_eq!(six, Some("2001:db8::1".parse().unwrap()));
        assert_eq!(address("C00002"), None);
        assert_eq!(address("[2001:db8::1]"), None);
    }

    #[test]
    fn words_and_the_rest_of_a_line() {
        let mut words = Words::new(b"TCP  a   b  c d");
        assert_eq!((words.next(), words.next(), words.next()), (Some("TCP"), Some("a"), Some("b")));
        assert_eq!(words.rest(), b" c d");
        assert_eq!(Words::new(b"  ").next(), None);
        assert_eq!(Words::new(&[0xff]).next(), None);
    }
}
