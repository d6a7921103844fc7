// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may change this host, and who keeps it: one at a time.
//!
//! The locks are on files that only their owner can open, so nobody else can hold them. That
//! one `run` keeps a network namespace is said by a name of it too (unix(7), abstract), which
//! no removal of files takes away; any user could take the name first, so it counts only if
//! its owner is believed.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, getsockopt, listen, socket,
};

use super::Store;
use super::store::untrusted;
use crate::error::Error;

/// How long to wait for another command to end.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// For everybody but its owner.
const PRIVATE: u32 = 0o600;
/// What a `run` is called in its network namespace.
const NAME: &[u8] = b"rs-agent-run";

/// Held while a command changes things; the lock ends with the process.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Held by the one `run` of a network namespace.
#[derive(Debug)]
pub struct Sole {
    lock: Lock,
    /// `None` if the name is taken by somebody who is not believed, or cannot be had.
    _name: Option<OwnedFd>,
}

impl Store {
    /// Waits for other commands in this folder to end, and keeps them out. Makes the folder if
    /// it is missing.
    ///
    /// # Errors
    /// [`Error::Busy`] after ten seconds; [`Error::Untrusted`]; [`Error::Journal`].
    pub fn lock(&self) -> Result<Lock, Error> {
        let path = self.folder_to_write()?.join("lock");
        let begun = Instant::now();
        loop {
            match self.try_lock(&path)? {
                Some(lock) if lock.is_there() => return Ok(lock),
                // Removed since it was opened: whoever comes next locks another one.
                Some(_) => {
                    self.folder_to_write()?;
                }
                None if begun.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                None => return Err(Error::Busy(self.directory.clone())),
            }
        }
    }

    /// Claims this network namespace for one `run`, until the process ends.
    ///
    /// # Errors
    /// [`Error::Watched`] if another has it; [`Error::Untrusted`]; [`Error::Journal`].
    pub fn watch(&self) -> Result<Sole, Error> {
        let lock = self.claim()?;
        let name = self.take_name().map_err(|()| Error::Watched)?;
        Ok(Sole { lock, _name: name })
    }

    /// Claims it again if the lock file is gone, which it tells: another `run` would not see
    /// this one by its file.
    ///
    /// # Errors
    /// As [`Self::watch`].
    pub fn watch_again(&self, sole: &mut Sole) -> Result<bool, Error> {
        if sole.lock.is_there() {
            return Ok(false);
        }
        sole.lock = self.claim()?;
        Ok(true)
    }

    fn claim(&self) -> Result<Lock, Error> {
        let path = self.folder_to_write()?.join(format!("run-{}.lock", self.identity.inode));
        self.try_lock(&path)?.filter(Lock::is_there).ok_or(Error::Watched)
    }

    /// `None`: somebody else has it.
    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, Error> {
        let failed = |source| self.failed("locking", path, source);
        // Before it is opened, as opening a device may do something by itself.
        if let Ok(about) = fs::symlink_metadata(path)
            && !about.is_file()
        {
            self.trust.lock(path, &about, "rs-agent").map_err(untrusted)?;
        }
        let file = open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        self.trust.lock(path, &about, "rs-agent").map_err(untrusted)?;
        if about.mode() & PRIVATE != PRIVATE {
            // A umask took even its owner's right; a disk that is read-only keeps it so.
            let _ = file.set_permissions(Permissions::from_mode(PRIVATE));
        }
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { file, path: path.to_owned() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Takes the name. `Err`: another `run` that is believed has it.
    fn take_name(&self) -> Result<Option<OwnedFd>, ()> {
        let new = || {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            socket(AddressFamily::Unix, SockType::Stream, flags, None)
        };
        let take = || {
            let name = new()?;
            bind(name.as_raw_fd(), &UnixAddr::new_abstract(NAME)?)?;
            listen(&name, Backlog::new(1)?)?;
            Ok(name)
        };
        match take() {
            Ok(name) => return Ok(Some(name)),
            Err(Errno::EADDRINUSE) => {}
            Err(_) => return Ok(None),
        }
        let owner = || {
            let asker = new()?;
            connect(asker.as_raw_fd(), &UnixAddr::new_abstract(NAME)?)?;
            getsockopt(&asker, PeerCredentials)
        };
        match owner() {
            Ok(owner) if self.trust.believes(owner.uid()) => Err(()),
            _ => Ok(None),
        }
    }
}

impl Lock {
    /// Whether its file is still the one that another command would open.
    fn is_there(&self) -> bool {
        let id = |about: fs::Metadata| (about.dev(), about.ino());
        let there = fs::symlink_metadata(&self.path).map(id).ok();
        there.is_some() && there == self.file.metadata().map(id).ok()
    }
}

/// Never through a link; a FIFO does not hold it up. On a disk that is read-only, what is
/// there already is locked all the same.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let mut making = options.clone();
    match making.write(true).create(true).mode(PRIVATE).open(path) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => options.open(path),
        file => file,
    }
}
