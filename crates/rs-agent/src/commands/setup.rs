// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rs-agent setup`.

use std::net::IpAddr;
use std::path::Path;

use lvs_host::netlink::Netlink;
use lvs_host::privilege;

use super::{connect, load, questions, some};
use crate::act;
use crate::act::interrupt::Interrupt;
use crate::bad_request::BadRequest;
use crate::cli::SetupArgs;
use crate::config;
use crate::error::Error;
use crate::facts::{Address, Facts};
use crate::journal::{Found, Journal, Store};
use crate::mode::Mode;
use crate::observe::{Questions, observe};
use crate::output::{ChangeReport, StepReport};
use crate::plan::{Action, Step, refuse, setup};
use crate::request::Request;
use crate::run::judge::exposed;
use crate::tunnel::Envelope;
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
    let request = request.ok_or(BadRequest::NoMode)?;
    add(&request, &[], args.how.dry_run, state_dir, Interrupt::catch)
}

/// Makes the host what the request says. VIPs of the earlier set-up that are `going` to be
/// taken down next stay in the journal, but whether they could be set up is no matter. Until
/// there is something to take back, signals end the process as ever; then `catch` does.
pub(super) fn add(
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
    let Found { journal: before, notice } = load(&store, &net)?;

    let earlier = before.as_ref().map(|journal| &journal.wanted);
    let facts = observe(&net, &asked_about(request, earlier))?;
    let all = Wanted::resolve(request, earlier, &facts)?;
    let wanted = all.without(going).unwrap_or_else(|| all.clone());
    refuse::check(&wanted, &facts)?;
    let warnings = refuse::warnings(&wanted, &facts);
    let mut steps = setup::steps(&wanted, &facts);
    steps.extend(before.iter().flat_map(|journal| exposed(journal, &facts)));
    let mut journal = before.clone().unwrap_or_else(|| store.begin(all.clone(), &facts));
    journal.wanted = all;
    journal.intend(steps.iter().map(|step| step.action.change.clone()));
    let damaged = notice.is_some();
    let mut notes: Vec<String> = notice.into_iter().collect();
    notes.extend(already_there(&journal, &wanted, &facts));
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
        let making = Making { net: &net, store: &store, before: before.as_ref(), damaged };
        making.make(&steps, &mut journal, &wanted, &catch())?;
    }
    report.steps = steps.into_iter().map(StepReport::from).collect();
    Ok(report)
}

struct Making<'a> {
    net: &'a Netlink,
    store: &'a Store,
    before: Option<&'a Journal>,
    /// What is there is from the journal's copy.
    damaged: bool,
}

impl Making<'_> {
    /// Journal, act, verify, journal; on failure puts back both host and journal.
    fn make(
        &self,
        steps: &[Step],
        journal: &mut Journal,
        wanted: &Wanted,
        interrupt: &Interrupt,
    ) -> Result<(), Error> {
        let unchanged = |journal: &Journal| self.before == Some(journal);
        if self.damaged || !unchanged(journal) {
            self.store.save(journal)?;
        }
        let mut done = Vec::new();
        let note = |action: &Action, result: &Result<(), Error>| {
            if act::may_be_done(result) {
                done.push(action.clone());
            }
        };
        let result = act::perform(self.net, steps, interrupt, note)
            .and_then(|()| look_again(self.net, wanted))
            .and_then(|facts| {
                journal.confirm_tags(&facts);
                if unchanged(journal) { Ok(()) } else { self.store.save(journal) }
            });
        result.map_err(|cause| self.abandon(done, cause))
    }

    fn abandon(&self, done: Vec<Action>, cause: Error) -> Error {
        if let Err(undo) = act::take_back(self.net, done) {
            return Error::NotUndone { cause: Box::new(cause), undo: Box::new(undo) };
        }
        let put_back = match self.before {
            Some(journal) => self.store.save(journal),
            None => self.store.remove(),
        };
        match (put_back, cause) {
            (Ok(()), Error::Interrupted) => Error::TakenBack,
            (Ok(()), cause) => cause,
            (Err(source), cause) => {
                let did = format!("{cause}; what was done is taken back");
                Error::Unrecorded { did, source: Box::new(source) }
            }
        }
    }
}

fn look_again(net: &Netlink, wanted: &Wanted) -> Result<Facts, Error> {
    let facts = observe(net, &questions(wanted))?;
    let problems = verify::problems(wanted, &facts);
    if problems.is_empty() { Ok(facts) } else { Err(Error::NotAsWanted(problems)) }
}

fn asked_about(request: &Request, earlier: Option<&Wanted>) -> Questions {
    let mut asked = earlier.map(questions).unwrap_or_default();
    let clients = request.client.into_iter().flat_map(|client| client.ends());
    let known = request.directors.iter().chain(&request.gateways).copied();
    if request.mode == Mode::Nat {
        asked.ways_back.extend(known.clone());
        asked.clients.extend(clients.clone());
    }
    asked.destinations.extend(known.chain(clients));
    asked.ports |= matches!(request.envelope, Some(Envelope::Gue { .. }));
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
