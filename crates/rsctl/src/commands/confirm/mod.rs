// SPDX-License-Identifier: MIT OR Apache-2.0

pub(crate) mod watcher;

use super::Director;
use crate::cli::Confirm;
use crate::error::Error;
use crate::kept::Pending;

/// Says which change stays.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) pending: Pending,
    pub(crate) is_dry_run: bool,
}

pub(super) fn run(director: &Director, _args: &Confirm) -> Result<Confirmed, Error> {
    let _lock = director.lock_alone()?;
    let kept = director.kept()?;
    let pending = kept.pending()?.ok_or(Error::NothingPending)?;
    if !director.dry_run {
        kept.set_pending(None)?;
    }
    Ok(Confirmed { pending, is_dry_run: director.dry_run })
}
