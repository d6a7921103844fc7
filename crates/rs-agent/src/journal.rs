// SPDX-License-Identifier: MIT OR Apache-2.0
//! What this host was like before. Written before the first change, so that a run that
//! dies at any moment leaves what the next one needs to complete it or to undo it.
//!
//! One file per network namespace in the state directory; replaced as a whole. The
//! journal says what was *intended*; what was *done* is seen on the host
//! ([`Change::effect`]), so no step needs a second write.

use std::collections::{BTreeSet, HashSet};
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, socket};
use nix::{getsockopt_impl, sockopt_impl};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::facts::Facts;
use crate::plan::{Change, Effect, Target};
use crate::wanted::Wanted;

/// How long to wait for another run to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Format 1 knew neither envelopes, ports and dummies nor scopes and labels, and is read as
/// one that has none of them; format 2 knew one gateway at most, and RIPs only as ends of
/// devices.
const FORMAT: u32 = 3;

/// What every format begins with.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// The namespace a journal is about. Kernel state does not outlive a boot, and inode
/// numbers of namespaces are used again, the cookie never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    boot: String,
    inode: u64,
    /// `SO_NETNS_COOKIE`, Linux 5.14 and later.
    cookie: Option<u64>,
}

/// The content of a journal file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    format: u32,
    identity: Identity,
    /// When this host was first set up, RFC 3339, UTC.
    pub since: String,
    /// VIP-like addresses that were there before the first set-up: what happens to
    /// them is not our doing.
    #[serde(default)]
    pub found: Vec<IpAddr>,
    /// What was asked for.
    pub wanted: Wanted,
    /// What was or was about to be changed for it, in the order of doing.
    pub changes: Vec<Change>,
}

/// The place where this namespace's journal is.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    identity: Identity,
}

/// Held while a run changes things; the lock ends with the process.
#[derive(Debug)]
pub struct Lock {
    _directory: File,
}

sockopt_impl!(
    /// `SO_NETNS_COOKIE` of socket(7).
    NetnsCookie, GetOnly, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE, u64
);

impl Identity {
    fn of_this_namespace() -> io::Result<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let inode = std::fs::metadata("/proc/thread-self/ns/net")?.ino();
        let any = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
        let cookie = match getsockopt(&any, NetnsCookie) {
            Ok(cookie) => Some(cookie),
            Err(Errno::ENOPROTOOPT) => None,
            Err(errno) => return Err(errno.into()),
        };
        Ok(Self { boot: boot.trim().to_owned(), inode, cookie })
    }
}

impl Store {
    /// Names the place; creates nothing.
    ///
    /// # Errors
    /// The namespace cannot be identified (no `/proc`).
    pub fn new(directory: &Path) -> Result<Self, Error> {
        let identity = Identity::of_this_namespace().map_err(|source| Error::Journal {
            what: "identifying the network namespace by",
            path: "/proc".into(),
            source,
        })?;
        Ok(Self { directory: directory.to_owned(), identity })
    }

    fn file(&self) -> PathBuf {
        self.directory.join(format!("netns-{}.json", self.identity.inode))
    }

