// SPDX-License-Identifier: MIT OR Apache-2.0
//! Networks as rules name them.

use std::net::IpAddr;

use super::matching::Match;
use super::packet::Source;
use crate::ip::host_prefix;

/// A network is addresses that are alike in the bits of a mask: `192.0.2.0/24`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Net {
    of: IpAddr,
    mask: u128,
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

impl Net {
    /// Reads it, with a prefix length or a mask, or neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (of, length) = text.split_once('/').unwrap_or((text, ""));
        let of: IpAddr = of.parse().ok()?;
        let whole = u32::from(host_prefix(of));
        let all = if of.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
        let mask = match (length, length.parse::<u32>(), length.parse::<IpAddr>()) {
            ("", ..) => all,
            (_, Ok(prefix), _) if prefix <= whole => all & !all.checked_shr(prefix).unwrap_or(0),
            (_, _, Ok(mask)) if mask.is_ipv4() == of.is_ipv4() => bits(mask),
            _ => return None,
        };
        Some(Self { of, mask })
    }

    /// Returns whether it has that address.
    pub(super) fn has(&self, ip: IpAddr) -> bool {
        self.of.is_ipv4() == ip.is_ipv4() && (bits(self.of) ^ bits(ip)) & self.mask == 0
    }

    /// Returns whether it has those who send.
    pub(super) fn sends(&self, source: Option<&Source>) -> Match {
        match source {
            _ if self.mask == 0 => Match::Yes,
            None => Match::Unknown,
            Some(Source::OneOf(known)) if known.iter().all(|ip| self.has(*ip)) => Match::Yes,
            Some(Source::OneOf(_)) => Match::Unknown,
            Some(Source::All(ends)) => match ends.map(|ip| self.has(ip)) {
                [true, true] if self.is_prefix() => Match::Yes,
                [false, false] if self.is_prefix() && !self.is_between(ends) => Match::No,
                _ => Match::Unknown,
            },
        }
    }

    /// Returns whether its addresses are in one row.
    fn is_prefix(&self) -> bool {
        let width = u32::from(host_prefix(self.of));
        self.mask.count_ones() == width - self.mask.trailing_zeros().min(width)
    }

    fn is_between(&self, [first, last]: &[IpAddr; 2]) -> bool {
        (bits(*first)..=bits(*last)).contains(&(bits(self.of) & self.mask))
    }
}
