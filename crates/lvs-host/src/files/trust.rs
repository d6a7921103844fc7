// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places where nobody writes but root and who runs this program: what is read there can be
//! obeyed, and what is written there goes where it is meant to.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};

use nix::unistd::geteuid;

use crate::words::system_error;

/// Write permission for the group or for others.
const OTHERS_WRITE: u32 = 0o022;
/// Any permission for them.
const OTHERS: u32 = 0o077;
/// In such a folder only the owner of an entry renames or removes it.
const STICKY: u32 = 0o1000;
/// As many links in one path as the kernel follows.
const LINKS: usize = 40;

/// Says whose files are believed: root's and those of the user that runs this program.
#[derive(Debug, Clone)]
pub struct Trust {
    us: u32,
    /// The owner of the state folder is believed too.
    owner: bool,
}

/// Says why a place is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// Permission bits.
    #[error("{path} is not safe: others can {what} it (mode {mode:o})")]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// `write` or `open`.
        what: &'static str,
        /// Its permission bits.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("{path} is not safe: it belongs to uid {owner}, {}", not_to(*.us))]
    Owner {
        /// The folder, file or link.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this program.
        us: u32,
    },
    /// It is no folder, or no regular file.
    #[error("{path} is not {what}")]
    Kind {
        /// What is there.
        path: PathBuf,
        /// What should be.
        what: &'static str,
    },
    /// Something else is where a file of this program belongs.
    #[error("{path} is {is}, where {program} keeps its lock")]
    InTheWay {
        /// The lock's path.
        path: PathBuf,
        /// What is there: `a directory`.
        is: &'static str,
        /// Whose place it is.
        program: &'static str,
    },
    /// It could not be looked at.
    #[error("opening {path}: {}", system_error(.source))]
    Io {
        /// What.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Whose it should be.
fn not_to(us: u32) -> String {
    match us {
        0 => "not to root".to_owned(),
        us => format!("who is neither root nor uid {us}"),
    }
}

impl Trust {
    /// Builds the rule for what is obeyed.
    #[must_use]
    pub fn to_act() -> Self {
        Self { us: geteuid().as_raw(), owner: false }
    }

    /// Builds the rule for what is only shown: the owner of the folder may be anybody.
    #[must_use]
    pub fn to_show() -> Self {
        Self { owner: true, ..Self::to_act() }
    }

    /// Finds the place that a path leads to, by links and folders that only root and we can change:
    /// whoever else there is, the path given back leads there from now on. What is missing at
    /// its end is let pass.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Distrust> {
        let failed = |path: &Path, source| Distrust::Io { path: path.to_owned(), source };
        let path = std::path::absolute(path).map_err(|source| failed(path, source))?;
        let mut rest = parts(&path);
        let mut at = PathBuf::from("/");
        let mut links = LINKS;
        // What the system tells of `at`, once it was asked.
        let mut known = None;
        while let Some(part) = rest.pop() {
            match Path::new(&part).components().next() {
                Some(Component::Normal(_)) => {}
                Some(Component::ParentDir) => {
                    at.pop();
                    known = None;
                    continue;
                }
                Some(Component::RootDir) => {
                    at = PathBuf::from("/");
                    known = None;
                    continue;
                }
                _ => continue,
            }
            let here = match known.take().map_or_else(|| fs::symlink_metadata(&at), Ok) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    at.push(part);
                    continue;
                }
                here => here.map_err(|source| failed(&at, source))?,
            };
            self.way(&at, &here)?;
            let next = at.join(&part);
            match fs::symlink_metadata(&next) {
                Ok(about) if about.is_symlink() => {
                    self.owner(&next, &about, outside)?;
                    known = Some(here);
                    links = links
                        .checked_sub(1)
                        .ok_or_else(|| failed(&next, io::Error::from_raw_os_error(libc::ELOOP)))?;
                    let target = fs::read_link(&next).map_err(|source| failed(&next, source))?;
                    rest.append(&mut parts(&target));
                }
                about => {
                    at = next;
                    known = about.ok();
                }
            }
        }
        Ok(at)
    }

    /// Checks the state folder itself, and gives what the system tells of it.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn folder(&self, path: &Path) -> Result<Metadata, Distrust> {
        let about = fs::symlink_metadata(path)
            .map_err(|source| Distrust::Io { path: path.to_owned(), source })?;
        if !about.is_dir() {
            return Err(Distrust::Kind { path: path.to_owned(), what: "a directory" });
        }
        if !self.owner {
            self.owner(path, &about, || None)?;
        }
        closed(path, &about, OTHERS_WRITE, "write")?;
        Ok(about)
    }

    /// Checks that a file in that folder can be obeyed.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn file(&self, path: &Path, about: &Metadata, folder: &Metadata) -> Result<(), Distrust> {
        let also = || Some(folder.uid()).filter(|_| self.owner);
        self.owner(path, about, also)?;
        closed(path, about, OTHERS_WRITE, "write")
    }

    /// Checks that nobody else can open, and so lock, a file of `program`.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn lock(
        &self,
        path: &Path,
        about: &Metadata,
        program: &'static str,
    ) -> Result<(), Distrust> {
        let kind = about.file_type();
        if !kind.is_file() {
            let is = match kind {
                kind if kind.is_dir() => "a directory",
                kind if kind.is_symlink() => "a symbolic link",
                kind if kind.is_fifo() => "a FIFO",
                kind if kind.is_socket() => "a socket",
                _ => "a device",
            };
            return Err(Distrust::InTheWay { path: path.to_owned(), is, program });
        }
        self.owner(path, about, || None)?;
        closed(path, about, OTHERS, "open")
    }

    /// Tells whether the user with this number is one of those believed.
    #[must_use]
    pub fn believes(&self, uid: u32) -> bool {
        uid == 0 || uid == self.us
    }

    /// A folder on the way to ours: what is in it stays where it is, or only its owner moves it.
    fn way(&self, path: &Path, about: &Metadata) -> Result<(), Distrust> {
        if !about.is_dir() {
            return Err(Distrust::Kind { path: path.to_owned(), what: "a directory" });
        }
        self.owner(path, about, outside)?;
        if about.mode() & STICKY != 0 { Ok(()) } else { closed(path, about, OTHERS_WRITE, "write") }
    }

    /// `also` is who else may own it; that is asked of what is neither root's nor ours only.
    fn owner(
        &self,
        path: &Path,
        about: &Metadata,
        also: impl FnOnce() -> Option<u32>,
    ) -> Result<(), Distrust> {
        let owner = about.uid();
        if self.believes(owner) || Some(owner) == also() {
            return Ok(());
        }
        Err(Distrust::Owner { path: path.to_owned(), owner, us: self.us })
    }
}

