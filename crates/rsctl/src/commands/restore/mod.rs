// SPDX-License-Identifier: MIT OR Apache-2.0

mod interrupt;
pub(crate) mod lines;
mod loss;

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use foldhash::HashSet;
use ipvs_cluster::file::{self, MAX_BYTES, Problem};
use ipvs_cluster::{
    Applied, Desired, Observed, Plan, Policy, Step, apply, apply_as_is, plan, refused, reordered,
};
use ipvs_netlink::{Client, ServiceKey};

use self::interrupt::Interrupt;
pub(crate) use self::loss::Loss;
use super::Director;
use crate::cli::Restore;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// What a restore did, or would do.
#[derive(Debug)]
pub(crate) struct Restored {
    /// The file's name.
    pub(crate) file: String,
    pub(crate) is_dry_run: bool,
    pub(crate) plan: Plan,
    /// Large loss that `--allow-deletes` did not confirm; not carried out.
    pub(crate) unconfirmed: Option<Loss>,
    /// What became of the plan; `None` for a dry run.
    pub(crate) applied: Option<Applied>,
    /// Whether somebody asked for an end before it was one.
    pub(crate) interrupted: bool,
    /// What differs afterwards.
    pub(crate) left: Plan,
    /// Services whose servers hash by another order than the file's.
    pub(crate) reordered: Vec<ServiceKey>,
    /// Why that is not known, if it is not.
    pub(crate) unread: Option<ipvs_netlink::Error>,
}

