// SPDX-License-Identifier: MIT OR Apache-2.0
//! A teardown: what was set up goes, and what was there before comes back.

use std::net::IpAddr;
use std::path::Path;

use lvs_host::privilege;

use super::some;
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::error::Error;
use crate::journal::{Found, Journal, Store, without_journal};
use crate::observe::{Questions, connect, observe};
use crate::output::{ChangeReport, StepReport};
use crate::plan::{Step, teardown};

/// Takes down these VIPs, or everything if there are none. `known` is what the journal said, of
/// one that could not be written again since it was lost.
///
/// # Errors
/// What could not be taken down, and why; a teardown goes on past it.
pub fn take_down(
    vips: &[IpAddr],
    dry_run: bool,
    state_dir: &Path,
    known: Option<Journal>,
    catch: fn() -> Interrupt,
) -> Result<ChangeReport, Error> {
    if !dry_run {
        privilege::check()?;
    }
    let store = Store::new(state_dir)?;
    let _lock = match (!dry_run).then(|| store.lock()).transpose() {
        // Where there is no room for a journal there may be none for its lock.
        Err(Error::Journal { .. }) if known.is_some() => None,
        lock => lock?,
    };
    let Found { journal, notice } = match store.load() {
        Err(Error::Damaged { .. }) if known.is_some() => Found::default(),
        found => found?,
    };
    let Some(mut journal) = journal.or(known) else {
        let notes = notice.into_iter().chain(without_journal()).collect();
        return Ok(ChangeReport { notes, ..nothing(dry_run, "not set up".to_owned()) });
    };
    if !vips.is_empty() && !vips.iter().any(|vip| journal.wanted.vips.contains(vip)) {
        return Ok(nothing(dry_run, format!("not set up: {}", some(vips))));
    }
    let rest = if vips.is_empty() { None } else { journal.wanted.without(vips) };
    let net = connect()?;
    let questions = Questions::about(&journal.wanted);
    let facts = observe(&net, &questions)?;
    let plan = teardown::plan(&journal.changes, rest.as_ref(), &journal.found, &facts);
    if !dry_run {
        // No taking back here: what is gone is gone, and the journal, which stays as it is
        // until the end, lets the next run do the rest. A setting that cannot be written is
        // no reason to keep a VIP, nor is a disk that cannot.
        let mut failures = act::undo::perform_all(&net, &plan.steps, &catch());
        let interrupted = failures.iter().any(|error| matches!(error, Error::Interrupted));
        failures.retain(|error| !matches!(error, Error::Interrupted));
        // Of many the first are told: what was kept so that no VIP shows is among them.
        failures.sort_by_key(|error| !matches!(error, Error::Hides { .. }));
        let left = || -> Result<Vec<Step>, Error> {
            let now = observe(&net, &questions)?;
            Ok(teardown::plan(&journal.changes, rest.as_ref(), &journal.found, &now).steps)
        };
        if interrupted {
            let left = left()?.iter().map(|step| step.action.to_string()).collect();
            failures.insert(0, Error::Left(left));
        }
        if !failures.is_empty() {
            return Err(Error::Several(failures));
        }
        let left = left()?;
        if !left.is_empty() {
            let left = left.iter().map(|step| format!("missing: {}", step.action));
            return Err(Error::NotAsWanted(left.collect()));
        }
        let (did, recorded) = match rest {
            Some(rest) => {
                journal.wanted = rest;
                journal.changes = plan.kept;
                (format!("{} was taken down", some(vips)), store.save(&journal))
            }
            None => ("all was taken down".to_owned(), store.remove()),
        };
        recorded.map_err(|source| Error::Unrecorded { did, source: Box::new(source) })?;
    }
    Ok(ChangeReport {
        dry_run,
        changed: !plan.steps.is_empty(),
        steps: plan.steps.into_iter().map(StepReport::from).collect(),
        notes: notice.into_iter().chain(plan.notes).collect(),
        ..ChangeReport::default()
    })
}

fn nothing(dry_run: bool, why: String) -> ChangeReport {
    ChangeReport { dry_run, nothing_to_do: Some(why), ..ChangeReport::default() }
}
