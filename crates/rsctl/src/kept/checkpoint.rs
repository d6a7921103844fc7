// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps the table as it was before each large change, and what that change could touch.

use std::fs;
use std::path::{Path, PathBuf};

use ipvs_cluster::file;
use ipvs_cluster::{Builder, Desired, Faults, Observed, Scope, Sysctl};
use lvs_host::files;
use lvs_host::state::{Folder, StateError};
use serde::{Deserialize, Serialize};

use super::{Author, Kept, KeptError, Objects};

const FORMAT: &str = "rsctl-checkpoint/1";
/// So many are kept.
const KEPT: usize = 20;
/// Those of a table with a million servers.
const LARGEST: u64 = 128 << 20;
/// For its owner only: it has a command line.
const PRIVATE: u32 = 0o600;

/// Describes a checkpoint: the table beside it is that before the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    format: String,
    pub(crate) number: u32,
    #[serde(flatten)]
    pub(crate) author: Author,
    pub(crate) cause: Cause,
    /// What the change could touch.
    pub(crate) reach: Reach,
    /// What was owned before; absent if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owned: Option<Objects>,
}

/// Names the change before which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cause {
    Restore,
    Apply,
    /// Back to an earlier one.
    Rollback,
}

/// Says which part of a table a change could touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reach {
    /// All services with all servers, whatever there is.
    pub(crate) everything: bool,
    /// Those, if not all.
    pub(crate) objects: Objects,
    pub(crate) timeouts: bool,
    pub(crate) daemons: bool,
    /// Settings under `net.ipv4.vs`, as they were: no table has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sysctls: Vec<(String, String)>,
}

impl Reach {
    /// Adds what another change could touch.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.everything |= other.everything;
        self.objects.add_all(&other.objects);
        self.timeouts |= other.timeouts;
        self.daemons |= other.daemons;
        for (name, value) in &other.sysctls {
            // What it was before both.
            if self.sysctls.iter().all(|(known, _)| known != name) {
                self.sysctls.push((name.clone(), value.clone()));
            }
        }
        self
    }

    /// Returns what of a table is within it, to be wanted again.
    ///
    /// # Errors
    /// What no kernel has, such as two services with one key.
    pub(crate) fn of_table(&self, table: &Desired) -> Result<Desired, Faults<&'static str>> {
        const ORIGIN: &str = "the checkpoint";
        let mut builder = Builder::within(self.scope());
        for entry in table.services() {
            let key = entry.service.key;
            match self.objects.0.get(&key) {
                _ if self.everything => builder.service(ORIGIN, entry.clone()),
                Some(servers) => {
                    let mut entry = entry.clone();
                    entry.servers.retain(|wanted| servers.contains(&wanted.server.key));
                    builder.service(ORIGIN, entry)
                }
                None => &mut builder,
            };
        }
        if let Some(timeouts) = table.timeouts().filter(|_| self.timeouts) {
            builder.timeouts(ORIGIN, timeouts);
        }
        if self.daemons {
            builder.only_daemons();
            for daemon in table.daemons().into_iter().flatten() {
                builder.daemon(ORIGIN, daemon.clone());
            }
        }
        for (name, value) in &self.sysctls {
            let name = name.parse().ok();
            if let Some(sysctl) = name.and_then(|name| Sysctl::new(name, value).ok()) {
                builder.sysctl(ORIGIN, sysctl);
            }
        }
        builder.finish_as_found().map(|(desired, _)| desired)
    }

    fn scope(&self) -> Scope {
        if self.everything {
            return Scope::everything();
        }
        let objects = self.objects.0.iter();
        let objects = objects.map(|(service, servers)| (*service, servers.iter().copied()));
        let mut scope = Scope::of_objects(objects).and_sysctls();
        if self.timeouts {
            scope = scope.and_timeouts();
        }
        if self.daemons {
            scope = scope.and_daemons();
        }
        scope
    }
}

