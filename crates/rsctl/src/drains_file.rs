// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps what is being drained or brought back, `drains.json` of the state folder. Who writes it
//! holds the lock of the table.

use std::fs;
use std::io;
use std::path::Path;

use ipvs_cluster::drain::Drains;
use lvs_host::files::trust::Trust;
use lvs_host::netns::{Identity, is_hosts_own};
use lvs_host::state::{Folder, Record, StateError, Version};
use serde::{Deserialize, Serialize};

/// Where it is for the host's own network namespace.
const STATE_DIR: &str = "/var/lib/rsctl";
const FORMAT: u32 = 1;
/// Larger than that of a hundred thousand servers.
const LARGEST: u64 = 64 << 20;

/// Is the file of one network namespace.
#[derive(Debug)]
pub(crate) struct DrainsFile {
    record: Record,
    boot: String,
}

/// Holds what was found in it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) drains: Drains,
    /// Those of before the last boot, with which they ended.
    pub(crate) stale: Drains,
    /// That the file is damaged or gone, and its copy was read.
    pub(crate) notice: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Content<T> {
    format: u32,
    /// The boot in which it was written: no table outlives one.
    boot: String,
    content: T,
}

impl DrainsFile {
    /// Finds that of the calling thread's network namespace. Creates nothing.
    ///
    /// # Errors
    /// [`StateError::Io`]: there is no `/proc`.
    pub(crate) fn of_this_thread() -> Result<Self, StateError> {
        let unidentified = |source: io::Error| StateError::Io {
            what: "identifying the network namespace by",
            path: "/proc".into(),
            source,
        };
        let Identity { boot, inode, cookie } = Identity::of_this_thread().map_err(unidentified)?;
        let folder = match is_hosts_own().map_err(unidentified)? {
            true => STATE_DIR.into(),
            false => {
                let cookie = cookie.map(|cookie| format!("-{cookie}")).unwrap_or_default();
                Path::new(STATE_DIR).join(format!("netns-{inode}{cookie}"))
            }
        };
        let folder = Folder::new(&folder, Trust::to_act(), "rsctl");
        Ok(Self { record: Record::new(folder, "drains", FORMAT, LARGEST), boot })
    }

    /// Returns what changes whenever the content does.
    pub(crate) fn version(&self) -> Version {
        self.record.version()
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`StateError`]
    pub(crate) fn load(&self) -> Result<Known, StateError> {
        let parse = |text: &str, _| serde_json::from_str::<Content<Drains>>(text).map(Some);
        let found = self.record.load(parse)?;
        let notice = found.notice;
        Ok(match found.content {
            None => Known { notice, ..Known::default() },
            Some(Content { boot, content, .. }) if boot == self.boot => {
                Known { drains: content, notice, ..Known::default() }
            }
            Some(Content { content, .. }) => Known { stale: content, notice, ..Known::default() },
        })
    }

    /// Keeps what is under way from now on.
    ///
    /// # Errors
    /// [`StateError`]; what was kept before is kept still.
    pub(crate) fn save(&self, drains: &Drains) -> Result<(), StateError> {
        if drains.is_empty() {
            return self.record.remove();
        }
        let folder = self.record.folder().path();
        if let Some(parent) = folder.parent().filter(|parent| *parent == Path::new(STATE_DIR)) {
            // Of the folders of namespaces nobody is to read more than of the host's own.
            let _ = fs::create_dir(parent);
        }
        self.record.save(&Content { format: FORMAT, boot: self.boot.clone(), content: drains })
    }
}
