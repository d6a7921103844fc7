// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where journals are: one per network namespace in the state folder, and beside each a copy.
//!
//! Both have the same content, in files of their own: whatever becomes of one, the other tells
//! what this host was like. The folder and what is in it belong to root or to who runs this
//! program, and nobody else can write there; journals are for everybody to read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lvs_host::files;
use lvs_host::files::trust::{Distrust, Trust};

use super::{FORMAT, Identity, Journal, ParseError};
use crate::error::Error;
use crate::facts::Facts;
use crate::wanted::Wanted;

/// Larger than the journal of a hundred thousand VIPs.
const LARGEST: u64 = 64 << 20;

/// The place where this namespace's journal is.
#[derive(Debug)]
pub struct Store {
    pub(super) directory: PathBuf,
    pub(super) identity: Identity,
    pub(super) trust: Trust,
}

/// What was found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The journal of this namespace. One of an earlier boot or of a namespace that is gone
    /// is as good as none: what it describes no longer exists.
    pub journal: Option<Journal>,
    /// That the journal is damaged or gone, and its copy was read.
    pub notice: Option<String>,
}

/// Why a file is no journal.
enum Fault {
    Missing,
    Unreadable(io::Error),
    /// In words that follow those of the file.
    Damaged(String),
    Stop(Error),
}

impl Store {
    /// Names the place for a command that acts on what is there; creates nothing.
    ///
    /// # Errors
    /// The namespace cannot be identified (no `/proc`).
    pub fn new(directory: &Path) -> Result<Self, Error> {
        Self::believing(directory, Trust::to_act())
    }