impl Kept {
    /// Keeps the table as it is before a change, and returns the checkpoint's number. What is
    /// written is on disk when this ends.
    ///
    /// # Errors
    /// [`KeptError::State`], and nothing is kept.
    pub(crate) fn checkpoint(
        &self,
        author: &Author,
        cause: Cause,
        reach: Reach,
        table: &Observed,
    ) -> Result<u32, KeptError> {
        self.make()?;
        let owned = self.owned()?;
        let folder = self.checkpoints_folder().make()?;
        let mut numbers = numbers(&folder);
        let number = numbers.last().map_or(1, |last| last.saturating_add(1));
        let about = Checkpoint {
            format: FORMAT.to_owned(),
            number,
            author: author.clone(),
            cause,
            reach,
            owned,
        };
        let mut text = Vec::new();
        file::write(table, &mut text).map_err(|why| KeptError::NotWritten { number, why })?;
        let about = serde_json::to_vec(&about)
            .map_err(|why| KeptError::NotWritten { number, why: why.into() })?;
        let [about_path, path] = paths(&folder, number);
        // What has no table is none.
        for (path, text, mode) in [(about_path, &about, PRIVATE), (path, &text, files::PUBLIC)] {
            files::replace(&path, text, mode).map_err(|source| StateError::Io {
                what: "writing",
                path,
                source,
            })?;
        }
        numbers.push(number);
        let old = numbers.len().saturating_sub(KEPT);
        for path in numbers.iter().take(old).rev().flat_map(|number| paths(&folder, *number)) {
            // One more than there have to be harms nobody.
            let _ = files::remove(&path);
        }
        Ok(number)
    }

    /// Returns the checkpoints, the oldest first. What cannot be read of them is left out.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn checkpoints(&self) -> Result<Vec<Checkpoint>, KeptError> {
        let Some((folder, _)) = self.checkpoints_folder().find()? else { return Ok(Vec::new()) };
        Ok(numbers(&folder).into_iter().filter_map(|it| self.about(&folder, it).ok()).collect())
    }

    fn about(&self, folder: &Path, number: u32) -> Result<Checkpoint, KeptError> {
        let [path, _] = paths(folder, number);
        let text = self.read(folder, &path)?;
        let about: Checkpoint = serde_json::from_str(&text)
            .map_err(|why| KeptError::Checkpoint { number, why: why.to_string() })?;
        match about.format.as_str() {
            FORMAT => Ok(about),
            other => {
                let why = format!("its format is {other}, and this program reads {FORMAT}");
                Err(KeptError::Checkpoint { number, why })
            }
        }
    }

    /// Reads the table of a checkpoint.
    ///
    /// # Errors
    /// [`KeptError::State`]; [`KeptError::Checkpoint`] if it is not what was written.
    pub(crate) fn table(&self, number: u32) -> Result<Desired, KeptError> {
        let folder = self.checkpoints_folder();
        let folder = folder.find()?.map_or_else(|| folder.path().to_owned(), |(path, _)| path);
        let [_, path] = paths(&folder, number);
        let text = self.read(&folder, &path)?;
        file::read(text.as_bytes()).map(|table| table.desired).map_err(|problems| {
            let first = problems.first();
            let why =
                first.map_or_else(String::new, |it| format!("line {}: {}", it.line, it.message));
            KeptError::Checkpoint { number, why }
        })
    }

    fn read(&self, folder: &Path, path: &Path) -> Result<String, KeptError> {
        let failed = |source| StateError::Io { what: "reading", path: path.to_owned(), source };
        let about = fs::symlink_metadata(folder).map_err(failed)?;
        let (text, file) = files::read_itself(path, LARGEST).map_err(failed)?;
        self.trust.file(path, &file, &about).map_err(StateError::from)?;
        Ok(text)
    }

    fn checkpoints_folder(&self) -> Folder {
        Folder::new(&self.path.join("checkpoints"), self.trust.clone(), "rsctl")
    }
}

/// Returns the paths of what describes a checkpoint, and of its table.
fn paths(folder: &Path, number: u32) -> [PathBuf; 2] {
    ["about.json", "json"].map(|suffix| folder.join(format!("{number}.{suffix}")))
}

/// Returns the numbers of those that have a table, in order.
fn numbers(folder: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| {
        let name = entry.file_name();
        name.to_str()?.strip_suffix(".json")?.parse::<u32>().ok()
    };
    let mut numbers: Vec<u32> = entries.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}
