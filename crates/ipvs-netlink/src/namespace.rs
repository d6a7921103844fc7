// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use nix::sched::{CloneFlags, setns};
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};

use crate::error::Error;

/// The type names a network namespace other than the one the program runs in.
///
/// IPVS has a table of its own in each (`net/netfilter/ipvs`: everything hangs
/// on `struct netns_ipvs`). A value of this type keeps its namespace alive.
/// Entering one needs `CAP_SYS_ADMIN`, setns(2); the IPVS in it still wants
/// `CAP_NET_ADMIN` in the *initial* user namespace.
///
/// A namespace can be told by name or by the number of a process in it. The
/// numbers that `ip netns list` shows as `id` are left out: they hold only
/// within the asker's own namespace, and the kernel opens no namespace by one.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: String,
    file: Arc<File>,
}

impl Namespace {
    /// Opens the namespace that `ip netns add NAME` made: `/run/netns/NAME`.
    ///
    /// # Errors
    /// [`Error::Namespace`] if there is none of that name, or the name is a path.
    pub fn named(name: &str) -> Result<Self, Error> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "a name is no path");
            return Err(Error::Namespace { name: name.to_owned(), error });
        }
        Self::open(name.to_owned(), &Path::new("/run/netns").join(name))
    }

    /// Opens the namespace that a process is in, for example a container's first one.
    ///
    /// # Errors
    /// [`Error::Namespace`] if there is no such process, or it may not be looked
    /// into (ptrace(2), `PTRACE_MODE_READ_FSCREDS`).
    pub fn of_process(pid: u32) -> Result<Self, Error> {
        Self::open(format!("of process {pid}"), &PathBuf::from(format!("/proc/{pid}/ns/net")))
    }

    /// Opens the namespace behind a file, as container runtimes keep them.
    ///
    /// # Errors
    /// [`Error::Namespace`] if the file cannot be opened, or is no namespace.
    pub fn at(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::open(path.display().to_string(), path)
    }

    fn open(name: String, path: &Path) -> Result<Self, Error> {
        match open_namespace(path) {
            Ok(file) => Ok(Self { name, file: Arc::new(file) }),
            Err(error) => Err(Error::Namespace { name, error }),
        }
    }

    /// Runs `work` in this namespace, on a thread of its own, and waits for it.
    ///
    /// Sockets and files opened there stay in the namespace, so a
    /// [`Client`](crate::Client) connected by `work` can be used from anywhere.
    ///
    /// # Errors
    /// [`Error::Namespace`] if it cannot be entered: `EPERM` without
    /// `CAP_SYS_ADMIN`, `EINVAL` if the file is no network namespace.
    ///
    /// # Panics
    /// If `work` does.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, Error> {
        let outcome = thread::scope(|scope| {
            let entered =
                thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, || {
                    setns(&*self.file, CloneFlags::CLONE_NEWNET)?;
                    Ok(work())
                })?;
            match entered.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        outcome.map_err(|error: io::Error| Error::Namespace { name: self.name.clone(), error })
    }
}

/// Opens the file of a namespace, and no other: to open a FIFO would wait for its writer,
/// and there are devices that act on being opened.
fn open_namespace(path: &Path) -> io::Result<File> {
    let seen = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)?;
    if fstatfs(&seen)?.filesystem_type() != NSFS_MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no network namespace"));
    }
    // Whatever is there by now, nothing waits.
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_namespace_is_not_opened() {
        for path in ["/dev/null", "/", "/proc/self/status"] {
            let Error::Namespace { error, .. } = Namespace::at(path).unwrap_err() else {
                panic!("{path}");
            };
            assert_eq!(error.to_string(), "it is no network namespace", "{path}");
        }
        assert!(Namespace::at("/proc/self/ns/net").is_ok());
    }
}
