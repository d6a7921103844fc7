// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::scheduler::is_plain_name;
use super::{AddressFamily, Invalid, Netmask, text};

/// Persistence keeps the connections of one client, or of one client network, on one
/// server.
#[doc(alias("sticky", "session affinity"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Persistence {
    /// How long after the last connection the client is remembered.
    #[cfg_attr(feature = "serde", serde(rename = "timeout_seconds"))]
    pub timeout: PersistenceTimeout,
    /// Which part of the address makes a client.
    pub netmask: Netmask,
}

impl Persistence {
    /// Remembers what this mask makes of each client's address for so long.
    pub fn new(timeout: PersistenceTimeout, netmask: Netmask) -> Self {
        Self { timeout, netmask }
    }

    /// Remembers each address of `family` for six minutes, as `ipvsadm -p` does.
    pub fn of_each_client(family: AddressFamily) -> Self {
        Self::new(PersistenceTimeout::DEFAULT, Netmask::host(family))
    }
}

/// The timeout says for how many seconds a client is remembered, 1 to 2678400 (31 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersistenceTimeout(u32);

impl PersistenceTimeout {
    /// `ipvsadm -p` without a value means this: six minutes.
    pub const DEFAULT: Self = Self(360);
    /// The longest is 31 days, in `ipvsadm` too.
    pub const MAX: Self = Self(31 * 24 * 60 * 60);

    /// Takes that many seconds.
    ///
    /// # Errors
    /// [`Invalid::PersistenceTimeout`] outside 1 to 2678400: the kernel
    /// multiplies by HZ into 32 bits and wraps silently.
    pub fn from_seconds(seconds: u32) -> Result<Self, Invalid> {
        if (1..=Self::MAX.0).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(Invalid::PersistenceTimeout(seconds.into()))
        }
    }

    /// What the kernel holds already, which it can hold again; 0 and what wrapped
    /// around at 2³²/HZ too.
    pub(crate) fn from_kernel(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Returns the number of seconds.
    pub fn as_seconds(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for PersistenceTimeout {
    type Error = Invalid;

    fn try_from(seconds: u32) -> Result<Self, Invalid> {
        Self::from_seconds(seconds)
    }
}

impl From<PersistenceTimeout> for u32 {
    fn from(timeout: PersistenceTimeout) -> Self {
        timeout.0
    }
}

impl From<PersistenceTimeout> for Duration {
    fn from(timeout: PersistenceTimeout) -> Self {
        Self::from_secs(timeout.0.into())
    }
}

/// Writes the number of seconds.
impl fmt::Display for PersistenceTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PersistenceTimeout {
    type Err = Invalid;

    fn from_str(digits: &str) -> Result<Self, Invalid> {
        let expected = "a number of seconds, 1 to 2678400 (31 days)";
        let timeout = text::number(digits).and_then(|seconds| Self::from_seconds(seconds).ok());
        timeout.ok_or_else(|| text::unread("a persistence timeout", digits, expected))
    }
}

/// The type holds the name of a persistence engine; `sip` is the only one in the kernel.
///
/// An engine acts on persistent UDP services only. The kernel pastes the name
/// into a module name, so it must be plain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineName(Box<str>);

impl EngineName {
    /// What the kernel reported, whatever it holds.
    pub(crate) fn from_kernel(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EngineName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        if is_plain_name(name) {
            Ok(Self(name.into()))
        } else {
            Err(Invalid::Name { what: "persistence engine", name: name.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_remembered_for_1_second_to_31_days() {
        for seconds in [1, 360, 2_678_399, 2_678_400] {
            let timeout = PersistenceTimeout::from_seconds(seconds).map(|it| it.as_seconds());
            assert_eq!(timeout, Ok(seconds));
        }
        for seconds in [0, 2_678_401, u32::MAX] {
            let refused = Err(Invalid::PersistenceTimeout(seconds.into()));
            assert_eq!(PersistenceTimeout::from_seconds(seconds), refused);
        }
    }
}
