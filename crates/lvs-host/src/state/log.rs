// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeps a file that only grows, a line for each thing that happened, and one older file of it.
//!
//! Nothing is synced: what was written is there after whatever becomes of the process, and after
//! a loss of power as far as the disk had it. A line that was not written to its end is no line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Folder, StateError, failed};

/// For its owner only: who did what is not for everybody.
const PRIVATE: u32 = 0o600;

/// Names a file of a state folder that only grows.
#[derive(Debug, Clone)]
pub struct Log {
    folder: Folder,
    name: &'static str,
    most: u64,
}

impl Log {
    /// Names the file `name` of that folder, which makes place for another one once it has `most`
    /// bytes; creates nothing.
    #[must_use]
    pub fn new(folder: Folder, name: &'static str, most: u64) -> Self {
        Self { folder, name, most }
    }

    /// Returns its path, as far as links have to be followed by nobody but the system.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    /// Opens it to add lines, makes it if it is missing, and puts a full one aside before. One
    /// process at a time may do this.
    ///
    /// # Errors
    /// [`StateError::Io`]; [`StateError::Untrusted`].
    pub fn open(&self) -> Result<Appender, StateError> {
        if let Some(log) = self.open_there()? {
            return Ok(log);
        }
        self.folder.make()?;
        let gone = || failed("opening", self.folder.path(), io::ErrorKind::NotFound.into());
        self.open_there()?.ok_or_else(gone)
    }

    /// Does what [`open`](Self::open) does, and makes no folder; `None` if there is none.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_there(&self) -> Result<Option<Appender>, StateError> {
        let Some((folder, about)) = self.folder.find()? else { return Ok(None) };
        let path = folder.join(self.name);
        let failed = |source| failed("writing", &path, source);
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true).mode(PRIVATE);
            options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&path)
        };
        let mut file = open().map_err(failed)?;
        let mut now = file.metadata().map_err(failed)?;
        if now.is_file() && now.size() >= self.most {
            fs::rename(&path, older(&path)).map_err(failed)?;
            file = open().map_err(failed)?;
            now = file.metadata().map_err(failed)?;
        }
        if !now.is_file() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        self.folder.trust.file(&path, &now, &about)?;
        let mut log = Appender { file, path };
        let mut last = [b'\n'];
        let is_read = now.size() > 0 && log.file.read_at(&mut last, now.size() - 1).is_ok();
        if is_read && last != [b'\n'] {
            // The last one of a process that was killed, or of a full disk.
            log.append(b"\n")?;
        }
        Ok(Some(log))
    }

    /// Reads what there is, the older file first, each of `most` bytes at most.
    ///
    /// # Errors
    /// [`StateError::Io`]; [`StateError::Untrusted`].
    pub fn read(&self, most: u64) -> Result<Vec<u8>, StateError> {
        let Some((folder, about)) = self.folder.find()? else { return Ok(Vec::new()) };
        let path = folder.join(self.name);
        let mut all = Vec::new();
        for path in [older(&path), path] {
            let (bytes, file) = match crate::files::bytes(&path, most) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read.map_err(|source| failed("reading", &path, source))?,
            };
            self.folder.trust.file(&path, &file, &about)?;
            all.extend(bytes);
            if all.last().is_some_and(|last| *last != b'\n') {
                all.push(b'\n');
            }
        }
        Ok(all)
    }
}

/// Adds lines to a [`Log`].
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
}

impl Appender {
    /// Adds whole lines, in one write where the disk takes it as one.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn append(&mut self, lines: &[u8]) -> Result<(), StateError> {
        self.file.write_all(lines).map_err(|source| failed("writing", &self.path, source))
    }
}

fn older(path: &Path) -> PathBuf {
    let mut older = path.as_os_str().to_owned();
    older.push(".1");
    older.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::files::trust::Trust;

    fn log(path: &Path, most: u64) -> Log {
        Log::new(Folder::new(path, Trust::to_act(), "a-program"), "log", most)
    }

    fn text(log: &Log) -> String {
        String::from_utf8(log.read(1 << 20).unwrap()).unwrap()
    }

    #[test]
    fn it_grows_and_one_older_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder.path().join("state"), 8);
        assert_eq!(text(&log), "");
        let mut seen = Vec::new();
        for line in ["one\n", "two\n", "three\n", "4\n", "5\n", "six-seven\n", "8\n"] {
            log.open().unwrap().append(line.as_bytes()).unwrap();
            seen.push(text(&log));
        }
        assert_eq!(
            seen,
            [
                "one\n",
                "one\ntwo\n",
                "one\ntwo\nthree\n",
                "one\ntwo\nthree\n4\n",
                "three\n4\n5\n",
                "three\n4\n5\nsix-seven\n",
                "5\nsix-seven\n8\n",
            ]
        );
        let mode = fs::metadata(log.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, PRIVATE);
    }

    #[test]
    fn half_a_line_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 1000);
        log.open().unwrap().append(b"one\ntw").unwrap();
        log.open().unwrap().append(b"three\n").unwrap();
        assert_eq!(text(&log), "one\ntw\nthree\n");
    }

    #[test]
    fn what_somebody_else_put_there_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "precious\n").unwrap();
        let there = log(folder.path(), 1000);
        symlink(&target, there.path()).unwrap();
        assert!(there.open().is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious\n");
        fs::remove_file(there.path()).unwrap();
        fs::create_dir(there.path()).unwrap();
        assert!(there.open().is_err());
        fs::remove_dir(there.path()).unwrap();
        nix::unistd::mkfifo(&there.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(there.open().is_err());
        fs::remove_file(there.path()).unwrap();
        fs::write(there.path(), "").unwrap();
        fs::set_permissions(there.path(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(there.open(), Err(StateError::Untrusted(_))));
    }
}
