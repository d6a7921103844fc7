// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::io::{self, Write as _};

/// The type holds a setting under `net.ipv4.vs`; what each means is in the kernel's
/// `Documentation/networking/ipvs-sysctl.rst`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Sysctl {
    /// Its name, for example `expire_nodest_conn`.
    pub name: String,
    /// Its value as the kernel writes it; `None` if this process may not read it.
    /// The automatic modes of `drop_entry`, `drop_packet` and `secure_tcp` change
    /// their own values between 1 and 2.
    pub value: Option<String>,
}

impl Sysctl {
    /// Returns the setting with that value, as a test may want it.
    pub fn new(name: impl Into<String>, value: Option<String>) -> Self {
        Self { name: name.into(), value }
    }
}

/// Writes a value; the name is one of the folder's.
pub(super) fn write(folder: &str, name: &str, value: &str) -> io::Result<()> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Never made anew: what the kernel does not have is an error.
    let mut file = fs::OpenOptions::new().write(true).open(format!("{folder}/{name}"))?;
    file.write_all(value.as_bytes())
}

pub(super) fn read_all(folder: &str) -> io::Result<Vec<Sysctl>> {
    let mut sysctls = fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            let value = fs::read_to_string(entry.path()).ok();
            Ok(Sysctl {
                name: entry.file_name().to_string_lossy().into_owned(),
                value: value.map(|value| value.trim_end().to_owned()),
            })
        })
        .collect::<io::Result<Vec<_>>>()?;
    sysctls.sort();
    Ok(sysctls)
}
