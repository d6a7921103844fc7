// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeps a file of a state folder, and beside it a copy.
//!
//! Both have the same content, in files of their own: whatever becomes of one, the other tells
//! it. The folder and what is in it belong to root or to who runs this program, and nobody else
//! can write there; the files are for everybody to read. They are JSON, and begin with the
//! number of their format.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Folder, StateError, failed};
use crate::files;
use crate::words::system_error;

/// Names a file of a state folder that is kept twice.
#[derive(Debug)]
pub struct Record {
    folder: Folder,
    name: String,
    format: u32,
    most: u64,
}

/// Holds what was found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found<T> {
    /// The content; `None` if there is no file, or one that is as good as none.
    pub content: Option<T>,
    /// That the file is damaged or gone, and its copy was read.
    pub notice: Option<String>,
}

/// Tells one state of a file from another, by its number and time: every save makes a new file.
pub type Version = Option<(u64, i64, i64)>;

/// What every format begins with.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// Why a file has no content.
enum Fault {
    Missing,
    Unreadable(io::Error),
    /// In words that follow those of the file.
    Damaged(String),
    Stop(StateError),
}

impl Record {
    /// Names the file `name.json` of that folder, in formats up to `format` and of `most` bytes
    /// at most; creates nothing.
    #[must_use]
    pub fn new(folder: Folder, name: &str, format: u32, most: u64) -> Self {
        Self { folder, name: format!("{name}.json"), format, most }
    }

    /// Returns its folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns its path, as far as links have to be followed by nobody but the system.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Returns what changes whenever the content does; `None` if there is none.
    #[must_use]
    pub fn version(&self) -> Version {
        let file = fs::symlink_metadata(self.path()).ok()?;
        Some((file.ino(), file.mtime(), file.mtime_nsec()))
    }

    /// Reads the content, or its copy if it is damaged or gone. `parse` gets a text and its
    /// format; `None` from it is as good as no file.
    ///
    /// # Errors
    /// [`StateError::Damaged`] if neither can be understood; [`StateError::Newer`];
    /// [`StateError::Untrusted`]; [`StateError::Io`].
    pub fn load<T>(
        &self,
        parse: impl Fn(&str, u32) -> serde_json::Result<Option<T>>,
    ) -> Result<Found<T>, StateError> {
        let Some((folder, about)) = self.folder.find()? else {
            return Ok(Found { content: None, notice: None });
        };
        let path = folder.join(&self.name);
        let read = |path: &Path| self.read(path, &about, &parse);
        let why = match read(&path) {
            Ok(content) => return Ok(Found { content, notice: None }),
            Err(why) => why,
        };
        let shown = path.display();
        let (content, notice) = match (why, read(&copy(&path))) {
            (Fault::Stop(error), _) => return Err(error),
            // `remove` takes the copy away first: somebody else has removed the file, unless it
            // was only just made.
            (Fault::Missing, Ok(copy)) => {
                if let Ok(content) = read(&path) {
                    return Ok(Found { content, notice: None });
                }
                let notice = copy.is_some().then(|| format!("{shown} is gone: its copy is read"));
                (copy, notice)
            }
            (Fault::Missing, Err(Fault::Missing)) => (None, None),
            // A copy alone is that of a file that somebody removed, unless that was only just made.
            (Fault::Missing, Err(of_copy)) => match read(&path) {
                Ok(content) => (content, None),
                Err(_) => return Err(gone(path, of_copy)),
            },
            (Fault::Damaged(why), Ok(copy)) => {
                (copy, Some(format!("{shown} is damaged ({why}): its copy is read")))
            }
            (Fault::Unreadable(why), Ok(copy)) => (
                copy,
                Some(format!("{shown} cannot be read ({}): its copy is", system_error(&why))),
            ),
            (Fault::Unreadable(source), Err(_)) => return Err(failed("reading", &path, source)),
            (Fault::Damaged(why), Err(of_copy)) => {
                let copy = match of_copy {
                    Fault::Damaged(_) => "so is its copy",
                    Fault::Missing => "it has no copy",
                    Fault::Unreadable(_) | Fault::Stop(_) => "its copy cannot be used",
                };
                return Err(StateError::Damaged { path, why, copy });
            }
        };
        Ok(Found { content, notice })
    }