    /// Names it for a command that only shows what is there, whoever runs the one that acts.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn to_show(directory: &Path) -> Result<Self, Error> {
        Self::believing(directory, Trust::to_show())
    }

    fn believing(directory: &Path, trust: Trust) -> Result<Self, Error> {
        let identity = Identity::of_this_namespace().map_err(|source| Error::Journal {
            what: "identifying the network namespace by",
            path: "/proc".into(),
            source,
        })?;
        Ok(Self { directory: directory.to_owned(), identity, trust })
    }

    fn name(&self) -> String {
        format!("netns-{}.json", self.identity.inode)
    }

    /// The journal's file, as far as links have to be followed by nobody but the system.
    pub(super) fn file(&self) -> PathBuf {
        self.directory.join(self.name())
    }

    /// The folder to read from, and what the system tells of it; `None` if there is none.
    fn folder(&self) -> Result<Option<(PathBuf, fs::Metadata)>, Error> {
        let folder = self.trust.resolve(&self.directory).map_err(untrusted)?;
        match self.trust.folder(&folder) {
            Ok(about) => Ok(Some((folder, about))),
            Err(Distrust::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(why) => Err(untrusted(why)),
        }
    }

    /// The folder to write to, made if it is missing.
    pub(super) fn folder_to_write(&self) -> Result<PathBuf, Error> {
        let folder = self.trust.resolve(&self.directory).map_err(untrusted)?;
        files::make_folders(&folder).map_err(|source| self.failed("opening", &folder, source))?;
        self.trust.folder(&folder).map_err(untrusted)?;
        Ok(folder)
    }

    /// Changes whenever the journal does: the number of its file and the time in it, as
    /// every save makes a new file. `None` if there is none.
    #[must_use]
    pub fn version(&self) -> Option<(u64, i64, i64)> {
        let file = fs::metadata(self.file()).ok()?;
        Some((file.ino(), file.mtime(), file.mtime_nsec()))
    }

    /// Reads the journal of this namespace, or its copy if it is damaged or gone.
    ///
    /// # Errors
    /// [`Error::Damaged`] if neither can be understood; [`Error::Untrusted`];
    /// [`Error::Journal`].
    pub fn load(&self) -> Result<Found, Error> {
        let Some((folder, about)) = self.folder()? else { return Ok(Found::default()) };
        let path = folder.join(self.name());
        let why = match self.read(&path, &about) {
            Ok(journal) => return Ok(Found { journal: self.ours(journal), notice: None }),
            Err(why) => why,
        };
        let copy = self.read(&copy(&path), &about);
        let shown = path.display();
        let (journal, notice) = match (why, copy) {
            (Fault::Stop(error), _) => return Err(error),
            // `remove` takes the copy away first: somebody else has removed the journal, unless
            // it was only just made.
            (Fault::Missing, Ok(copy)) => {
                if let Ok(journal) = self.read(&path, &about) {
                    return Ok(Found { journal: self.ours(journal), notice: None });
                }
                let journal = self.ours(copy);
                let notice =
                    journal.is_some().then(|| format!("{shown} is gone: its copy is read"));
                (journal, notice)
            }
            (Fault::Missing, Err(_)) => (None, None),
            (Fault::Damaged(why), Ok(copy)) => {
                (self.ours(copy), Some(format!("{shown} is damaged ({why}): its copy is read")))
            }
            (Fault::Unreadable(why), Ok(copy)) => {
                (self.ours(copy), Some(format!("{shown} cannot be read ({why}): its copy is")))
            }
            (Fault::Unreadable(source), Err(_)) => {
                return Err(self.failed("reading", &path, source));
            }
            (Fault::Damaged(why), Err(of_copy)) => {
                let copy = match of_copy {
                    Fault::Damaged(_) => "so is its copy",
                    Fault::Missing => "it has no copy",
                    Fault::Unreadable(_) | Fault::Stop(_) => "its copy cannot be used",
                };
                return Err(Error::Damaged { path, why, copy, known: Vec::new() });
            }
        };
        Ok(Found { journal, notice })
    }

    fn ours(&self, journal: Journal) -> Option<Journal> {
        Some(journal).filter(|journal| journal.identity == self.identity)
    }

    fn read(&self, path: &Path, folder: &fs::Metadata) -> Result<Journal, Fault> {
        let (text, about) = files::read(path, LARGEST).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Missing,
            io::ErrorKind::InvalidData => Fault::Damaged(error.to_string()),
            _ => Fault::Unreadable(error),
        })?;
        self.trust.file(path, &about, folder).map_err(|why| Fault::Stop(untrusted(why)))?;
        if text.is_empty() {
            return Err(Fault::Damaged("it is empty".to_owned()));
        }
        Journal::parse(&text).map_err(|error| match error {
            ParseError::Newer(_) => {
                Fault::Stop(self.failed("reading", path, io::Error::other(error.to_string())))
            }
            ParseError::Broken(why) => Fault::Damaged(why.to_string()),
        })
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

    /// Makes the journal durable, and a copy of it as far as there is room.
    ///
    /// # Errors
    /// [`Error::Journal`], and the earlier journal is intact then; [`Error::Untrusted`].
    pub fn save(&self, journal: &Journal) -> Result<(), Error> {
        let path = self.folder_to_write()?.join(self.name());
        let failed = |source| self.failed("writing", &path, source);
        let mut text = serde_json::to_string_pretty(journal).map_err(|e| failed(e.into()))?;
        text.push('\n');
        if text.len() as u64 > LARGEST {
            return Err(failed(io::ErrorKind::FileTooLarge.into()));
        }
        let copy = copy(&path);
        let write = |path| files::replace(path, text.as_bytes(), files::PUBLIC);
        let written = match write(&path) {
            // The journal is worth more than its copy, which takes as much.
            Err(error) if is_full(&error) && files::remove(&copy).is_ok() => write(&path),
            written => written,
        };
        if written.is_err() || write(&copy).is_err() {
            if written.is_ok() {
                // It has the old content, which is not what a copy has to have.
                let _ = files::remove(&copy);
            }
            // A second name is no second file, but better than none.
            let _ = fs::hard_link(&path, &copy);
        }
        written.map_err(failed)
    }

    /// Removes the journal, and first of all its copy: nothing is set up.
    ///
    /// # Errors
    /// [`Error::Journal`]; [`Error::Untrusted`].
    pub fn remove(&self) -> Result<(), Error> {
        let Some((folder, _)) = self.folder()? else { return Ok(()) };
        let path = folder.join(self.name());
        let removed = files::remove(&copy(&path))
            .and_then(|()| files::remove(&path))
            .and_then(|()| files::sync_folder(&path));
        removed.map_err(|source| self.failed("removing", &path, source))
    }

    pub(super) fn failed(&self, what: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Journal { what, path: path.to_owned(), source }
    }
}

pub(super) fn untrusted(why: Distrust) -> Error {
    Error::Untrusted(Box::new(why))
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The name of a journal's copy.
pub(super) fn copy(path: &Path) -> PathBuf {
    path.with_extension("json.copy")
}
