// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides who may change something, and who has claimed a network namespace: one at a time.
//!
//! The locks are on files that only their owner can open, so nobody else can hold them; they
//! end with the process. That a network namespace is claimed is said by a name of it too
//! (unix(7), abstract), which no removal of files takes away; any user could take the name
//! first, so it counts only if its owner is believed.

use std::fs::{self, File, OpenOptions, Permissions};
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
use rustix::fs::{FlockOperation, flock};

use super::{Folder, StateError, failed};

const PAUSE: Duration = Duration::from_millis(20);
/// For everybody but its owner.
const PRIVATE: u32 = 0o600;

/// Is held while a process changes things.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Is held by the one process that has claimed a network namespace.
#[derive(Debug)]
pub struct Claim {
    lock: Lock,
    /// `None` if the name is taken by somebody who is not believed, or cannot be had.
    _name: Option<OwnedFd>,
}

impl Folder {
    /// Waits for who holds the lock of that name to end, and keeps others out. Makes the folder
    /// if it is missing.
    ///
    /// # Errors
    /// [`StateError::Busy`] after so long; [`StateError::Untrusted`]; [`StateError::Io`].
    pub fn lock(&self, name: &str, patience: Duration) -> Result<Lock, StateError> {
        let path = self.make()?.join(name);
        let begun = Instant::now();
        loop {
            match self.try_lock(&path)? {
                Some(lock) if lock.is_there() => return Ok(lock),
                // Removed since it was opened: whoever comes next locks another one.
                Some(_) => {
                    self.make()?;
                }
                None if begun.elapsed() < patience => std::thread::sleep(PAUSE),
                None => {
                    let folder = self.path.clone();
                    return Err(StateError::Busy { program: self.program, folder });
                }
            }
        }
    }

    /// Claims this network namespace until the process ends, by a lock on the file `lock` and
    /// by the abstract name `name`.
    ///
    /// # Errors
    /// [`StateError::Claimed`] if another has it; [`StateError::Untrusted`];
    /// [`StateError::Io`].
    pub fn claim(&self, lock: &str, name: &str) -> Result<Claim, StateError> {
        let lock = self.claim_file(lock)?;
        let name = self.take_name(name).map_err(|()| self.claimed())?;
        Ok(Claim { lock, _name: name })
    }

    /// Claims it again if the file `lock` is gone, which it tells: another process would not
    /// see this one by its file.
    ///
    /// # Errors
    /// As [`Self::claim`].
    pub fn claim_again(&self, claim: &mut Claim, lock: &str) -> Result<bool, StateError> {
        if claim.lock.is_there() {
            return Ok(false);
        }
        claim.lock = self.claim_file(lock)?;
        Ok(true)
    }

    fn claim_file(&self, name: &str) -> Result<Lock, StateError> {
        let path = self.make()?.join(name);
        self.try_lock(&path)?.filter(Lock::is_there).ok_or_else(|| self.claimed())
    }

    fn claimed(&self) -> StateError {
        StateError::Claimed { program: self.program }
    }

    /// `None`: somebody else has it.
    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, StateError> {
        let failed = |source| failed("locking", path, source);
        // Before it is opened, as opening a device may do something by itself.
        if let Some(about) = fs::symlink_metadata(path).ok().filter(|it| !it.is_file()) {
            self.trust.lock(path, &about, self.program)?;
        }
        let file = open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        self.trust.lock(path, &about, self.program)?;
        if about.mode() & PRIVATE != PRIVATE {
            // A umask took even its owner's right; a disk that is read-only keeps it so.
            let _ = file.set_permissions(Permissions::from_mode(PRIVATE));
        }
        // Closing the file gives it back. (nix's `Flock` panics where the system cannot do that.)
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { file, path: path.to_owned() })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(failed(errno.into())),
        }
    }

    /// Takes the name. `Err`: another process that is believed has it.
    fn take_name(&self, name: &str) -> Result<Option<OwnedFd>, ()> {
        let new = || {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            socket(AddressFamily::Unix, SockType::Stream, flags, None)
        };
        let take = || {
            let taken = new()?;
            bind(taken.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes())?)?;
            listen(&taken, Backlog::new(1)?)?;
            Ok(taken)
        };
        match take() {
            Ok(taken) => return Ok(Some(taken)),
            Err(Errno::EADDRINUSE) => {}
            Err(_) => return Ok(None),
        }
        let owner = || {
            let asker = new()?;
            connect(asker.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes())?)?;
            getsockopt(&asker, PeerCredentials)
        };
        match owner() {
            Ok(owner) if self.trust.believes(owner.uid()) => Err(()),
            _ => Ok(None),
        }
    }
}

impl Lock {
    /// Whether its file is still the one that another process would open.
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
        // What is not there cannot be made: that is why, and not that it is not there.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            options.open(path).map_err(|other| match other.kind() {
                io::ErrorKind::NotFound => error,
                _ => other,
            })
        }
        file => file,
    }
}
