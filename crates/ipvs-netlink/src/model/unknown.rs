// SPDX-License-Identifier: MIT OR Apache-2.0

/// The type keeps an attribute of a service or a real server that the kernel reported and
/// this library does not know, or whose length is not the one it knows.
///
/// Newer kernels may have more to tell than is known here. It can be shown; it
/// is not sent back by an edit, since what it would do is not known either.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnknownAttribute {
    /// Its number, without the flag bits (`NLA_TYPE_MASK`).
    pub kind: u16,
    /// Its value as it stands on the wire.
    pub value: Box<[u8]>,
}

impl UnknownAttribute {
    /// Returns the attribute of that number, as a test may want it.
    pub fn new(kind: u16, value: impl Into<Box<[u8]>>) -> Self {
        Self { kind, value: value.into() }
    }
}
