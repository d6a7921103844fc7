// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads addresses, ranges of them, and ports, as they stand in texts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipvs_netlink::DestinationKey;

/// Says what is wrong with a text, and what helps.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Addresses that follow each other, one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    first: IpAddr,
    /// How many follow.
    more: u32,
}

/// A range has this many addresses at most.
pub(super) const MAX_RANGE: u32 = 65_536;

impl Range {
    pub(super) fn first(self) -> IpAddr {
        self.first
    }

    pub(super) fn len(self) -> usize {
        self.more as usize + 1
    }

    pub(super) fn addresses(self) -> impl Iterator<Item = IpAddr> {
        (0..=self.more).map(move |further| match self.first {
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits().wrapping_add(further)).into(),
            IpAddr::V6(first) => {
                Ipv6Addr::from_bits(first.to_bits().wrapping_add(further.into())).into()
            }
        })
    }

    fn one(first: impl Into<IpAddr>) -> Self {
        Self { first: first.into(), more: 0 }
    }

    fn between(text: &str, first: IpAddr, last: IpAddr) -> Result<Self, Wrong> {
        let far = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                last.to_bits().checked_sub(first.to_bits()).map(u128::from)
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => last.to_bits().checked_sub(first.to_bits()),
            _ => {
                let message = format!("`{text}` begins in one address family and ends in another");
                return Err(Wrong::new(message, "write a range for each family"));
            }
        };
        let Some(far) = far else {
            let message = format!("`{text}` ends before it begins");
            return Err(Wrong::new(message, format!("did you mean {last}-{first}?")));
        };
        match u32::try_from(far).ok().filter(|far| *far < MAX_RANGE) {
            Some(more) => Ok(Self { first, more }),
            None => {
                let message = format!("`{text}` has more than {MAX_RANGE} addresses");
                Err(Wrong::new(message, "no service has so many servers; is it a network?"))
            }
        }
    }
}

/// How a server is written.
const SERVER_FORMS: &str = "use ADDRESS, ADDRESS:PORT, FIRST-LAST or FIRST-LAST:PORT, and brackets around IPv6 before a port";

/// Reads a server, or a range of servers, with the port that they have of their own.
pub(super) fn server(text: &str) -> Result<(Range, Option<u16>), Wrong> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((Range::one(address), None));
    }
    let (addresses, behind) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(|| not_a_server(text))?,
        // What has two colons is IPv6, and has no port without brackets.
        None => match text.split_once(':') {
            Some((addresses, port)) if !port.contains(':') => {
                (addresses, text.get(addresses.len()..).unwrap_or_default())
            }
            _ => (text, ""),
        },
    };
    let range = match addresses.split_once('-') {
        None => Range::one(address(addresses).ok_or_else(|| not_a_server(text))?),
        Some((first, last)) => {
            let first = address(first.trim_end()).ok_or_else(|| not_a_server(text))?;
            let last = last_of(first, last.trim_start()).ok_or_else(|| not_a_server(text))?;
            Range::between(text, first, last)?
        }
    };
    let is_bracketed = text.starts_with('[');
    if is_bracketed && range.first.is_ipv4() {
        return Err(not_a_server(text));
    }
    let port = match behind.strip_prefix(':') {
        Some(digits) => Some(port(digits)?),
        None if behind.is_empty() => None,
        None => return Err(not_a_server(text)),
    };
    Ok((range, port))
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Reads the end of a range: an address, or for IPv4 its last number.
fn last_of(first: IpAddr, text: &str) -> Option<IpAddr> {
    address(text).or_else(|| {
        let IpAddr::V4(first) = first else { return None };
        let [a, b, c, _] = first.octets();
        let is_plain = !text.starts_with('+') && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_plain).map(|last| Ipv4Addr::new(a, b, c, last).into())
    })
}

fn not_a_server(text: &str) -> Wrong {
    let message = format!("`{text}` is not a server");
    if let Some(zero) = zero_in_front(text) {
        return Wrong::new(message, zero);
    }
    match DestinationKey::without_brackets(text) {
        Some(meant) => Wrong::new(message, format!("did you mean \"{meant}\"?")),
        None => Wrong::new(message, SERVER_FORMS),
    }
}

/// Tells of a part of an IPv4 address that has a 0 in front.
pub(super) fn zero_in_front(text: &str) -> Option<&'static str> {
    let parts = || text.split(['.', '-', ':']);
    let is_zero = |part: &str| part.len() > 1 && part.starts_with('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (text.contains('.') && parts().all(digits) && parts().any(is_zero))
        .then_some("leave out the 0 in front of a number: some programs read such numbers as octal")
}

/// Reads a port.
pub(super) fn port(text: &str) -> Result<u16, Wrong> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(Wrong::new(format!("`{text}` is not a port"), "use 0 to 65535"));
    }
    if text.len() > 1 && text.starts_with('0') {
        let digits = text.trim_start_matches('0');
        let meant = if digits.is_empty() { "0" } else { digits };
        let message = format!("port {text} has a 0 in front, which some programs read as octal");
        return Err(Wrong::new(message, format!("write {meant}")));
    }
    text.parse().map_err(|_| Wrong::new(format!("port {text} is out of range"), "use 0 to 65535"))
}

/// Reads ports and ranges of them: `80,443,8000-8010`.
pub(super) fn ports(text: &str) -> Result<Vec<(u16, u16)>, Wrong> {
    let one = |part: &str| {
        let Some((first, last)) = part.split_once('-') else {
            return port(part).map(|port| (port, port));
        };
        let (from, to) = (port(first)?, port(last)?);
        if from > to {
            let message = format!("`{part}` ends before it begins");
            return Err(Wrong::new(message, format!("did you mean {last}-{first}?")));
        }
        if from == 0 {
            let message = format!("`{part}` begins with port 0, which means all ports");
            return Err(Wrong::new(message, format!("did you mean 1-{last}?")));
        }
        Ok((from, to))
    };
    if text.contains(' ') {
        let meant: String = text.chars().filter(|c| *c != ' ').collect();
        return Err(Wrong::new(format!("`{text}` has a blank"), format!("write {meant}")));
    }
    text.split(',').map(one).collect()
}