    /// Creates the directory if needed and waits for other runs in it to end.
    ///
    /// # Errors
    /// [`Error::Busy`] after ten seconds; [`Error::Journal`].
    pub fn lock(&self) -> Result<Lock, Error> {
        let failed = |source| self.failed("opening", &self.directory, source);
        DirBuilder::new().recursive(true).mode(0o755).create(&self.directory).map_err(failed)?;
        let directory = File::open(&self.directory).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match directory.try_lock() {
                Ok(()) => return Ok(Lock { _directory: directory }),
                Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
                Err(std::fs::TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    return Err(Error::Busy(self.directory.clone()));
                }
            }
        }
    }

    /// Claims this namespace for one `run`, until the process ends.
    ///
    /// # Errors
    /// [`Error::Watched`] if another has it; [`Error::Journal`].
    pub fn watch(&self) -> Result<Lock, Error> {
        let path = self.directory.join(format!("run-{}.lock", self.identity.inode));
        let failed = |source| self.failed("opening", &path, source);
        DirBuilder::new().recursive(true).mode(0o755).create(&self.directory).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _directory: file }),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Watched),
        }
    }

    /// Changes whenever the journal does: the number of its file and the time in it, as
    /// every save makes a new file. `None` if there is none.
    #[must_use]
    pub fn version(&self) -> Option<(u64, i64, i64)> {
        let file = std::fs::metadata(self.file()).ok()?;
        Some((file.ino(), file.mtime(), file.mtime_nsec()))
    }

    /// The journal of this namespace. One of an earlier boot or of a namespace that is
    /// gone is as good as none: what it describes no longer exists.
    ///
    /// # Errors
    /// It cannot be read or understood.
    pub fn load(&self) -> Result<Option<Journal>, Error> {
        let path = self.file();
        let failed = |source| self.failed("reading", &path, source);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let Head { format } = serde_json::from_str(&text).map_err(|e| failed(e.into()))?;
        if format > FORMAT {
            let text = format!("format {format} is of a newer version of rs-agent: use that one");
            return Err(failed(io::Error::other(text)));
        }
        let mut journal: Journal = serde_json::from_str(&text).map_err(|e| failed(e.into()))?;
        if format < 3 {
            let named = journal.wanted.tunnels.iter().filter_map(|tunnel| tunnel.local);
            let rips: BTreeSet<IpAddr> = named.collect();
            journal.wanted.rips = rips.into_iter().collect();
        }
        journal.format = FORMAT;
        Ok((journal.identity == self.identity).then_some(journal))
    }

    /// A journal that records nothing yet.
    #[must_use]
    pub fn begin(&self, wanted: Wanted, facts: &Facts) -> Journal {
        Journal {
            format: FORMAT,
            identity: self.identity.clone(),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            found: facts.hidden_addresses().map(|have| have.ip).collect(),
            wanted,
            changes: Vec::new(),
        }
    }

    /// Makes the journal durable: written beside, synced, renamed over, directory synced.
    ///
    /// # Errors
    /// [`Error::Journal`]; the earlier journal is intact then.
    pub fn save(&self, journal: &Journal) -> Result<(), Error> {
        let path = self.file();
        let write = || -> io::Result<()> {
            let beside = path.with_extension("json.new");
            let mut file = File::create(&beside)?;
            let mut text = serde_json::to_string_pretty(journal)?;
            text.push('\n');
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(|source| self.failed("writing", &path, source))
    }

    /// Removes the journal: nothing is set up.
    ///
    /// # Errors
    /// [`Error::Journal`].
    pub fn remove(&self) -> Result<(), Error> {
        let path = self.file();
        let remove = || -> io::Result<()> {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => File::open(&self.directory)?.sync_all(),
            }
        };
        remove().map_err(|source| self.failed("removing", &path, source))
    }

    fn failed(&self, what: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Journal { what, path: path.to_owned(), source }
    }
}

impl Journal {
    /// Adds changes about to be made. For a target that is known the first record stays,
    /// as it holds the value from before any set-up.
    pub fn intend(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut new: Vec<Change> = changes.into_iter().collect();
        let known: HashSet<Target<'_>> = self.changes.iter().map(Change::target).collect();
        new.retain(|change| !known.contains(&change.target()));
        self.changes.append(&mut new);
    }

    /// Forgets that a device is ours, with what would go away with it.
    pub fn disown(&mut self, name: &str) {
        self.changes.retain(|change| match change {
            Change::Sysctl { key, from: None, .. } => key.device() != Some(name),
            Change::Up { device } => device != name,
            change => change.made_device() != Some(name),
        });
    }

    /// Whether any VIP or route is there because of us: what only `teardown` takes away
    /// altogether.
    #[must_use]
    pub fn in_effect(&self, facts: &Facts) -> bool {
        self.changes.iter().any(|change| {
            matches!(change, Change::Address { .. } | Change::DefaultRoute { .. })
                && change.effect(facts) == Effect::There
        })
    }

    /// Notes the tags that addresses are seen to carry, where the kernel keeps them.
    pub fn confirm_tags(&mut self, facts: &Facts) {
        for change in &mut self.changes {
            let there = change.effect(facts) == Effect::There;
            if let Change::Address { ip, device, tag, .. } = change
                && there
            {
                let seen = facts.vip_on(*ip, device).and_then(|have| have.tag);
                *tag = seen.filter(|seen| *seen == crate::plan::ADDRESS_TAG);
            }
        }
    }

    /// The addresses that are on their devices because of us.
    #[must_use]
    pub fn owned(&self, facts: &Facts) -> HashSet<(IpAddr, &str)> {
        let there = self.changes.iter().filter(|change| change.effect(facts) == Effect::There);
        let addresses = there.filter_map(|change| match change {
            Change::Address { ip, device, .. } => Some((*ip, device.as_str())),
            _ => None,
        });
        addresses.collect()
    }
}

#[cfg(test)]
mod tests;
