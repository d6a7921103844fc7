// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps a change that is undone unless somebody confirms it.

use std::io;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::{Author, Content, Kept, KeptError};

/// Describes a change that nobody has confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Who made it.
    pub(crate) author: Author,
    /// The table before it.
    pub(crate) checkpoint: u32,
    /// How long it has.
    pub(crate) within_seconds: u32,
    /// When that ends, by the clock that runs also while the host sleeps, and that nobody sets.
    deadline_ms: u64,
    /// The same by the wall clock as it was, for people.
    pub(crate) until: String,
    /// Why it could not be undone when its time was over, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
}

impl Pending {
    /// What helps where one waits.
    pub(crate) const REMEDY: &str =
        "`rsctl confirm` keeps it, `rsctl rollback` goes back to the table before it";

    /// Describes a change that is undone so long from now.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn new(author: &Author, checkpoint: u32, within_seconds: u32) -> io::Result<Self> {
        let within = Duration::from_secs(within_seconds.into());
        let deadline = boot_clock()? + within;
        let until = SystemTime::now().checked_add(within).unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Self {
            author: author.clone(),
            checkpoint,
            within_seconds,
            deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
            until: humantime::format_rfc3339_seconds(until).to_string(),
            failed: None,
        })
    }

    /// Keeps why it could not be undone.
    pub(crate) fn not_undone(self, why: String) -> Self {
        Self { failed: Some(why), ..self }
    }

    /// Says that it is there still, and that nothing will undo it.
    pub(crate) fn stays(&self) -> String {
        let Self { author, until, .. } = self;
        let who = self.who();
        match (&self.failed, self.left()) {
            (Some(why), _) => format!(
                "{who} at {} was not confirmed until {until}, and could not be undone: {why}",
                author.time
            ),
            (None, None) => format!(
                "{who} at {} was not confirmed until {until}, and is there still: what was to undo \
                 it has ended",
                author.time
            ),
            (None, Some(_)) => format!(
                "{who} at {} is to be confirmed until {until}, and what was to undo it has ended",
                author.time
            ),
        }
    }

    /// Says what was changed by whom: `` the change by `rsctl restore f` (pid 7) ``.
    pub(crate) fn who(&self) -> String {
        let command = lvs_term::quoted_words(&self.author.command);
        format!("the change by `{command}` (pid {})", self.author.pid)
    }

    /// Returns how much time is left; `None` if there is none.
    pub(crate) fn left(&self) -> Option<Duration> {
        let now = boot_clock().unwrap_or_default();
        Duration::from_millis(self.deadline_ms).checked_sub(now).filter(|left| !left.is_zero())
    }
}

fn boot_clock() -> io::Result<Duration> {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME)?;
    Ok(now.into())
}

impl Kept {
    /// Returns the change that waits to be confirmed. One of an earlier boot does not: its table
    /// ended with that.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn pending(&self) -> Result<Option<Pending>, KeptError> {
        // Most of the time there is none, and this is asked at every change.
        if self.keeper("pending").version().is_none() {
            return Ok(None);
        }
        let Some(Content { content, boot, .. }) = self.load("pending")? else { return Ok(None) };
        let now = super::boot().map_err(KeptError::Namespace)?;
        Ok(Some(content).filter(|_| boot == now))
    }

    /// Keeps which change waits; `None`: none does any more.
    ///
    /// # Errors
    /// [`KeptError::State`].
    pub(crate) fn set_pending(&self, pending: Option<&Pending>) -> Result<(), KeptError> {
        match pending {
            Some(pending) => self.save("pending", pending),
            None => Ok(self.keeper("pending").remove()?),
        }
    }
}
