// SPDX-License-Identifier: MIT OR Apache-2.0

//! The forms a value can take inside an attribute.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{
    DecodeError, NLA_HEADER_SIZE, NLA_TYPE_MASK, Nla, NlaBuffer, NlasIterator, Parseable,
};

use crate::model::AddressFamily;

/// A value that can be an attribute's payload.
pub(super) trait Wire: Sized {
    /// Whether the attribute gets `NLA_F_NESTED`.
    const NESTED: bool = false;

    /// Bytes of the payload.
    fn length(&self) -> usize;

    /// Writes exactly [`length`](Self::length) bytes.
    fn emit(&self, buffer: &mut [u8]);

    /// Appends the attribute of that kind with this payload to a request.
    #[inline(always)] // for most forms the length is a constant, and little is left
    fn pack(&self, kind: u16, bytes: &mut Vec<u8>) {
        const SMALL: usize = 16;
        let length = self.length();
        if length <= SMALL {
            let mut attribute = [0; NLA_HEADER_SIZE + SMALL];
            attribute[..NLA_HEADER_SIZE].copy_from_slice(&attribute_header(kind, length));
            self.emit(&mut attribute[NLA_HEADER_SIZE..][..length]);
            bytes.extend_from_slice(&attribute[..NLA_HEADER_SIZE + length.next_multiple_of(4)]);
        } else {
            bytes.extend_from_slice(&attribute_header(kind, length));
            let start = bytes.len();
            bytes.resize(start + length.next_multiple_of(4), 0);
            self.emit(&mut bytes[start..][..length]);
        }
    }

    /// Reads the payload; `None` if it is not of this form.
    fn parse(payload: &[u8]) -> Option<Self>;
}

macro_rules! host_order_integer {
    ($($integer:ty),*) => {$(
        impl Wire for $integer {
            fn length(&self) -> usize {
                size_of::<$integer>()
            }

            fn emit(&self, buffer: &mut [u8]) {
                buffer.copy_from_slice(&self.to_ne_bytes());
            }

            fn parse(payload: &[u8]) -> Option<Self> {
                Some(Self::from_ne_bytes(payload.try_into().ok()?))
            }
        }
    )*};
}

host_order_integer!(u8, u16, u32, u64);

/// The form holds a port in network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigEndianPort(pub u16);

impl Wire for BigEndianPort {
    fn length(&self) -> usize {
        size_of::<u16>()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.to_be_bytes());
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        Some(Self(u16::from_be_bytes(payload.try_into().ok()?)))
    }
}

/// The form is `union nf_inet_addr`: 16 bytes, of which IPv4 uses the first four. Which
/// family it is stands in another attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireAddress(pub [u8; 16]);

impl WireAddress {
    /// Returns the address, read as one of `family`.
    pub fn to_ip(self, family: AddressFamily) -> IpAddr {
        let [a, b, c, d, ..] = self.0;
        match family {
            AddressFamily::Ipv4 => Ipv4Addr::new(a, b, c, d).into(),
            AddressFamily::Ipv6 => Ipv6Addr::from(self.0).into(),
        }
    }
}

impl From<IpAddr> for WireAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&v4.octets());
                Self(bytes)
            }
            IpAddr::V6(v6) => Self(v6.octets()),
        }
    }
}

impl Wire for WireAddress {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }

    /// Four bytes are an IPv4 address cut short, which the kernel accepts too.
    fn parse(payload: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        match payload.len() {
            length @ (4 | 16) => bytes[..length].copy_from_slice(payload),
            _ => return None,
        }
        Some(Self(bytes))
    }
}

/// The form is `struct ip_vs_flags`: bits, and which of them to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireFlags {
    /// The bits.
    pub flags: u32,
    /// In requests: the bits to set to `flags`; the others stay. In replies:
    /// all ones.
    pub mask: u32,
}

impl Wire for WireFlags {
    fn length(&self) -> usize {
        2 * size_of::<u32>()
    }

    fn emit(&self, buffer: &mut [u8]) {
        let (flags, mask) = buffer.split_at_mut(size_of::<u32>());
        self.flags.emit(flags);
        self.mask.emit(mask);
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        let (flags, mask) = payload.split_at_checked(size_of::<u32>())?;
        Some(Self { flags: u32::parse(flags)?, mask: u32::parse(mask)? })
    }
}

/// The form holds a netmask: an IPv4 mask in network order, or an IPv6 prefix length as a
/// number in host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireNetmask(pub [u8; 4]);

impl Wire for WireNetmask {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        Some(Self(payload.try_into().ok()?))
    }
}

