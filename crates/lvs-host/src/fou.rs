// SPDX-License-Identifier: MIT OR Apache-2.0
//! Describes UDP ports at which the kernel takes packets out of an encapsulation (`ip fou`).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ip::Family;

/// Describes a UDP port of the kernel's that takes packets out of GUE (`ip fou add`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listener {
    /// UDP port.
    pub port: u16,
    /// The family of the outer packets: one of each can share a port.
    #[serde(rename = "ipv6", with = "is_ipv6")]
    pub family: Family,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP port {} over {}", self.port, self.family)
    }
}

/// The written form of a family: whether it is IPv6.
mod is_ipv6 {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Family;

    pub(super) fn serialize<S: Serializer>(family: &Family, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(*family == Family::Ipv6)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Family, D::Error> {
        Ok(if bool::deserialize(from)? { Family::Ipv6 } else { Family::Ipv4 })
    }
}

/// Describes a UDP port at which the kernel takes packets out of an encapsulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Where.
    pub at: Listener,
    /// It unpacks GUE; else plain packets of one protocol.
    pub gue: bool,
    /// It unpacks GUE, from any peer and to any address.
    pub is_open: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals have it, and what `--json` prints.
    #[test]
    fn a_listener_is_written_with_its_family_as_a_truth_value() {
        for (family, text) in [
            (Family::Ipv4, r#"{"port":6080,"ipv6":false}"#),
            (Family::Ipv6, r#"{"port":6080,"ipv6":true}"#),
        ] {
            let at = Listener { port: 6080, family };
            assert_eq!(serde_json::to_string(&at).unwrap(), text);
            assert_eq!(serde_json::from_str::<Listener>(text).unwrap(), at);
        }
    }
}
