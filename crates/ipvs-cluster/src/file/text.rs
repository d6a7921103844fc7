// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads and writes fields that stand in the file as their text form.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Does so for fields that need not be there.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    #[expect(clippy::ref_option, reason = "serde's way to call it")]
    pub(in crate::file) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(in crate::file) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// Reads keys, and of one whose port is too large says that.
pub(super) mod key {
    use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

    pub(in crate::file) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(value, to)
    }

    pub(in crate::file) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(from)?;
        text.parse().map_err(|error| match port_out_of_range::<T>(&text) {
            Some(port) => {
                D::Error::custom(format!("port {port} is out of range: use 0 to {}", u16::MAX))
            }
            None => D::Error::custom(error),
        })
    }

    /// Returns the port, if nothing but its size is wrong with the key.
    fn port_out_of_range<T: FromStr>(text: &str) -> Option<&str> {
        let (address, port) = text.rsplit_once(':')?;
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let is_wrong = is_number && port.parse::<u16>().is_err();
        (is_wrong && format!("{address}:0").parse::<T>().is_ok()).then_some(port)
    }
}
