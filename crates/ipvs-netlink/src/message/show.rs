// SPDX-License-Identifier: MIT OR Apache-2.0

//! Attributes as text for a [trace](crate::trace): each by its name in the table and by
//! its value, and what the table does not know as bytes. Nothing in it can reach a
//! terminal as more than text.

use std::fmt::{self, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{DefaultNla, NLA_TYPE_MASK, Nla, NlaBuffer, NlasIterator, Parseable};

use super::{
    Attribute, BigEndianPort, DaemonAttribute, DestinationAttribute, InfoAttribute,
    ServiceAttribute, Stats64Attribute, StatsAttribute, Text, WireAddress, WireFlags, WireNetmask,
};
use crate::model::{AddressFamily, Netmask};

/// The most bytes of a value that are written out.
const LONGEST: usize = 64;

/// An attribute that can be written as `Name=value`. `family` is the one that the
/// addresses beside it have, if any attribute said so.
pub(crate) trait Show {
    /// Writes it.
    fn show(&self, family: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result;
}

/// What an attribute is to those beside it.
pub(crate) trait Scope {
    /// Returns the family of the addresses beside it, if it tells that.
    fn family(&self) -> Option<AddressFamily> {
        None
    }

    /// Tells whether it says nothing and only keeps the next one aligned.
    fn is_padding(&self) -> bool {
        false
    }
}

impl Scope for Attribute {
    fn family(&self) -> Option<AddressFamily> {
        match self {
            Self::Service(service) => service.iter().find_map(Scope::family),
            _ => None,
        }
    }
}

impl Scope for ServiceAttribute {
    fn family(&self) -> Option<AddressFamily> {
        match self {
            Self::AddressFamily(family) => named(*family),
            _ => None,
        }
    }
}

impl Scope for DestinationAttribute {
    fn family(&self) -> Option<AddressFamily> {
        match self {
            Self::AddressFamily(family) => named(*family),
            _ => None,
        }
    }
}

impl Scope for DaemonAttribute {}
impl Scope for InfoAttribute {}

impl Scope for StatsAttribute {
    fn is_padding(&self) -> bool {
        matches!(self, Self::Other(nla) if is_stats_padding(nla))
    }
}

impl Scope for Stats64Attribute {
    fn is_padding(&self) -> bool {
        matches!(self, Self::Other(nla) if is_stats_padding(nla))
    }
}

/// `IPVS_STATS_ATTR_PAD`, which kernels without cheap unaligned access put before each
/// number of 64 bits that would not be aligned (`nla_put_64bit`).
fn is_stats_padding(nla: &DefaultNla) -> bool {
    const PAD: u16 = 11;
    nla.kind() & NLA_TYPE_MASK == PAD && nla.value_len() == 0
}

fn named(family: u16) -> Option<AddressFamily> {
    match i32::from(family) {
        libc::AF_INET => Some(AddressFamily::Ipv4),
        libc::AF_INET6 => Some(AddressFamily::Ipv6),
        _ => None,
    }
}

/// Writes the attributes in `payload`, a blank between two; if one is broken, all of
/// it as bytes besides.
pub(crate) fn show_payload<A>(payload: &[u8], f: &mut Formatter<'_>) -> fmt::Result
where
    A: Show + Scope + for<'a> Parseable<NlaBuffer<&'a [u8]>>,
{
    let mut read = Vec::new();
    let mut is_whole = true;
    for nla in NlasIterator::new(payload) {
        match nla.and_then(|nla| A::parse(&nla)) {
            Ok(attribute) => read.push(attribute),
            Err(_) => is_whole = false,
        }
    }
    list(&read, None, f)?;
    if is_whole {
        return Ok(());
    }
    f.write_str(if read.is_empty() { "unreadable: " } else { " unreadable: " })?;
    bytes(payload, f)
}

fn list<A: Show + Scope>(
    attributes: &[A],
    outer: Option<AddressFamily>,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let family = attributes.iter().find_map(Scope::family).or(outer);
    let told = attributes.iter().filter(|attribute| !attribute.is_padding());
    for (place, attribute) in told.enumerate() {
        if place > 0 {
            f.write_str(" ")?;
        }
        attribute.show(family, f)?;
    }
    Ok(())
}

/// Writes an attribute that the table does not know, or not in that form.
pub(super) fn show_unknown(nla: &DefaultNla, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "attribute-{}=", nla.kind() & NLA_TYPE_MASK)?;
    let mut value = vec![0; nla.value_len()];
    nla.emit_value(&mut value);
    bytes(&value, f)
}

/// Writes bytes as `0x0a0b`, and of many the first ones and how many there are.
pub(crate) fn bytes(value: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    for byte in value.iter().take(LONGEST) {
        write!(f, "{byte:02x}")?;
    }
    if value.len() > LONGEST {
        write!(f, "...({} bytes)", value.len())?;
    }
    Ok(())
}

/// A form of value that can be written.
pub(super) trait ShowValue {
    /// Writes it.
    fn show_value(&self, family: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result;
}

macro_rules! as_displayed {
    ($($form:ty),*) => {$(
        impl ShowValue for $form {
            fn show_value(&self, _: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

as_displayed!(u8, u16, u32, u64, Ipv4Addr, Ipv6Addr);

impl ShowValue for BigEndianPort {
    fn show_value(&self, _: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl ShowValue for WireAddress {
    fn show_value(&self, family: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        match family {
            Some(family) => write!(f, "{}", self.to_ip(family)),
            None => bytes(&self.0, f),
        }
    }
}

impl ShowValue for WireFlags {
    fn show_value(&self, _: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}/{:#x}", self.flags, self.mask)
    }
}

impl ShowValue for WireNetmask {
    fn show_value(&self, family: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        match family.map(|family| Netmask::from_wire(family, self.0)) {
            Some(Ok(netmask)) => write!(f, "{netmask}"),
            _ => bytes(&self.0, f),
        }
    }
}

impl ShowValue for Text {
    /// As a literal of Rust, which has escapes for all that is not printable.
    fn show_value(&self, _: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<A: Show + Scope> ShowValue for Vec<A> {
    fn show_value(&self, family: Option<AddressFamily>, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        list(self, family, f)?;
        f.write_str("}")
    }
}