impl Wire for Ipv4Addr {
    fn length(&self) -> usize {
        self.octets().len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.octets());
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        Some(<[u8; 4]>::try_from(payload).ok()?.into())
    }
}

impl Wire for Ipv6Addr {
    fn length(&self) -> usize {
        self.octets().len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.octets());
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        Some(<[u8; 16]>::try_from(payload).ok()?.into())
    }
}

/// The form holds text, on the wire with a final NUL, which the kernel demands
/// (`NLA_NUL_STRING`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl Wire for Text {
    fn length(&self) -> usize {
        self.0.len() + 1
    }

    fn emit(&self, buffer: &mut [u8]) {
        let (text, nul) = buffer.split_at_mut(self.0.len());
        text.copy_from_slice(self.0.as_bytes());
        nul.fill(0);
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        let text = payload.strip_suffix(b"\0").unwrap_or(payload);
        Some(Self(std::str::from_utf8(text).ok()?.to_owned()))
    }
}

/// Attributes within an attribute.
impl<A> Wire for Vec<A>
where
    A: Nla + for<'a> Parseable<NlaBuffer<&'a [u8]>>,
{
    const NESTED: bool = true;

    fn length(&self) -> usize {
        netlink_packet_core::Emitable::buffer_len(&self.as_slice())
    }

    fn emit(&self, buffer: &mut [u8]) {
        netlink_packet_core::Emitable::emit(&self.as_slice(), buffer);
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        attributes(payload).collect::<Result<_, _>>().ok()
    }
}

/// `struct nlattr` of an attribute with that many bytes of payload.
#[inline(always)]
pub(super) fn attribute_header(kind: u16, length: usize) -> [u8; NLA_HEADER_SIZE] {
    // Nothing of the model is near 64 KiB long.
    let length = u16::try_from(NLA_HEADER_SIZE + length).unwrap_or(u16::MAX);
    let ([a, b], [c, d]) = (length.to_ne_bytes(), kind.to_ne_bytes());
    [a, b, c, d]
}

/// Appends `nla`.
#[cold]
pub(super) fn append(bytes: &mut Vec<u8>, nla: &impl Nla) {
    let start = bytes.len();
    bytes.resize(start + netlink_packet_core::Emitable::buffer_len(nla), 0);
    netlink_packet_core::Emitable::emit(nla, &mut bytes[start..]);
}

/// The attributes in `payload`, one after the other.
pub(crate) fn attributes<'a, A>(
    payload: &'a [u8],
) -> impl Iterator<Item = Result<A, DecodeError>> + 'a
where
    A: Parseable<NlaBuffer<&'a [u8]>> + 'a,
{
    NlasIterator::new(payload).map(|nla| A::parse(&nla?))
}

/// Takes the first attribute off `rest`: its kind, without its flags, and its
/// payload. `None`, with `rest` as it was, if there is none, or one that is cut.
#[inline(always)] // a dump of 100,000 servers has four million
pub(crate) fn next_attribute<'a>(rest: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
    let kind = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?);
    let value = rest.get(NLA_HEADER_SIZE..length)?;
    // The last one need not be padded.
    *rest = rest.get((length + 3) & !3..).unwrap_or_default();
    Some((kind & NLA_TYPE_MASK, value))
}

/// Takes the first attribute off `rest` if it is of that kind, without flags, and
/// has `N` bytes of payload.
#[inline(always)]
pub(crate) fn expected_attribute<'a, const N: usize>(
    rest: &mut &'a [u8],
    kind: u16,
) -> Option<&'a [u8; N]> {
    let (header, after) = rest.split_first_chunk()?;
    if *header != attribute_header(kind, N) {
        return None;
    }
    let value = after.first_chunk()?;
    *rest = after.get(N.next_multiple_of(4)..)?;
    Some(value)
}

/// Whether [`next_attribute`] stopped because there was no more.
pub(crate) fn all_taken(rest: &[u8]) -> Result<(), DecodeError> {
    match rest.len() {
        0 => Ok(()),
        left => Err(format!("an attribute is cut, {left} bytes from the end").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_may_be_cut_short() {
        let four = WireAddress::parse(&[192, 0, 2, 1]).unwrap();
        assert_eq!(four, WireAddress::from(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(WireAddress::parse(&[0; 8]), None);
    }

    #[test]
    fn text_ends_in_nul() {
        let mut buffer = [0xff; 4];
        Text("wrr".into()).emit(&mut buffer);
        assert_eq!(&buffer, b"wrr\0");
        assert_eq!(Text::parse(b"wrr\0"), Some(Text("wrr".into())));
        assert_eq!(Text::parse(&[0xc3, 0x28]), None);
    }
}
