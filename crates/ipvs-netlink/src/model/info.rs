// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::str::FromStr;

use super::{Invalid, text};

/// The information holds what the kernel says of its IPVS (`IPVS_CMD_GET_INFO`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Info {
    /// The version of IPVS, 1.2.1 in every kernel since 2008.
    pub version: IpvsVersion,
    /// Buckets of the connection table. Since 7.1 the table grows, and is 0
    /// until the first service exists.
    pub connection_table_size: u32,
}

impl Info {
    /// Returns that information, as a test may want it.
    pub fn new(version: IpvsVersion, connection_table_size: u32) -> Self {
        Self { version, connection_table_size }
    }
}

/// The version is that of IPVS, not of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpvsVersion {
    /// The first number.
    pub major: u8,
    /// The second number.
    pub minor: u8,
    /// The third number.
    pub patch: u8,
}

impl IpvsVersion {
    /// From `IP_VS_VERSION_CODE`, for example 0x010201.
    pub(crate) fn from_code(code: u32) -> Self {
        let [_, major, minor, patch] = code.to_be_bytes();
        Self { major, minor, patch }
    }
}

impl FromStr for IpvsVersion {
    type Err = Invalid;

    fn from_str(version: &str) -> Result<Self, Invalid> {
        let mut parts = version.split('.').map(text::number);
        match [parts.next(), parts.next(), parts.next(), parts.next()] {
            [Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None] => {
                Ok(Self { major, minor, patch })
            }
            _ => Err(text::unread("a version of IPVS", version, "three numbers: 1.2.1")),
        }
    }
}

impl fmt::Display for IpvsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
