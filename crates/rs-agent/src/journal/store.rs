// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where journals are: one per network namespace in the state folder, for everybody to read.

use std::path::Path;
use std::time::{Duration, SystemTime};

use lvs_host::files::trust::Trust;
use lvs_host::netns::Identity;
use lvs_host::state::{self, Claim, Folder, Lock, Record, Version};

use super::{FORMAT, Journal, known};
use crate::error::Error;
use crate::facts::Facts;
use crate::wanted::Wanted;

/// Larger than the journal of a hundred thousand VIPs.
const LARGEST: u64 = 64 << 20;
/// How long to wait for another command to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Names the place where this namespace's journal is.
#[derive(Debug)]
pub struct Store {
    record: Record,
    pub(super) identity: Identity,
}

/// Holds what was found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The journal of this namespace. One of an earlier boot or of a namespace that is gone
    /// is as good as none: what it describes no longer exists.
    pub journal: Option<Journal>,
    /// That the journal is damaged or gone, and its copy was read.
    pub notice: Option<String>,
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
        let identity = Identity::of_this_thread().map_err(|source| Error::Journal {
            what: "identifying the network namespace by",
            path: "/proc".into(),
            source,
        })?;
        let folder = Folder::new(directory, trust, "rs-agent");
        let name = format!("netns-{}", identity.inode);
        Ok(Self { record: Record::new(folder, &name, FORMAT, LARGEST), identity })
    }

    /// Waits for other commands in this folder to end, and keeps them out. Makes the folder if
    /// it is missing.
    ///
    /// # Errors
    /// [`Error::Busy`] after ten seconds; [`Error::Untrusted`]; [`Error::Journal`].
    pub fn lock(&self) -> Result<Lock, Error> {
        Ok(self.record.folder().lock("lock", PATIENCE)?)
    }

    /// Claims this network namespace for one `run`, until the process ends.
    ///
    /// # Errors
    /// [`Error::Watched`] if another has it; [`Error::Untrusted`]; [`Error::Journal`].
    pub fn watch(&self) -> Result<Claim, Error> {
        Ok(self.record.folder().claim(&self.claim(), "rs-agent-run")?)
    }

    /// Claims it again if the lock file is gone, which it tells: another `run` would not see
    /// this one by its file.
    ///
    /// # Errors
    /// As [`Self::watch`].
    pub fn watch_again(&self, sole: &mut Claim) -> Result<bool, Error> {
        Ok(self.record.folder().claim_again(sole, &self.claim())?)
    }

    /// The name of the file that `run` locks.
    fn claim(&self) -> String {
        format!("run-{}.lock", self.identity.inode)
    }

    /// Returns what changes whenever the journal does.
    #[must_use]
    pub fn version(&self) -> Version {
        self.record.version()
    }

    /// Reads the journal of this namespace, or its copy if it is damaged or gone.
    ///
    /// # Errors
    /// [`Error::Damaged`] if neither can be understood, with what is seen of a set-up all the
    /// same; [`Error::Untrusted`]; [`Error::Journal`].
    pub fn load(&self) -> Result<Found, Error> {
        let ours = |journal: &Journal| journal.identity == self.identity;
        let parse = |text: &str, format| Ok(Some(Journal::parse(text, format)?).filter(ours));
        match self.record.load(parse).map_err(Error::from) {
            Ok(state::Found { content: journal, notice }) => Ok(Found { journal, notice }),
            Err(Error::Damaged { path, why, copy, .. }) => {
                Err(Error::Damaged { path, why, copy, known: known::hints() })
            }
            Err(error) => Err(error),
        }
    }

    /// Builds a journal that records nothing yet.
    #[must_use]
    pub fn begin(&self, wanted: Wanted, facts: &Facts) -> Journal {
        let vips = wanted.vips.iter().copied().collect();
        Journal {
            format: FORMAT,
            identity: self.identity.clone(),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            found: facts.hidden_addresses(&vips).map(|have| have.ip).collect(),
            wanted,
            changes: Vec::new(),
        }
    }

    /// Makes the journal durable, and a copy of it as far as there is room.
    ///
    /// # Errors
    /// [`Error::Journal`], and the earlier journal is intact then; [`Error::Untrusted`].
    pub fn save(&self, journal: &Journal) -> Result<(), Error> {
        Ok(self.record.save(journal)?)
    }

    /// Removes the journal: nothing is set up.
    ///
    /// # Errors
    /// [`Error::Journal`]; [`Error::Untrusted`].
    pub fn remove(&self) -> Result<(), Error> {
        Ok(self.record.remove()?)
    }

    /// Claims it as [`Self::watch`] does, by a name that no other test has.
    #[cfg(test)]
    pub(crate) fn watch_in_test(&self) -> Claim {
        let name = format!("rs-agent-{}-{:?}", std::process::id(), std::thread::current().id());
        self.record.folder().claim(&self.claim(), &name).unwrap()
    }

    #[cfg(test)]
    pub(super) fn file(&self) -> std::path::PathBuf {
        self.record.path()
    }
}