    fn read<T>(
        &self,
        path: &Path,
        folder: &fs::Metadata,
        parse: impl Fn(&str, u32) -> serde_json::Result<Option<T>>,
    ) -> Result<Option<T>, Fault> {
        let (text, about) =
            files::read_itself(path, self.most).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Fault::Missing,
                io::ErrorKind::InvalidData => Fault::Damaged(error.to_string()),
                _ => Fault::Unreadable(error),
            })?;
        self.folder.trust.file(path, &about, folder).map_err(|why| Fault::Stop(why.into()))?;
        if text.is_empty() {
            return Err(Fault::Damaged("it is empty".to_owned()));
        }
        let damaged = |why: serde_json::Error| Fault::Damaged(why.to_string());
        let Head { format } = serde_json::from_str(&text).map_err(damaged)?;
        if format > self.format {
            let (path, program) = (path.to_owned(), self.folder.program);
            return Err(Fault::Stop(StateError::Newer { path, format, program }));
        }
        parse(&text, format).map_err(damaged)
    }

    /// Makes the content durable, and a copy of it as far as there is room.
    ///
    /// # Errors
    /// [`StateError::Io`], and the earlier content is intact then; [`StateError::Untrusted`].
    pub fn save(&self, content: &impl Serialize) -> Result<(), StateError> {
        let path = self.folder.make()?.join(&self.name);
        let failed = |source| failed("writing", &path, source);
        let mut text = serde_json::to_string_pretty(content).map_err(|e| failed(e.into()))?;
        text.push('\n');
        if text.len() as u64 > self.most {
            return Err(failed(io::ErrorKind::FileTooLarge.into()));
        }
        let copy = copy(&path);
        let write = |path| files::replace(path, text.as_bytes(), files::PUBLIC);
        // Of a file that is damaged the copy is all there is.
        let is_sound = || self.is_sound(&path);
        let written = match write(&path) {
            // The content is worth more than its copy, which takes as much.
            Err(error) if is_full(&error) && is_sound() && files::remove(&copy).is_ok() => {
                write(&path)
            }
            written => written,
        };
        if written.is_err() || write(&copy).is_err() {
            if written.is_ok() {
                // It has the old content, which is not what a copy has to have.
                let _ = files::remove(&copy);
            }
            if is_sound() {
                // A second name is no second file, but better than none.
                let _ = fs::hard_link(&path, &copy);
            }
        }
        written.map_err(failed)
    }

    /// Whether what is there has a head that can be read.
    fn is_sound(&self, path: &Path) -> bool {
        let text = files::read_itself(path, self.most);
        text.is_ok_and(|(text, _)| serde_json::from_str::<Head>(&text).is_ok())
    }

    /// Removes the file, and first of all its copy.
    ///
    /// # Errors
    /// [`StateError::Io`]; [`StateError::Untrusted`].
    pub fn remove(&self) -> Result<(), StateError> {
        let Some((folder, _)) = self.folder.find()? else { return Ok(()) };
        let path = folder.join(&self.name);
        let removed = files::remove(&copy(&path))
            .and_then(|()| files::remove(&path))
            .and_then(|()| files::sync_folder(&path));
        removed.map_err(|source| failed("removing", &path, source))
    }
}

