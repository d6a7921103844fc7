// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps what `rsctl` has to know the next time: who changed what, the tables before large
//! changes, what is owned, and what waits to be confirmed. `docs/history.md` has the files.
//!
//! All that writes here holds the lock of the table.

mod author;
mod checkpoint;
mod drains;
mod history;
mod objects;
mod pending;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lvs_host::files::trust::Trust;
use lvs_host::netns::{Identity, is_hosts_own};
use lvs_host::state::{Folder, Lock, Log, Record, StateError};
use serde::{Deserialize, Serialize};

pub(crate) use author::Author;
pub(crate) use checkpoint::{Cause, Checkpoint, Reach};
pub(crate) use drains::KnownDrains;
pub(crate) use history::{Entries, Entry, Event, Fared, Going, Part, of_plan};
pub(crate) use objects::Objects;
pub(crate) use pending::Pending;

/// Where the state of the host's own network namespace is.
pub(crate) const STATE_DIR: &str = "/var/lib/rsctl";

/// The formats of the files that are kept twice.
const FORMAT: u32 = 1;
/// Larger than the keys of a million servers.
const LARGEST: u64 = 128 << 20;
/// A history of so many bytes makes place for another one.
const FULL_HISTORY: u64 = 16 << 20;

/// Says why something could not be kept, or is not there any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The folder or a file in it.
    #[error(transparent)]
    State(#[from] StateError),
    /// The network namespace could not be told from others.
    #[error("identifying the network namespace: {}", lvs_term::system_error(.0))]
    Namespace(io::Error),
    /// A checkpoint that is not what was written.
    #[error("reading checkpoint {number}: {why}")]
    Checkpoint {
        /// Which one.
        number: u32,
        /// What is wrong with it.
        why: String,
    },
    /// A table cannot be written as a file.
    #[error("writing checkpoint {number}: {}", lvs_term::system_error(.why))]
    NotWritten {
        /// Which one.
        number: u32,
        /// Why not.
        why: io::Error,
    },
}

/// Is the place where all this is kept of one network namespace.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    trust: Trust,
}

/// Holds what a file that is kept twice says.
#[derive(Debug, Serialize, Deserialize)]
struct Content<T> {
    format: u32,
    /// The boot in which it was written: no table outlives one.
    boot: String,
    content: T,
}

impl Kept {
    /// Finds the place below `folder` for the network namespace of the calling thread: the
    /// folder itself for the host's own, and else one of its own. Creates nothing.
    ///
    /// # Errors
    /// [`KeptError::Namespace`]: there is no `/proc`.
    pub(crate) fn of_this_thread(folder: &Path) -> Result<Self, KeptError> {
        let path = match is_hosts_own().map_err(KeptError::Namespace)? {
            true => folder.to_owned(),
            false => {
                let Identity { boot, inode, cookie } =
                    Identity::of_this_thread().map_err(KeptError::Namespace)?;
                let cookie = cookie.map(|cookie| format!("-{cookie}")).unwrap_or_default();
                folder.join(format!("{}{inode}{cookie}", prefix(&boot)))
            }
        };
        Ok(Self { path, trust: Trust::to_act() })
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn folder(&self) -> Folder {
        Folder::new(&self.path, self.trust.clone(), "rsctl")
    }

    /// Keeps a record of this name in the folder.
    pub(crate) fn keeper(&self, name: &str) -> Record {
        Record::new(self.folder(), name, FORMAT, LARGEST)
    }

    /// Says which objects an apply has made or taken over; `None` if none ever did.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn owned(&self) -> Result<Option<Objects>, KeptError> {
        Ok(self.load("owned")?.map(|Content { content, .. }| content))
    }

    /// Keeps which objects are owned from now on.
    ///
    /// # Errors
    /// [`KeptError::State`]; what was kept before is kept still.
    pub(crate) fn set_owned(&self, owned: Option<&Objects>) -> Result<(), KeptError> {
        match owned {
            Some(owned) => self.save("owned", owned),
            None => Ok(self.keeper("owned").remove()?),
        }
    }

    fn load<T: for<'de> Deserialize<'de>>(
        &self,
        name: &str,
    ) -> Result<Option<Content<T>>, KeptError> {
        let found = self.keeper(name).load(|text, _| serde_json::from_str(text).map(Some))?;
        Ok(found.content)
    }

    fn save(&self, name: &str, content: &impl Serialize) -> Result<(), KeptError> {
        self.make()?;
        let boot = boot().map_err(KeptError::Namespace)?;
        Ok(self.keeper(name).save(&Content { format: FORMAT, boot, content })?)
    }

    /// Adds to the history what one command changed, and hands it to the journal of systemd.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn record(
        &self,
        author: &Author,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), KeptError> {
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return Ok(());
        }
        let log = self.history_log();
        // The folder is mostly there: it is looked for once.
        let log = match log.open_there()? {
            Some(log) => log,
            None => {
                self.make()?;
                log.open()?
            }
        };
        history::append(log, author, events)
    }

    /// Tells the journal of systemd what became of a command that nobody sees.
    pub(crate) fn note(author: &Author, text: &str) {
        history::note(author, text);
    }

    /// Is held by the process that undoes a change which nobody confirms.
    ///
    /// # Errors
    /// [`StateError::Busy`] if one is at work.
    pub(crate) fn watch(&self) -> Result<Lock, KeptError> {
        self.make()?;
        Ok(self.folder().lock("watcher.lock", Duration::ZERO)?)
    }

    /// Returns whether that process is there.
    pub(crate) fn is_watched(&self) -> bool {
        matches!(self.watch(), Err(KeptError::State(StateError::Busy { .. })))
    }

    /// Reads the history.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn history(&self) -> Result<Entries, KeptError> {
        history::read(&self.history_log())
    }

    fn history_log(&self) -> Log {
        Log::new(self.folder(), "history.jsonl", FULL_HISTORY)
    }

    /// Makes the folder. What another boot left of namespaces that ended with it goes, when a
    /// new one comes.
    fn make(&self) -> Result<(), KeptError> {
        let folder = self.folder();
        if folder.find()?.is_some() {
            return Ok(());
        }
        let made = folder.make()?;
        let name = made.file_name().and_then(|name| name.to_str());
        if let (true, Some(parent)) = (name.is_some_and(is_of_namespace), made.parent()) {
            let now = boot().map_err(KeptError::Namespace)?;
            for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
                let is_old = entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| is_of_namespace(name) && !name.starts_with(&prefix(&now)));
                if is_old && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    // What stays is in nobody's way.
                    let _ = fs::remove_dir_all(entry.path());
                }
            }
        }
        Ok(())
    }
}

/// What the names of all namespaces' folders of that boot begin with.
fn prefix(boot: &str) -> String {
    format!("netns-{}-", boot.get(..8).unwrap_or(boot))
}

fn is_of_namespace(name: &str) -> bool {
    name.starts_with("netns-")
}

/// Returns the number of this boot.
pub(crate) fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}
