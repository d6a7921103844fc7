// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent teardown`.

use std::net::IpAddr;
use std::path::Path;

use super::{connect, list, questions};
use crate::act::{self, privilege};
use crate::cli::TeardownArgs;
use crate::error::Error;
use crate::journal::Store;
use crate::observe::observe;
use crate::output::{ChangeReport, StepReport};
use crate::plan::teardown;
use crate::request;

pub(super) fn run(args: &TeardownArgs, state_dir: &Path) -> Result<ChangeReport, Error> {
    carry_out(&request::vips(&args.vips)?, args.how.dry_run, state_dir)
}

/// Takes down these VIPs, or everything if there are none.
pub(super) fn carry_out(
    vips: &[IpAddr],
    dry_run: bool,
    state_dir: &Path,
) -> Result<ChangeReport, Error> {
    if !dry_run {
        privilege::check()?;
    }
    let store = Store::new(state_dir)?;
    let _lock = if dry_run { None } else { Some(store.lock()?) };
    let Some(mut journal) = store.load()? else {
        return Ok(nothing(dry_run, "not set up".to_owned()));
    };
    if !vips.is_empty() && !vips.iter().any(|vip| journal.wanted.vips.contains(vip)) {
        return Ok(nothing(dry_run, format!("not set up: {}", list(vips))));
    }
    let rest = if vips.is_empty() { None } else { journal.wanted.without(vips) };
    let net = connect()?;
    let questions = questions(&journal.wanted);
    let facts = observe(&net, &questions)?;
    let plan = teardown::plan(&journal.changes, rest.as_ref(), &journal.found, &facts);
    if !dry_run {
        // A journal that could not be removed afterwards would tell of what is gone.
        store.save(&journal)?;
        // No taking back here: what is gone is gone, and the journal, which stays as it is
        // until the end, lets the next run do the rest. A setting that cannot be written is
        // no reason to keep a VIP.
        let failures = act::perform_all(&net, &plan.steps);
        if !failures.is_empty() {
            return Err(Error::Several(failures));
        }
        let now = observe(&net, &questions)?;
        let left = teardown::plan(&journal.changes, rest.as_ref(), &journal.found, &now).steps;
        if !left.is_empty() {
            let left = left.iter().map(|step| format!("missing: {}", step.action));
            return Err(Error::NotAsWanted(left.collect()));
        }
        match rest {
            Some(rest) => {
                journal.wanted = rest;
                journal.changes = plan.kept;
                store.save(&journal)?;
            }
            None => store.remove()?,
        }
    }
    Ok(ChangeReport {
        dry_run,
        changed: !plan.steps.is_empty(),
        steps: plan.steps.into_iter().map(StepReport::from).collect(),
        notes: plan.notes,
        ..ChangeReport::default()
    })
}

fn nothing(dry_run: bool, why: String) -> ChangeReport {
    ChangeReport { dry_run, nothing_to_do: Some(why), ..ChangeReport::default() }
}
