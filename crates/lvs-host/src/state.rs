// SPDX-License-Identifier: MIT OR Apache-2.0
//! Manages the folder in which a program keeps what it has to know the next time: one at a time
//! changes it, and what is kept there survives a crash and the loss of one file.

mod lock;
mod log;
mod record;

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

pub use self::lock::{Claim, Lock};
pub use self::log::{Appender, Log};
pub use self::record::{Found, Record, Version};
use crate::files;
use crate::files::trust::{Distrust, Trust};
use crate::words::system_error;

/// Names a folder that belongs to root or to who runs this program, and where nobody else can
/// write.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    trust: Trust,
    program: &'static str,
}

/// Says why state could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file, or the folder, could not be used.
    #[error("{what} {path}: {}", system_error(.source))]
    Io {
        /// What was attempted: `writing`.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others could write there.
    #[error(transparent)]
    Untrusted(#[from] Distrust),
    /// A file is of a format that is not known yet.
    #[error("reading {path}: format {format} is of a newer version of {program}: use that one")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// Whose it is.
        program: &'static str,
    },
    /// Neither a file nor its copy can be understood.
    #[error("{path} is damaged ({why}), and {copy}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Why the copy is of no help: `so is its copy`.
        copy: &'static str,
    },
    /// Another process has held the lock for as long as it was waited for.
    #[error("another {program} is at work in {folder}")]
    Busy {
        /// What it is.
        program: &'static str,
        /// Where.
        folder: PathBuf,
    },
    /// Another process has claimed this network namespace.
    #[error("another {program} has claimed this network namespace")]
    Claimed {
        /// What it is.
        program: &'static str,
    },
}

impl Folder {
    /// Names the folder of `program`; creates nothing.
    #[must_use]
    pub fn new(path: &Path, trust: Trust, program: &'static str) -> Self {
        Self { path: path.to_owned(), trust, program }
    }

    /// Returns its path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finds the place to read from, with what the system tells of it; `None` if there is none.
    ///
    /// # Errors
    /// [`StateError::Untrusted`].
    pub fn find(&self) -> Result<Option<(PathBuf, Metadata)>, StateError> {
        let folder = self.trust.resolve(&self.path)?;
        match self.trust.folder(&folder) {
            Ok(about) => Ok(Some((folder, about))),
            Err(Distrust::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Finds the place to write to, and makes it if it is missing.
    ///
    /// # Errors
    /// [`StateError::Untrusted`]; [`StateError::Io`].
    pub fn make(&self) -> Result<PathBuf, StateError> {
        let folder = self.trust.resolve(&self.path)?;
        files::make_folders(&folder).map_err(|source| failed("opening", &folder, source))?;
        self.trust.folder(&folder)?;
        Ok(folder)
    }
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Io { what, path: path.to_owned(), source }
}
