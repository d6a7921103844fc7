// SPDX-License-Identifier: MIT OR Apache-2.0

//! `plan` and `apply`: the table becomes what the file of a cluster says, and what is of others
//! stays.

mod guard;
mod input;
mod mh;

use ipvs_cluster::{Converge, Desired, OnFailure, OnUnsound, Policy, Scope, Verify};

use self::guard::Guard;
use super::converge::{self, Converged, Way};
use super::undertaking::refuse_while_pending;
use super::{Director, drain};
use crate::cli::{Allow, Apply, Failure, Plan, Wanted};
use crate::error::Error;
use crate::exit::Exit;
use crate::kept::{Cause, Objects};

pub(crate) use guard::Note;

/// Says what an apply did, or would do.
#[derive(Debug)]
pub(crate) struct Applying {
    pub(crate) converged: Converged,
    pub(crate) note: Note,
    /// Whether what others have is shown.
    pub(crate) shows_foreign: bool,
}

pub(super) fn plan(director: &Director, args: &Plan) -> Result<Applying, Error> {
    let mut director = director.clone();
    director.dry_run = true;
    let how = How { within: None, goes_back: false, verify: Verify::Changed, shows_all: args.json };
    let planned = run(&director, &args.wanted, args.allow, how, &mut |_, _| {})?;
    Ok(Applying { shows_foreign: args.foreign, ..planned })
}

pub(super) fn apply(
    director: &Director,
    args: &Apply,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Applying, Error> {
    let how = How {
        within: args.confirm_within,
        goes_back: args.on_failure == Failure::Rollback,
        verify: if args.verify { Verify::Everything } else { Verify::Changed },
        shows_all: args.report.verbose || args.report.json,
    };
    run(director, &args.wanted, args.allow, how, progress)
}

struct How {
    within: Option<u32>,
    goes_back: bool,
    verify: Verify,
    shows_all: bool,
}

fn run(
    director: &Director,
    wanted: &Wanted,
    allow: Allow,
    how: How,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Applying, Error> {
    let input = input::read(&wanted.file, how.shows_all)?;
    if input.desired.services().is_empty() && !allow.allow_empty {
        return Err(Error::NothingWanted { file: input.name });
    }
    let _lock = director.lock_alone()?;
    if !director.dry_run {
        refuse_while_pending(director)?;
    }
    let owned = director.kept()?.owned()?;
    let known = owned.as_ref().map_or_else(Objects::default, Objects::clone);
    let scope = scope(&input.desired, &known, wanted.prune.then_some(input.declared));
    let file = input.name;
    let wanted = drain::under_way(director)?.applied_to(input.desired);
    let desired = wanted.within(scope).map_err(|outside| Error::Refused {
        action: format!("apply {file}"),
        refusal: crate::refusal::Refusal::Outside(outside),
    })?;
    let crowds = if allow.allow_mh_crowd { OnUnsound::RefuseButCrowds } else { OnUnsound::Refuse };
    let converge = Converge::new(&desired, Policy::exact())
        .on_failure(OnFailure::StopAll)
        .on_unsound(crowds)
        .verify(how.verify)
        .mh_slots(mh::slots(&desired));
    let way = Way {
        director,
        converge,
        desired: &desired,
        file: file.clone(),
        cause: Cause::Apply,
        within: how.within,
        goes_back: how.goes_back,
        shows_all: how.shows_all,
    };
    let mut guard = Guard { director, file, desired: &desired, owned, allow };
    let (converged, (note, _)) = converge::run_locked(way, &mut guard, progress)?;
    Ok(Applying { converged, note, shows_foreign: false })
}

/// Returns what of a director is ours: what is wanted, what earlier applies have made or taken
/// over, and what the file declares, if that is asked for.
fn scope(desired: &Desired, owned: &Objects, declared: Option<Scope>) -> Scope {
    let wanted = desired.services().iter();
    let wanted = wanted.map(|it| (it.service.key, it.servers.iter().map(|it| it.server.key)));
    let owned = owned.0.iter().map(|(service, servers)| (*service, servers.iter().copied()));
    let mut scope = declared.unwrap_or_else(|| Scope::of_services([]));
    scope = scope.and_objects(wanted).and_objects(owned);
    if desired.timeouts().is_some() {
        scope = scope.and_timeouts();
    }
    if desired.daemons().is_some() {
        scope = scope.and_daemons();
    }
    if desired.sysctls().is_empty() { scope } else { scope.and_sysctls() }
}

impl Applying {
    /// Returns how it ended.
    pub(crate) fn conclude(&self) -> Result<Exit, Error> {
        let Self { converged, note, .. } = self;
        if !note.refused.is_empty() {
            let (file, refused) = (converged.file.clone(), note.refused.clone());
            return Err(Error::Trapped { file, refused });
        }
        if converged.is_dry_run && !converged.plan.is_empty() {
            return Ok(Exit::Pending);
        }
        Ok(if converged.fell_short() { Exit::Failed } else { Exit::Done })
    }
}
