// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::MAX_OBJECTS;

/// Holds a list whose items are not looked at yet, so that one that is wrong does not hide those
/// behind it; not longer than a table may be.
#[derive(Default)]
pub(super) struct Pieces<'a>(pub(super) Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Pieces<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Items).map(Pieces)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut pieces = Vec::new();
        while let Some(piece) = items.next_element()? {
            if pieces.len() == MAX_OBJECTS {
                return Err(A::Error::custom(format!("more than {MAX_OBJECTS} in a list")));
            }
            pieces.push(piece);
        }
        Ok(pieces)
    }
}
