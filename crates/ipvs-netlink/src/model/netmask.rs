// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use super::{AddressFamily, Invalid};

/// The netmask says which part of a client's address persistence looks at.
///
/// IPv4 masks are masks and may have holes; IPv6 ones are prefix lengths
/// (`ip_vs_ctl.c`: `netmask` is one 32-bit field for both).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Netmask(Repr);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    V4(Ipv4Addr),
    V6(u8),
}

impl Netmask {
    /// Returns the mask of the whole address: every client for itself.
    pub fn host(family: AddressFamily) -> Self {
        Self(match family {
            AddressFamily::Ipv4 => Repr::V4(Ipv4Addr::BROADCAST),
            AddressFamily::Ipv6 => Repr::V6(128),
        })
    }

    /// Takes an IPv4 mask such as 255.255.255.0.
    pub fn ipv4(mask: Ipv4Addr) -> Self {
        Self(Repr::V4(mask))
    }

    /// Returns an IPv4 mask of `length` bits.
    ///
    /// # Errors
    /// [`Invalid::Ipv4Prefix`] above 32.
    pub fn ipv4_prefix(length: u8) -> Result<Self, Invalid> {
        if length > 32 {
            return Err(Invalid::Ipv4Prefix(length));
        }
        let bits = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
        Ok(Self(Repr::V4(Ipv4Addr::from_bits(bits))))
    }

    /// Returns an IPv6 prefix of `length` bits.
    ///
    /// # Errors
    /// [`Invalid::Ipv6Prefix`] outside 1 to 128, as in the kernel.
    pub fn ipv6_prefix(length: u8) -> Result<Self, Invalid> {
        if (1..=128).contains(&length) {
            Ok(Self(Repr::V6(length)))
        } else {
            Err(Invalid::Ipv6Prefix(length))
        }
    }

    /// Reads a mask for a service of `family`: `255.255.255.0` or `/24` for
    /// IPv4, `64` or `/64` for IPv6.
    ///
    /// A bare `24` for IPv4 is refused: `ipvsadm` takes it for 0.0.0.24.
    ///
    /// # Errors
    /// [`Invalid`] with what would have been understood.
    pub fn parse(text: &str, family: AddressFamily) -> Result<Self, Invalid> {
        let wrong = || Invalid::NetmaskText(text.to_owned());
        let prefix = text.strip_prefix('/');
        // The standard library's numbers may have a sign.
        if text.contains('+') {
            return Err(wrong());
        }
        match family {
            AddressFamily::Ipv4 => match prefix {
                Some(length) => Self::ipv4_prefix(length.parse().map_err(|_| wrong())?),
                None => text.parse().map(Self::ipv4).map_err(|_| wrong()),
            },
            AddressFamily::Ipv6 => {
                Self::ipv6_prefix(prefix.unwrap_or(text).parse().map_err(|_| wrong())?)
            }
        }
    }

    /// Tells whether it is the whole address.
    pub fn is_host(&self) -> bool {
        *self == Self::host(self.family())
    }

    /// Returns the family that it is for.
    pub fn family(&self) -> AddressFamily {
        match self.0 {
            Repr::V4(_) => AddressFamily::Ipv4,
            Repr::V6(_) => AddressFamily::Ipv6,
        }
    }

    /// Tells whether it is an IPv4 mask that is no prefix, such as 255.0.255.0.
    pub fn has_holes(&self) -> bool {
        match self.0 {
            Repr::V4(mask) => mask.to_bits().leading_ones() != mask.to_bits().count_ones(),
            Repr::V6(_) => false,
        }
    }

    /// The bytes of the kernel's field: an IPv4 mask in network order, an IPv6
    /// prefix length as a number in host order.
    pub(crate) fn to_wire(self) -> [u8; 4] {
        match self.0 {
            Repr::V4(mask) => mask.octets(),
            Repr::V6(length) => u32::from(length).to_ne_bytes(),
        }
    }

    pub(crate) fn from_wire(family: AddressFamily, bytes: [u8; 4]) -> Result<Self, Invalid> {
        match family {
            AddressFamily::Ipv4 => Ok(Self::ipv4(bytes.into())),
            AddressFamily::Ipv6 => {
                let length = u32::from_ne_bytes(bytes);
                Self::ipv6_prefix(u8::try_from(length).unwrap_or(u8::MAX))
            }
        }
    }
}

impl From<Ipv4Addr> for Netmask {
    fn from(mask: Ipv4Addr) -> Self {
        Self::ipv4(mask)
    }
}

/// Reads what [`Display`](fmt::Display) writes, which tells the family: `255.255.255.0` is
/// an IPv4 mask, `64` an IPv6 prefix. `/24` may be either, and needs
/// [`parse`](Netmask::parse).
impl FromStr for Netmask {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            text if text.starts_with('/') => Err(Invalid::NetmaskText(text.to_owned())),
            text if text.contains('.') => Self::parse(text, AddressFamily::Ipv4),
            text => Self::parse(text, AddressFamily::Ipv6),
        }
    }
}

/// As `ipvsadm` writes it: `255.255.255.0`, or `64` for IPv6.
impl fmt::Display for Netmask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::V4(mask) => mask.fmt(f),
            Repr::V6(length) => length.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_seen() {
        let mask = |text: &str| Netmask::ipv4(text.parse().unwrap());
        for (text, holes) in [
            ("255.255.255.255", false),
            ("255.255.240.0", false),
            ("0.0.0.0", false),
            ("255.0.255.0", true),
            ("0.0.0.24", true),
        ] {
            assert_eq!(mask(text).has_holes(), holes, "{text}");
        }
        assert!(!Netmask::ipv6_prefix(64).unwrap().has_holes());
    }

    #[test]
    fn wire_forms_are_those_of_the_kernel() {
        let v4 = Netmask::parse("/24", AddressFamily::Ipv4).unwrap();
        assert_eq!(v4.to_string(), "255.255.255.0");
        assert_eq!(v4.to_wire(), [255, 255, 255, 0]);
        let v6 = Netmask::parse("64", AddressFamily::Ipv6).unwrap();
        assert_eq!(v6.to_wire(), 64_u32.to_ne_bytes());
        assert_eq!(Netmask::parse("/0", AddressFamily::Ipv4).unwrap().to_wire(), [0; 4]);
    }

    #[test]
    fn ambiguous_and_impossible_masks_are_refused() {
        for (text, family) in [
            ("24", AddressFamily::Ipv4),
            ("/33", AddressFamily::Ipv4),
            ("/+24", AddressFamily::Ipv4),
            ("0", AddressFamily::Ipv6),
            ("129", AddressFamily::Ipv6),
            ("64abc", AddressFamily::Ipv6),
        ] {
            assert!(Netmask::parse(text, family).is_err(), "{text} was accepted");
        }
        for text in ["/24", "/64", "0", "129", "255.255.255", "24.", ""] {
            assert!(text.parse::<Netmask>().is_err(), "{text} was accepted");
        }
    }
}
