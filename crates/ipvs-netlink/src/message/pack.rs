// SPDX-License-Identifier: MIT OR Apache-2.0

//! Attributes to bytes in one go. Each length is filled in when its end is
//! reached; counting first, as [`Emitable`](netlink_packet_core::Emitable) has
//! to, counts a nested attribute once for every attribute around it.

use netlink_packet_core::{NLA_F_NESTED, NLA_HEADER_SIZE};

use super::wire::attribute_header;

/// An attribute that can be appended to a request.
pub(crate) trait Pack {
    /// Appends it, header and padding included.
    fn pack(self, bytes: &mut Vec<u8>);
}

/// Takes attributes one by one: into a list, or as bytes.
pub(crate) trait Sink<A> {
    /// Takes one more.
    fn put(&mut self, attribute: A);
}

impl<A> Sink<A> for Vec<A> {
    fn put(&mut self, attribute: A) {
        self.push(attribute);
    }
}

/// Turns each attribute into bytes at once and keeps none.
pub(crate) struct Packed<'a>(pub(crate) &'a mut Vec<u8>);

impl<A: Pack> Sink<A> for Packed<'_> {
    #[inline(always)] // which attribute it is, the caller knows: most of `pack` falls away
    fn put(&mut self, attribute: A) {
        attribute.pack(self.0);
    }
}

/// Appends an attribute of that kind, with the attributes that `inner` appends.
#[inline(always)]
pub(crate) fn pack_nested(bytes: &mut Vec<u8>, kind: u16, inner: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; NLA_HEADER_SIZE]);
    let value = bytes.len();
    inner(bytes);
    let header = attribute_header(kind | NLA_F_NESTED, bytes.len() - value);
    bytes[start..value].copy_from_slice(&header);
}
