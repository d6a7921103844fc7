// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent setup`.

use std::net::IpAddr;
use std::path::Path;

use super::{connect, destinations, list};
use crate::act::netlink::Netlink;
use crate::act::{self, privilege};
use crate::cli::SetupArgs;
use crate::config;
use crate::error::Error;
use crate::facts::Facts;
use crate::journal::{Journal, Store};
use crate::mode::Mode;
use crate::observe::observe;
use crate::output::{ChangeReport, StepReport};
use crate::plan::{Action, Step, refuse, setup};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::verify;
use crate::wanted::Wanted;

pub(super) fn run(args: &SetupArgs, state_dir: &Path) -> Result<ChangeReport, Error> {
    let request = match &args.what.config {
        None => args.what.request()?,
        Some(path) => {
            args.what.request()?;
            config::read(path)?.what.request()?
        }
    };
    carry_out(&request.ok_or(Refusal::NoMode)?, args.how.dry_run, state_dir)
}

/// Makes the host what the request says.
pub(super) fn carry_out(
    request: &Request,
    dry_run: bool,
    state_dir: &Path,
) -> Result<ChangeReport, Error> {
    if !dry_run {
        privilege::check()?;
    }
    let store = Store::new(state_dir)?;
    let _lock = if dry_run { None } else { Some(store.lock()?) };
    let before = store.load()?;
    let net = connect()?;

    let earlier = before.as_ref().map(|journal| &journal.wanted);
    let facts = observe(&net, &asked_about(request, earlier))?;
    let wanted = Wanted::resolve(request, earlier, &facts)?;
    refuse::check(&wanted, &facts)?;
    let warnings = refuse::warnings(&wanted, &facts);
    let steps = setup::steps(&wanted, &facts);
    let mut journal = before.clone().unwrap_or_else(|| store.begin(wanted.clone(), &facts));
    journal.wanted = wanted;
    journal.intend(steps.iter().map(|step| step.action.change.clone()));
    let mut report = ChangeReport {
        dry_run,
        changed: !steps.is_empty(),
        nothing_to_do: steps.is_empty().then(|| in_place(&journal.wanted)),
        notes: already_there(&journal, &facts),
        warnings,
        ..ChangeReport::default()
    };
    if !dry_run {
        act::preflight(&steps)?;
        make(&net, &store, &steps, before.as_ref(), &mut journal)?;
    }
    report.steps = steps.into_iter().map(StepReport::from).collect();
    Ok(report)
}

/// Journal, act, verify; on failure put back both host and journal.
fn make(
    net: &Netlink,
    store: &Store,
    steps: &[Step],
    before: Option<&Journal>,
    journal: &mut Journal,
) -> Result<(), Error> {
    let unchanged = |journal: &Journal| before == Some(journal);
    if !unchanged(journal) {
        store.save(journal)?;
    }
    let mut done = Vec::new();
    let result = act::perform(net, steps, |action| done.push(action.clone()))
        .and_then(|()| look_again(net, &journal.wanted));
    match result {
        Ok(facts) => {
            journal.confirm_tags(&facts);
            if unchanged(journal) { Ok(()) } else { store.save(journal) }
        }
        Err(cause) => Err(abandon(net, store, done, before, cause)),
    }
}

fn look_again(net: &Netlink, wanted: &Wanted) -> Result<Facts, Error> {
    let facts = observe(net, &destinations(wanted))?;
    let problems = verify::problems(wanted, &facts);
    if problems.is_empty() { Ok(facts) } else { Err(Error::NotAsWanted(problems)) }
}

fn abandon(
    net: &Netlink,
    store: &Store,
    done: Vec<Action>,
    before: Option<&Journal>,
    cause: Error,
) -> Error {
    let undone = act::take_back(net, done).and_then(|()| match before {
        Some(journal) => store.save(journal),
        None => store.remove(),
    });
    match undone {
        Ok(()) => cause,
        Err(undo) => Error::NotUndone { cause: Box::new(cause), undo: Box::new(undo) },
    }
}

fn asked_about(request: &Request, earlier: Option<&Wanted>) -> Vec<IpAddr> {
    let clients = request.client.into_iter().flat_map(|client| client.ends());
    let mut asked: Vec<IpAddr> = request.directors.clone();
    asked.extend(request.gateway.into_iter().chain(clients));
    asked.extend(earlier.map(destinations).unwrap_or_default());
    asked
}

fn in_place(wanted: &Wanted) -> String {
    match wanted.mode {
        Mode::Nat => {
            format!("replies go through {}", list(&wanted.ways_back().collect::<Vec<_>>()))
        }
        mode => format!("{mode} is in place for {}", list(&wanted.vips)),
    }
}

fn already_there(journal: &Journal, facts: &Facts) -> Vec<String> {
    let there = facts.addresses.iter().filter(|have| journal.wanted.vips.contains(&have.ip));
    there
        .filter(|have| !journal.owns(have.ip, &have.device, facts))
        .map(|have| {
            format!("{} is already there on {}: not ours, teardown leaves it", have.ip, have.device)
        })
        .collect()
}
