// SPDX-License-Identifier: MIT OR Apache-2.0
//! A set-up: what is missing is made, or all of it is taken back.

use std::net::IpAddr;
use std::path::Path;

use lvs_host::privilege;

use super::{Transaction, some};
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::error::Error;
use crate::facts::{Address, Facts};
use crate::journal::{Found, Journal, Store};
use crate::mode::Mode;
use crate::observe::{Questions, connect, observe};
use crate::output::{ChangeReport, StepReport};
use crate::plan::{Action, Step, refuse, setup};
use crate::request::Request;
use crate::tunnel::Encapsulation;
use crate::verify;
use crate::wanted::Wanted;

/// Makes the host what the request says. VIPs of the earlier set-up that are `going` to be
/// taken down next stay in the journal, but whether they could be set up is no matter. Until
/// there is something to take back, signals end the process as ever; then `catch` does.
///
/// # Errors
/// What could not be done, and why; nothing is changed then, unless the error says so.
pub fn set_up(
    request: &Request,
    going: &[IpAddr],
    dry_run: bool,
    state_dir: &Path,
    catch: fn() -> Interrupt,
) -> Result<ChangeReport, Error> {
    if !dry_run {
        privilege::check()?;
    }
    let store = Store::new(state_dir)?;
    let _lock = if dry_run { None } else { Some(store.lock()?) };
    let net = connect()?;
    let Found { journal: before, notice } = store.load()?;

    let earlier = before.as_ref().map(|journal| &journal.wanted);
    let facts = observe(&net, &asked_about(request, earlier))?;
    let all = Wanted::resolve(request, earlier, &facts)?;
    let wanted = all.without(going).unwrap_or_else(|| all.clone());
    refuse::check(&wanted, &facts)?;
    let warnings = refuse::warnings(&wanted, &facts);
    let mut steps = setup::steps(&wanted, &facts);
    steps.extend(before.iter().flat_map(|journal| journal.exposed(&facts)));
    let mut journal = before.clone().unwrap_or_else(|| store.begin(all.clone(), &facts));
    journal.wanted = all;
    let damaged = notice.is_some();
    let mut notes: Vec<String> = notice.into_iter().collect();
    notes.extend(already_there(&journal, &wanted, &facts));
    notes.extend(earlier.into_iter().flat_map(|earlier| wanted.known_otherwise(earlier)));
    notes.extend(refuse::notes(&wanted));
    let mut report = ChangeReport {
        dry_run,
        changed: !steps.is_empty(),
        nothing_to_do: steps.is_empty().then(|| in_place(&wanted)),
        notes,
        warnings,
        ..ChangeReport::default()
    };
    if !dry_run {
        act::preflight(&steps)?;
        let interrupt = catch();
        let transaction = Transaction { host: &net, store: &store, before, damaged, journal };
        make(transaction, &steps, (&wanted, &facts), &interrupt)?;
    }
    report.steps = steps.into_iter().map(StepReport::from).collect();
    Ok(report)
}

/// Makes the steps to what is wanted, of a host of which these are the facts; on failure puts back
/// both host and journal.
pub(super) fn make(
    mut transaction: Transaction<'_>,
    steps: &[Step],
    (wanted, facts): (&Wanted, &Facts),
    interrupt: &Interrupt,
) -> Result<(), Error> {
    transaction.intend(steps, facts)?;
    let mut done = Vec::new();
    let note = |action: &Action, result: &Result<(), Error>| {
        if act::may_be_done(result) {
            done.push(action.clone());
        }
    };
    let made = transaction.perform(steps, interrupt, note);
    let confirmed = made.and_then(|()| {
        let facts = transaction.look()?;
        let problems = verify::problems(wanted, &facts);
        if !problems.is_empty() {
            return Err(Error::NotAsWanted(problems));
        }
        transaction.confirm(&facts)
    });
    confirmed.map(drop).map_err(|cause| abandon(&transaction, done, cause))
}

fn abandon(transaction: &Transaction<'_>, done: Vec<Action>, cause: Error) -> Error {
    if let Err(undo) = transaction.host.take_back(done) {
        return Error::NotUndone { cause: Box::new(cause), undo: Box::new(undo) };
    }
    match (transaction.put_back(), cause) {
        (Ok(()), Error::Interrupted) => Error::TakenBack,
        (Ok(()), cause) => cause,
        (Err(source), cause) => {
            let did = format!("{cause}; what was done is taken back");
            Error::Unrecorded { did, source: Box::new(source) }
        }
    }
}

fn asked_about(request: &Request, earlier: Option<&Wanted>) -> Questions {
    let mut asked = earlier.map(Questions::about).unwrap_or_default();
    let clients = request.client.into_iter().flat_map(|client| client.ends());
    let known = request.directors.iter().chain(&request.gateways).copied();
    if request.mode == Mode::Nat {
        asked.ways_back.extend(known.clone());
        asked.clients.extend(clients.clone());
    }
    asked.destinations.extend(known.chain(clients));
    asked.ports |= matches!(request.encapsulation, Some(Encapsulation::Gue { .. }));
    asked
}

fn in_place(wanted: &Wanted) -> String {
    match wanted.mode {
        Mode::Nat => {
            format!("replies go through {}", some(&wanted.ways_back().collect::<Vec<_>>()))
        }
        mode => format!("{mode} is in place for {}", some(&wanted.vips)),
    }
}

fn already_there(journal: &Journal, wanted: &Wanted, facts: &Facts) -> Vec<String> {
    let owned = journal.owned(facts);
    let there = wanted.vips.iter().flat_map(|vip| facts.addresses.of(*vip));
    there
        .filter(|have| !owned.contains(&(have.ip, &have.device)))
        .map(|have| {
            let Address { ip, device, .. } = have;
            if refuse::is_directors(have, wanted, facts) {
                format!("{ip} is on {device} too, where this host is its director: left as it is")
            } else {
                format!("{ip} is already there on {device}: not ours, teardown leaves it")
            }
        })
        .collect()
}
