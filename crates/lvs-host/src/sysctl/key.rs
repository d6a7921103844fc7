// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names kernel settings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::escaped;
use crate::ip::Family;

/// Names a file below `/proc/sys`, kept as its path there because an interface name may contain
/// dots (`eth0.100`), which the dotted spelling cannot tell apart.
///
/// As text it is what `sysctl(8)` of procps accepts: dots between components, and
/// a slash for each dot inside one: `net.ipv4.conf.eth0/100.arp_ignore`. An
/// interface name cannot contain a slash, so the text is unambiguous. A name that is no
/// UTF-8 is its [`crate::escaped`] text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SysctlKey(String);

/// Says that a text is not the name of a kernel setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a sysctl name")]
pub struct BadKey(String);

impl SysctlKey {
    /// Returns `net.ipv4.conf.DEVICE.NAME`; DEVICE may be `all` or `default`.
    #[must_use]
    pub fn ipv4(device: &str, name: &str) -> Self {
        Self::of(Family::Ipv4, device, name)
    }

    /// Returns `net.ipv6.conf.DEVICE.NAME`; DEVICE may be `all` or `default`.
    #[must_use]
    pub fn ipv6(device: &str, name: &str) -> Self {
        Self::of(Family::Ipv6, device, name)
    }

    /// Returns that setting of that family; DEVICE may be `all` or `default`.
    #[must_use]
    pub fn of(family: Family, device: &str, name: &str) -> Self {
        let folder = match family {
            Family::Ipv4 => "net/ipv4/conf/",
            Family::Ipv6 => "net/ipv6/conf/",
        };
        Self([folder, device, "/", name].concat())
    }

    /// Returns the interface of a `net.ipvX.conf.DEVICE.NAME` key.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        let (_, of_family) = self.0.strip_prefix("net/")?.split_once('/')?;
        let (device, name) = of_family.strip_prefix("conf/")?.split_once('/')?;
        (!name.contains('/')).then_some(device)
    }

    /// Returns the file, below `/proc/sys`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        Path::new("/proc/sys").join(escaped::os_string(&self.0))
    }

    /// Returns the dotted name, if no component contains a dot or is no UTF-8.
    #[must_use]
    pub fn dotted(&self) -> Option<String> {
        (!self.0.contains(['.', '\\'])).then(|| self.0.replace('/', "."))
    }
}

impl fmt::Display for SysctlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&swapped(&self.0))
    }
}

impl FromStr for SysctlKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let path = swapped(text);
        // An empty part, `.` or `..` would name another file than the text says.
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(BadKey(text.to_owned()));
        }
        Ok(Self(path))
    }
}

/// The path for the text, and the text for the path.
fn swapped(key: &str) -> String {
    let other = |c| match c {
        '.' => '/',
        '/' => '.',
        c => c,
    };
    key.chars().map(other).collect()
}

impl TryFrom<String> for SysctlKey {
    type Error = BadKey;

    fn try_from(text: String) -> Result<Self, BadKey> {
        text.parse()
    }
}

impl From<SysctlKey> for String {
    fn from(key: SysctlKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_interface_names_survive() {
        for device in ["eth0", "eth0.100", "a..b", "all"] {
            let key = SysctlKey::ipv4(device, "arp_ignore");
            assert_eq!(key.to_string().parse(), Ok(key.clone()));
            assert_eq!(key.device(), Some(device));
            assert_eq!(
                key.path().to_str(),
                Some(format!("/proc/sys/net/ipv4/conf/{device}/arp_ignore").as_str())
            );
        }
        let latin = SysctlKey::ipv4("gr\\xfcn", "x");
        assert_eq!(
            latin.path().as_os_str().as_encoded_bytes(),
            b"/proc/sys/net/ipv4/conf/gr\xfcn/x"
        );
        assert_eq!((latin.to_string().parse(), latin.dotted()), (Ok(latin), None));
        assert_eq!(SysctlKey::ipv4("eth0.100", "x").to_string(), "net.ipv4.conf.eth0/100.x");
        assert_eq!(SysctlKey::ipv4("eth0.100", "x").dotted(), None);
        assert_eq!(SysctlKey::ipv4("eth0", "x").dotted().as_deref(), Some("net.ipv4.conf.eth0.x"));
    }

    #[test]
    fn text_that_leaves_the_tree_is_refused() {
        for text in ["", "net..x", "net.//.x", "net./.x"] {
            assert!(text.parse::<SysctlKey>().is_err(), "{text}");
        }
    }
}
