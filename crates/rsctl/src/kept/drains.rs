// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is being drained or brought back: `drains.json`. Who writes it holds the lock of the table.

use ipvs_cluster::drain::Drains;
use lvs_host::state::{Record, Version};

use super::{Content, Kept, KeptError, boot};

/// Holds what was found in it.
#[derive(Debug, Default)]
pub(crate) struct KnownDrains {
    pub(crate) drains: Drains,
    /// Those of before the last boot, with which they ended.
    pub(crate) stale: Drains,
    /// That the file is damaged or gone, and its copy was read.
    pub(crate) notice: Option<String>,
}

impl Kept {
    fn drains_record(&self) -> Record {
        self.keeper("drains")
    }

    /// Returns what changes whenever what is under way does.
    pub(crate) fn drains_version(&self) -> Version {
        self.drains_record().version()
    }

    /// Reads what is under way.
    ///
    /// # Errors
    /// [`KeptError::State`]; [`KeptError::Namespace`].
    pub(crate) fn drains(&self) -> Result<KnownDrains, KeptError> {
        let parse = |text: &str, _| serde_json::from_str::<Content<Drains>>(text).map(Some);
        let found = self.drains_record().load(parse)?;
        let mut known = KnownDrains { notice: found.notice, ..KnownDrains::default() };
        if let Some(Content { boot: of, content, .. }) = found.content {
            match of == boot().map_err(KeptError::Namespace)? {
                true => known.drains = content,
                false => known.stale = content,
            }
        }
        Ok(known)
    }

    /// Keeps what is under way from now on.
    ///
    /// # Errors
    /// [`KeptError::State`]; what was kept before is kept still.
    pub(crate) fn set_drains(&self, drains: &Drains) -> Result<(), KeptError> {
        match drains.is_empty() {
            true => Ok(self.drains_record().remove()?),
            false => self.save("drains", drains),
        }
    }
}