fn closed(path: &Path, about: &Metadata, to: u32, what: &'static str) -> Result<(), Distrust> {
    let mode = about.mode() & 0o7777;
    if mode & to == 0 {
        return Ok(());
    }
    Err(Distrust::Open { path: path.to_owned(), what, mode })
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let mut parts: Vec<OsString> =
        path.components().map(|part| part.as_os_str().to_owned()).collect();
    parts.reverse();
    parts
}

/// Returns who root is outside of a user namespace that does not know that root: `/` looks as if
/// it belonged to everybody who is not in it (user_namespaces(7)).
fn outside() -> Option<u32> {
    let map = fs::read_to_string("/proc/self/uid_map").ok()?;
    let all = map.split_whitespace().eq(["0", "0", "4294967295"]);
    let number = fs::read_to_string("/proc/sys/kernel/overflowuid").ok()?;
    number.trim().parse().ok().filter(|_| !all)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn root_is_not_told_of_itself_twice() {
        let says = |us| Distrust::Owner { path: "/x".into(), owner: 1000, us }.to_string();
        assert_eq!(says(0), "/x is not safe: it belongs to uid 1000, not to root");
        let other = "/x is not safe: it belongs to uid 1000, who is neither root nor uid 7";
        assert_eq!(says(7), other);
    }

    #[test]
    fn a_path_leads_where_nobody_else_can_lead_it() {
        let trust = Trust::to_act();
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(folder.join("a/b")).unwrap();
        for (link, target) in [("to-b", "a/b"), ("up", "a/b/../.."), ("round", "round/x")] {
            symlink(target, folder.join(link)).unwrap();
        }
        symlink(folder.join("to-b"), folder.join("a/far")).unwrap();
        let resolved = |path: &str| trust.resolve(&folder.join(path));
        for (path, place) in [
            ("a/./b", "a/b"),
            ("a/b/../missing/deep", "a/missing/deep"),
            ("to-b/new", "a/b/new"),
            ("up/a/far/..", "a"),
        ] {
            assert_eq!(resolved(path).unwrap(), folder.join(place), "{path}");
        }
        assert!(matches!(resolved("round"), Err(Distrust::Io { .. })));
        let mode = |bits| {
            fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(bits)).unwrap();
        };
        for (bits, way, own) in [
            (0o755, true, true),
            (0o775, false, false),
            (0o1777, true, false),
            (0o702, false, false),
        ] {
            mode(bits);
            assert_eq!(resolved("a/b").is_ok(), way, "{bits:o}");
            assert_eq!(trust.folder(&folder.join("a")).is_ok(), own, "{bits:o}");
        }
        fs::write(folder.join("file"), "").unwrap();
        assert!(matches!(resolved("file/x"), Err(Distrust::Kind { .. })));
        assert!(matches!(trust.folder(&folder.join("file")), Err(Distrust::Kind { .. })));
    }
}