pub(super) fn run(director: &Director, args: &Restore) -> Result<Restored, Error> {
    let name = match args.file.to_str() {
        Some("-") => "<stdin>".to_owned(),
        _ => args.file.display().to_string(),
    };
    let bytes = read(&args.file).map_err(|error| Error::Read { file: name.clone(), error })?;
    let Input { desired, is_whole } =
        parse(&bytes).map_err(|problems| Error::BadFile { file: name.clone(), problems })?;
    drop(bytes);
    // Merging nothing harms nobody, but saying nothing is never meant.
    let says_more = desired.timeouts.is_some() || desired.daemons.is_some();
    if desired.services.is_empty() && !args.allow_empty && !(args.merge && says_more) {
        return Err(Error::EmptyFile { file: name, merges: args.merge });
    }
    let policy = Policy { delete: !args.merge, reorder: args.reorder };
    let _lock = director.lock()?;
    let mut client = director.connect()?;
    let observed = Observed::read(&mut client)?;
    let plan = plan(&desired, &observed, policy);
    if !args.as_is {
        let problems = refused(&plan, &desired, &observed, policy);
        if !problems.is_empty() {
            return Err(Error::Doubtful { file: name, problems });
        }
    }
    let means_it = is_whole || args.allow_deletes || desired.services.is_empty();
    let loss = Loss::of(&plan, &observed);
    let unconfirmed = (!means_it && loss.is_large()).then_some(loss);
    if let (Some(loss), false) = (unconfirmed, args.report.dry_run) {
        return Err(Error::ManyDeletes { file: name, loss });
    }
    if args.report.dry_run || plan.is_empty() {
        return Ok(Restored {
            file: name,
            is_dry_run: args.report.dry_run,
            plan,
            unconfirmed,
            applied: None,
            interrupted: false,
            left: Plan::default(),
            reordered: if args.merge || args.reorder {
                Vec::new()
            } else {
                reordered(&desired, &observed)
            },
            unread: None,
        });
    }
    let mut progress = output::Progress::new(plan.steps.len());
    let apply = if args.as_is { apply_as_is } else { apply };
    // Who cannot be interrupted in good order is interrupted at once.
    let interrupt = Interrupt::catch().ok();
    let is_interrupted = || interrupt.as_ref().is_some_and(Interrupt::is_asked_for);
    let applied = apply(&mut client, &plan, &mut |done| {
        progress.tell(done);
        if is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    drop(progress);
    let interrupted = is_interrupted() && !applied.is_complete();
    if interrupted {
        return Ok(Restored {
            file: name,
            is_dry_run: false,
            plan,
            unconfirmed: None,
            applied: Some(applied),
            interrupted,
            left: Plan::default(),
            reordered: Vec::new(),
            unread: None,
        });
    }
    let known = if args.verify { HashSet::default() } else { acknowledged(&plan, &applied) };
    // Not being able to look again must not hide what was done.
    let look = look_again(director, &mut client, &desired, policy, &known);
    let (observed, left, unread) = match look {
        Ok((observed, left)) => (Some(observed), left, None),
        Err(error) => (None, Plan::default(), Some(error)),
    };
    Ok(Restored {
        file: name,
        is_dry_run: false,
        plan,
        unconfirmed: None,
        applied: Some(applied),
        interrupted: false,
        left,
        reordered: match &observed {
            Some(observed) if !args.merge => reordered(&desired, observed),
            _ => Vec::new(),
        },
        unread,
    })
}

/// The services that this run made, with all their servers: the kernel acknowledged each.
fn acknowledged(plan: &Plan, applied: &Applied) -> HashSet<ServiceKey> {
    if !applied.is_as_planned() {
        return HashSet::default();
    }
    let new = plan.steps.iter().filter_map(|step| match step {
        Step::AddService(service) => Some(service.key),
        _ => None,
    });
    new.collect()
}

/// The table as it is now, and what differs from what is wanted. Services are always
/// read again; so are the servers of those that are not `known`.
///
/// One look that shows just what is wanted agrees with what the kernel said to
/// the changes. If it shows anything else, another program is at work or a
/// change did not come through, and the table is read until nothing is missing.
fn look_again(
    director: &Director,
    client: &mut Client,
    desired: &Desired,
    policy: Policy,
    known: &HashSet<ServiceKey>,
) -> Result<(Observed, Plan), ipvs_netlink::Error> {
    let asked = desired.services.iter().filter(|it| !known.contains(&it.service.key));
    let most = asked.map(|it| it.servers.len()).max();
    let is_known = |key: &ServiceKey| known.contains(key);
    // A look that fails is no reason not to read it properly.
    let glance = match most.map(|most| director.connect_to_look(most)) {
        None => Observed::glance(client, is_known),
        Some(look) => look.and_then(|mut look| Observed::glance(&mut look, is_known)),
    };
    if let Ok(glance) = glance {
        let left = plan(desired, &glance, policy);
        if left.is_empty() {
            return Ok((glance, left));
        }
    }
    let observed = Observed::read(client)?;
    let left = plan(desired, &observed, policy);
    Ok((observed, left))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    // One more than may be, so that the reader notices.
    let most = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if file.to_str() == Some("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) desired: Desired,
    /// Whether it is known to be all that was written.
    pub(crate) is_whole: bool,
}

/// Either form, told apart by how it begins.
pub(super) fn parse(bytes: &[u8]) -> Result<Input, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        // Of an object nothing is missing: its last brace is there.
        Some(b'{') => Ok(Input { desired: file::read(bytes)?, is_whole: true }),
        _ => lines::read(bytes),
    }
}

impl Restored {
    /// How it ended.
    pub(crate) fn conclude(self) -> Result<Exit, Error> {
        if let Some(loss) = self.unconfirmed {
            return Err(Error::ManyDeletes { file: self.file, loss });
        }
        if self.is_dry_run && !self.plan.is_empty() {
            return Ok(Exit::Pending);
        }
        let complete = self.applied.as_ref().is_none_or(Applied::is_complete);
        if complete && self.left.is_empty() && self.unread.is_none() {
            return Ok(Exit::Done);
        }
        Err(Error::NotRestored(Box::new(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up to its last brace, no part of a saved table is one.
    #[test]
    fn json_that_was_cut_is_refused() {
        let lines = b"-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1 -w 100\n-A -f 7\n";
        let mut json = Vec::new();
        file::write(&Observed::from(&parse(lines).unwrap().desired), &mut json).unwrap();
        let end = json.trim_ascii_end().len();
        let start = json.iter().position(|byte| *byte == b'{').unwrap();
        for cut in start + 1..end {
            assert!(parse(&json[..cut]).is_err(), "{}", String::from_utf8_lossy(&json[..cut]));
        }
        assert!(parse(&json[..end]).is_ok_and(|input| input.is_whole));
    }

    /// Who met somebody else, or did not get through, knows nothing.
    #[test]
    fn only_what_was_made_as_planned_is_known() {
        let file = b"-A -f 1\n-a -f 1 -r 10.0.0.1\n-A -f 2\n-a -f 2 -r 10.0.0.2\n";
        let desired = parse(file).unwrap().desired;
        let there = parse(b"-A -f 2\n-a -f 2 -r 10.0.0.9\n").unwrap().desired;
        let plan = plan(&desired, &Observed::from(&there), Policy::default());
        let done = || Applied {
            fates: plan.steps.iter().map(|_| ipvs_cluster::Fate::Done).collect(),
            ..Applied::default()
        };
        let known = |applied: &Applied| {
            let known = acknowledged(&plan, applied);
            known.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(known(&done()), ["fwmark/1"]);
        assert!(known(&Applied { met_others: true, ..done() }).is_empty());
        let mut cut = done();
        cut.fates.pop();
        cut.fates.push(ipvs_cluster::Fate::Unknown);
        assert!(known(&cut).is_empty());
    }
}
