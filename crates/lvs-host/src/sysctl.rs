// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads and writes kernel settings.
//!
//! The `sysctl` crate takes dotted names only, so a key with a dot inside a component
//! (interface `eth0.100`) goes to the file directly. It also reports every failure to
//! open as "not found"; the file is asked again for the true reason. Reading goes to the file in
//! any case: the crate looks at it twice and opens it after that.

mod key;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};

use ::sysctl::{Ctl, Sysctl as _};
use nix::errno::Errno;

use crate::ip::Family;
use crate::link::{Link, Setting};
use crate::words::system_error;

pub use self::key::{BadKey, SysctlKey};

/// Says why a setting could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SysctlError {
    /// ENOENT: no such setting in this kernel, or its interface is gone.
    #[error("{0} is not there")]
    NotThere(SysctlKey),
    /// EACCES or EPERM.
    #[error("{0} may not be written by this user")]
    NotPermitted(SysctlKey),
    /// EROFS: `/proc/sys` is mounted read-only, as in most containers.
    #[error("{0} is on a read-only /proc/sys")]
    ReadOnly(SysctlKey),
    /// The kernel took the value and has another.
    #[error("{key} was set to {wrote} but reads {reads}")]
    NotKept {
        /// Which.
        key: SysctlKey,
        /// What was written.
        wrote: i32,
        /// What it is.
        reads: i32,
    },
    /// Not a number where one was expected.
    #[error("{key} reads {text:?}, which is no number")]
    NotANumber {
        /// Which.
        key: SysctlKey,
        /// Its content.
        text: String,
    },
    /// Anything else.
    #[error("{key}: {}", system_error(.source))]
    Io {
        /// Which.
        key: SysctlKey,
        /// The system's answer.
        source: io::Error,
    },
}

impl SysctlError {
    fn from_io(key: &SysctlKey, source: io::Error) -> Self {
        let key = key.clone();
        match source.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT) => Self::NotThere(key),
            Some(Errno::EACCES | Errno::EPERM) => Self::NotPermitted(key),
            Some(Errno::EROFS) => Self::ReadOnly(key),
            _ => Self::Io { key, source },
        }
    }
}

/// Reads the value.
///
/// # Errors
/// It is not there, may not be read, or is no number.
pub fn read(key: &SysctlKey) -> Result<i32, SysctlError> {
    // A number and its line end; the kernel gives all of it in one read.
    let mut content = [0; 64];
    let length = File::open(key.path())
        .and_then(|mut file| file.read(&mut content))
        .map_err(|error| SysctlError::from_io(key, error))?;
    let text = String::from_utf8_lossy(content.get(..length).unwrap_or_default());
    let text = text.trim();
    text.parse().map_err(|_| SysctlError::NotANumber { key: key.clone(), text: text.to_owned() })
}