/// Says why nothing is known, where a file is gone and its copy is of no use.
fn gone(path: PathBuf, of_copy: Fault) -> StateError {
    match of_copy {
        Fault::Stop(error) => error,
        Fault::Unreadable(source) => failed("reading", &copy(&path), source),
        Fault::Damaged(_) | Fault::Missing => {
            StateError::Damaged { path, why: "it is gone".to_owned(), copy: "its copy is damaged" }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The name of a file's copy.
fn copy(path: &Path) -> PathBuf {
    path.with_extension("json.copy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::trust::Trust;

    const MOST: u64 = 200;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Content {
        format: u32,
        text: String,
    }

    fn content(text: &str) -> Content {
        Content { format: 2, text: text.to_owned() }
    }

    /// One whose text is `gone` is as good as none.
    fn load(record: &Record) -> Result<Found<Content>, StateError> {
        record.load(|text, format| {
            let content: Content = serde_json::from_str(text)?;
            assert_eq!(format, content.format);
            Ok(Some(content).filter(|content| content.text != "gone"))
        })
    }

    fn record(folder: &Path) -> Record {
        Record::new(Folder::new(folder, Trust::to_act(), "a-program"), "it", 2, MOST)
    }

    #[test]
    fn comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(&folder.path().join("deep/state"));
        assert_eq!((load(&record).unwrap().content, record.version()), (None, None));
        record.save(&content("a")).unwrap();
        let version = record.version();
        assert_eq!(load(&record).unwrap().content, Some(content("a")));
        record.save(&content("b")).unwrap();
        assert_ne!(record.version(), version);
        record.remove().unwrap();
        record.remove().unwrap();
        assert_eq!(load(&record).unwrap().content, None);
        assert!(record.save(&content(&"x".repeat(200))).is_err());
    }

    /// Each half is enough, and neither is taken for the other's.
    #[test]
    fn a_damaged_file_is_read_from_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(folder.path());
        let path = record.path();
        record.save(&content("a")).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() - 2 {
            fs::write(&path, &whole[..length]).unwrap();
            let found = load(&record).unwrap();
            assert_eq!(found.content, Some(content("a")), "{length}");
            assert!(found.notice.unwrap().contains(" is damaged ("), "{length}");
        }
        fs::remove_file(&path).unwrap();
        let found = load(&record).unwrap();
        assert!(found.notice.unwrap().ends_with(" is gone: its copy is read"));
        assert_eq!(found.content, Some(content("a")));
        // A copy that is as good as none is of no use, and no obstacle.
        record.save(&content("gone")).unwrap();
        fs::write(&path, "").unwrap();
        let found = load(&record).unwrap();
        assert!(found.content.is_none() && found.notice.unwrap().contains("it is empty"));
        fs::remove_file(&path).unwrap();
        assert_eq!(load(&record).unwrap(), Found { content: None, notice: None });
        // Nor is one that cannot be read taken for none, where it is all there is.
        record.save(&content("a")).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(copy(&path), "{").unwrap();
        let told = load(&record).unwrap_err();
        assert!(told.to_string().ends_with(" is damaged (it is gone), and its copy is damaged"));
        fs::write(copy(&path), "{\"format\": 99}").unwrap();
        let told = load(&record).unwrap_err();
        assert!(matches!(told, StateError::Newer { format: 99, .. }), "{told}");
        // One that is damaged is no copy.
        record.save(&content("a")).unwrap();
        fs::write(copy(&path), "").unwrap();
        assert_eq!(load(&record).unwrap(), Found { content: Some(content("a")), notice: None });
        fs::write(&path, "").unwrap();
        let told = load(&record).unwrap_err();
        assert!(matches!(told, StateError::Damaged { copy: "so is its copy", .. }), "{told}");
        // Too long for any memory, and refused by its length.
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        fs::remove_file(copy(&path)).unwrap();
        let told = load(&record).unwrap_err();
        assert!(matches!(told, StateError::Damaged { copy: "it has no copy", .. }), "{told}");
    }

    /// Whoever owns what it leads to.
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(&folder.path().join("state"));
        record.save(&content("a")).unwrap();
        let (path, target) = (record.path(), folder.path().join("target"));
        fs::rename(&path, &target).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let found = load(&record).unwrap();
        assert_eq!(found.content, Some(content("a")));
        assert!(found.notice.unwrap().ends_with("is damaged (a symbolic link): its copy is read"));
        fs::remove_file(copy(&path)).unwrap();
        let told = load(&record).unwrap_err();
        assert!(matches!(told, StateError::Damaged { copy: "it has no copy", .. }), "{told}");
        record.save(&content("b")).unwrap();
        assert_eq!(load(&record).unwrap(), Found { content: Some(content("b")), notice: None });
        assert!(fs::read_to_string(&target).unwrap().contains("\"a\""));
    }

    #[test]
    fn a_newer_format_is_left_to_a_newer_program_whatever_else_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(folder.path());
        fs::write(record.path(), r#"{"format": 3, "shape": "unknown"}"#).unwrap();
        let told = load(&record).unwrap_err();
        assert!(matches!(told, StateError::Newer { format: 3, .. }), "{told}");
        assert!(told.to_string().ends_with("a newer version of a-program: use that one"));
    }
}