/// Reads the value, if there is such a setting.
///
/// # Errors
/// It may not be read, or is no number.
pub fn find(key: &SysctlKey) -> Result<Option<i32>, SysctlError> {
    match read(key) {
        Ok(value) => Ok(Some(value)),
        Err(SysctlError::NotThere(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives these settings of `all`, of `default` and of each interface, where they exist. Those of
/// an interface are as they were when it was read; if the kernel told none of a family with it, or
/// none that could be understood, they are read from its files. Without IPv6 (`ipv6.disable=1`) no
/// interface has files of it, and none is looked for.
pub fn of_links<'a>(
    links: &'a [Link],
    names: &'a [(Family, &'static str)],
) -> impl Iterator<Item = Result<(SysctlKey, i32), SysctlError>> + 'a {
    let of_all = |name: &(Family, &'static str)| Some((name.0, in_file("all", *name)?));
    let (families, of_all): (Vec<Family>, Vec<_>) = names.iter().filter_map(of_all).unzip();
    let default = names.iter().filter_map(|name| in_file("default", *name));
    let own = links.iter().flat_map(move |link| {
        let asked = |it: &&Setting| names.contains(&(it.family, it.name));
        let told = link.settings.iter().filter(asked);
        let told = told.map(|it| Ok((SysctlKey::of(it.family, &link.name, it.name), it.value)));
        let untold = untold(link, &families, names).into_iter();
        told.chain(untold.filter_map(|name| in_file(&link.name, name)))
    });
    of_all.into_iter().chain(default).chain(own)
}

/// The settings to look for in files of an interface: those of the families that this kernel has,
/// and of which it told none.
fn untold(
    link: &Link,
    families: &[Family],
    names: &[(Family, &'static str)],
) -> Vec<(Family, &'static str)> {
    let is_told = |family| link.settings.iter().any(|it| it.family == family);
    let is_untold = |family| families.contains(&family) && !is_told(family);
    names.iter().filter(|(family, _)| is_untold(*family)).copied().collect()
}

/// A setting as its file has it. There is none without IPv6.
fn in_file(
    device: &str,
    (family, name): (Family, &str),
) -> Option<Result<(SysctlKey, i32), SysctlError>> {
    let key = SysctlKey::of(family, device, name);
    find(&key).transpose().map(|found| found.map(|value| (key, value)))
}

/// Writes the value unless it is there already, and reads it back.
///
/// # Errors
/// It cannot be written, or the kernel did not keep it.
pub fn write(key: &SysctlKey, value: i32) -> Result<(), SysctlError> {
    if read(key)? == value {
        return Ok(());
    }
    let text = value.to_string();
    match key.dotted() {
        Some(name) => {
            let written = Ctl::new(&name).and_then(|ctl| ctl.set_value_string(&text));
            written.map_err(|error| diagnose(key, &error, &open_to_write(key)))?;
        }
        None => {
            std::fs::write(key.path(), &text).map_err(|e| SysctlError::from_io(key, e))?;
        }
    }
    match read(key)? {
        reads if reads == value => Ok(()),
        reads => Err(SysctlError::NotKept { key: key.clone(), wrote: value, reads }),
    }
}

/// Checks that the setting could be written now. Opens it, writes nothing.
///
/// # Errors
/// The reason why not.
pub fn check_writable(key: &SysctlKey) -> Result<(), SysctlError> {
    open_to_write(key).map(drop).map_err(|e| SysctlError::from_io(key, e))
}

fn open_to_write(key: &SysctlKey) -> io::Result<File> {
    OpenOptions::new().write(true).open(key.path())
}

fn diagnose(
    key: &SysctlKey,
    error: &::sysctl::SysctlError,
    again: &io::Result<File>,
) -> SysctlError {
    let errno = again.as_ref().err().and_then(io::Error::raw_os_error);
    let source =
        errno.map_or_else(|| io::Error::other(error.to_string()), io::Error::from_raw_os_error);
    SysctlError::from_io(key, source)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::link::SETTINGS;

    /// What the kernel tells of an interface is what its files say.
    #[test]
    fn an_interface_has_its_settings_with_it() {
        let links = crate::netlink::Netlink::connect().unwrap().links().unwrap();
        let lo = links.into_iter().find(|link| link.name == "lo").unwrap();
        // And what it did not tell is read there.
        for settings in [lo.settings.clone(), Vec::new()] {
            let links = [Link { settings, ..lo.clone() }];
            let found: HashMap<SysctlKey, i32> =
                of_links(&links, &SETTINGS).collect::<Result<_, _>>().unwrap();
            for (family, name) in SETTINGS {
                for device in ["all", "default", "lo"] {
                    let key = SysctlKey::of(family, device, name);
                    assert_eq!(found.get(&key).copied(), find(&key).unwrap(), "{key}: {links:?}");
                }
            }
            assert!(found.contains_key(&SysctlKey::ipv4("lo", "arp_ignore")), "{found:?}");
        }
        let told =
            |(family, name)| lo.settings.iter().any(|it| (it.family, it.name) == (family, name));
        let mut v4 = SETTINGS.into_iter().filter(|(family, _)| *family == Family::Ipv4);
        assert!(v4.all(told), "{lo:?}");
    }

    /// On a host of many interfaces those would be many files that are not there.
    #[test]
    fn no_file_of_a_family_that_is_off_is_looked_for() {
        let v4 =
            |names: Vec<(Family, &str)>| names.iter().all(|(family, _)| *family == Family::Ipv4);
        let link = Link { name: "eth0".into(), ..Link::default() };
        let off = untold(&link, &[Family::Ipv4], &SETTINGS);
        assert!(!off.is_empty() && v4(off));
        assert_eq!(untold(&link, &[Family::Ipv4, Family::Ipv6], &SETTINGS), SETTINGS);
    }

    #[test]
    fn reads_a_number_and_names_what_is_missing() {
        assert!(read(&SysctlKey::ipv4("all", "arp_ignore")).is_ok());
        for device in ["no-such-device", "no.such.device"] {
            let missing = read(&SysctlKey::ipv4(device, "arp_ignore"));
            assert!(matches!(missing, Err(SysctlError::NotThere(_))), "{missing:?}");
        }
        let text: SysctlKey = "kernel.ostype".parse().unwrap();
        assert!(matches!(read(&text), Err(SysctlError::NotANumber { .. })));
    }
}
