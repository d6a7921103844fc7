// SPDX-License-Identifier: MIT OR Apache-2.0

mod interrupt;
pub(crate) mod lines;

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use foldhash::HashMap;
pub(crate) use ipvs_cluster::Loss;
use ipvs_cluster::file::{self, Line, MAX_BYTES, Problem};
use ipvs_cluster::{
    Applied, Converge, Desired, Fault, Flaw, LookError, OnFailure, OnUnsound, Plan, Policy, Report,
    Subject, Verdict, Verify,
};
use ipvs_netlink::ServiceKey;
use lvs_term::escaped;

use self::interrupt::Interrupt;
use super::Director;
use super::undertaking::{Undertaking, refuse_while_pending};
use crate::cli::Restore;
use crate::error::{Error, Problems};
use crate::exit::Exit;
use crate::kept::{Cause, Objects, Pending, Reach};

/// Says what a restore did, or would do.
#[derive(Debug)]
pub(crate) struct Restored {
    /// The file's name.
    pub(crate) file: String,
    pub(crate) is_dry_run: bool,
    pub(crate) plan: Plan,
    /// Large loss that `--allow-deletes` did not confirm; not carried out.
    unconfirmed: Option<Loss>,
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
    /// Whether what became of each change is told, of however many.
    pub(crate) shows_all: bool,
    /// The number of the table before it, if that was kept.
    pub(crate) checkpoint: Option<u32>,
    /// Until when it is to be confirmed, if it is.
    pub(crate) pending: Option<Pending>,
}

pub(super) fn run(
    director: &Director,
    args: &Restore,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Restored, Error> {
    let name = match args.file.to_str() {
        Some("-") => "<stdin>".to_owned(),
        _ => escaped(args.file.as_os_str()),
    };
    let bytes = read(&args.file).map_err(|error| Error::Read { file: name.clone(), error })?;
    // Who does not read them all is told the first ones.
    let shows_all = args.report.verbose || args.report.json;
    let bad = |all| Problems { file: name.clone(), all, shows_all };
    let Input { desired, doubts, is_whole } =
        parse(&bytes).map_err(|all| Error::BadFile(bad(all)))?;
    drop(bytes);
    // Merging nothing harms nobody, but saying nothing is never meant.
    let says_more = desired.timeouts().is_some() || desired.daemons().is_some();
    let is_empty = desired.services().is_empty();
    if is_empty && !args.allow_empty && !(args.merge && says_more) {
        return Err(Error::EmptyFile { file: name, merges: args.merge });
    }
    let policy = if args.merge { Policy::add_only() } else { Policy::exact() };
    let policy = policy.reorder(args.reorder);
    let on_unsound = if args.as_is { OnUnsound::SetAsIs } else { OnUnsound::Refuse };
    let verify = if args.verify { Verify::Everything } else { Verify::Changed };
    let converge = Converge::new(&desired, policy)
        .on_failure(OnFailure::StopAll)
        .on_unsound(on_unsound)
        .verify(verify);
    let _lock = director.lock_alone()?;
    refuse_while_pending(director)?;
    let mut client = director.connect_to_look(usual_servers(&desired))?;
    let outlook = match converge.look(&mut client) {
        Ok(outlook) => outlook,
        Err(LookError::Ipvs(error)) => return Err(error.into()),
        Err(LookError::Refused(flaws)) => {
            return Err(Error::Doubtful(bad(problems(flaws, &doubts))));
        }
    };
    let means_it = is_whole || args.allow_deletes || is_empty;
    let unconfirmed = Some(outlook.loss()).filter(|loss| !means_it && loss.is_large());
    if let (Some(loss), false) = (unconfirmed, args.report.dry_run) {
        return Err(Error::ManyDeletes { file: name, loss: loss.to_string() });
    }
    let is_dry_run = args.report.dry_run;
    if is_dry_run || outlook.plan().is_empty() {
        let (reordered, plan) = (outlook.reordered(), outlook.into_plan());
        return Ok(Restored { unconfirmed, is_dry_run, reordered, ..Restored::new(name, plan) });
    }
    let steps = outlook.plan().steps().len();
    let reach = reach(&desired, policy);
    let undertaking =
        Undertaking::begin(director, Cause::Restore, reach, &outlook, args.confirm_within)?;
    // Who cannot be interrupted in good order is interrupted at once.
    let interrupt = Interrupt::catch().ok();
    let is_interrupted = || interrupt.as_ref().is_some_and(Interrupt::is_asked_for);
    let attempt = outlook.apply(&mut client, |done| {
        progress(done, steps);
        if is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let pending = undertaking.end(attempt.plan(), attempt.applied());
    let restored = Restored::of_report(name, attempt.verify(&mut client));
    Ok(Restored { shows_all, checkpoint: undertaking.checkpoint(), pending, ..restored })
}

/// Says what a restore may touch: all that it may delete, or else what it speaks of.
fn reach(desired: &Desired, policy: Policy) -> Reach {
    let mut objects = Objects::default();
    if !policy.deletes() {
        for entry in desired.services() {
            objects.add_service(entry.service.key);
            for wanted in &entry.servers {
                objects.add_server(entry.service.key, wanted.server.key);
            }
        }
    }
    Reach {
        everything: policy.deletes(),
        objects,
        timeouts: desired.timeouts().is_some(),
        daemons: desired.daemons().is_some(),
    }
}

/// Returns how many servers nine of ten services have at most.
fn usual_servers(desired: &Desired) -> usize {
    let mut numbers: Vec<_> = desired.services().iter().map(|it| it.servers.len()).collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() * 9 / 10).copied().unwrap_or_default()
}

/// Returns what is refused, each with its line of the file, in the order of the file. What is
/// told of no line is so together with what is there: the file begins in line 1.
fn problems(flaws: Vec<Flaw>, doubts: &[Fault<Line>]) -> Vec<Problem> {
    let lines: HashMap<Subject, usize> =
        doubts.iter().map(|doubt| (doubt.subject, doubt.origin.number())).collect();
    let problem = |Flaw { subject, why, .. }| Problem {
        line: lines.get(&subject).copied().unwrap_or(1),
        message: why.to_string(),
    };
    let mut problems: Vec<_> = flaws.into_iter().map(problem).collect();
    problems.sort_by_key(|problem| problem.line);
    problems
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

/// Holds what was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) desired: Desired,
    /// What of it is refused where it is not there already.
    pub(crate) doubts: Vec<Fault<Line>>,
    /// Whether it is known to be all that was written.
    pub(crate) is_whole: bool,
}

/// Reads either form, told apart by how it begins.
pub(super) fn parse(bytes: &[u8]) -> Result<Input, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        // Of an object nothing is missing: its last brace is there.
        Some(b'{') => {
            let file::Table { desired, doubts, .. } = file::read(bytes)?;
            Ok(Input { desired, doubts, is_whole: true })
        }
        _ => lines::read(bytes),
    }
}

impl Restored {
    /// Returns what a dry run of that plan would do.
    #[cfg(test)]
    pub(crate) fn planned(file: String, plan: Plan) -> Self {
        Self { is_dry_run: true, ..Self::new(file, plan) }
    }

    /// Makes a restore of which nothing is done yet.
    fn new(file: String, plan: Plan) -> Self {
        Self {
            file,
            is_dry_run: false,
            plan,
            unconfirmed: None,
            applied: None,
            interrupted: false,
            left: Plan::default(),
            reordered: Vec::new(),
            unread: None,
            shows_all: false,
            checkpoint: None,
            pending: None,
        }
    }

    /// Makes one of which nothing had to be done, or is to be.
    pub(super) fn unchanged(
        file: String,
        plan: Plan,
        is_dry_run: bool,
        reordered: Vec<ServiceKey>,
    ) -> Self {
        Self { is_dry_run, reordered, ..Self::new(file, plan) }
    }

    /// Makes one of what was done and seen.
    pub(super) fn of_report(file: String, report: Report) -> Self {
        let restored = Self { applied: Some(report.applied), ..Self::new(file, report.plan) };
        match report.verdict {
            Verdict::Read { left, reordered, .. } => Self { left, reordered, ..restored },
            Verdict::Unread(error) => Self { unread: Some(error), ..restored },
            Verdict::Stopped => Self { interrupted: true, ..restored },
        }
    }

    /// Returns how it ended.
    pub(crate) fn conclude(&self) -> Result<Exit, Error> {
        if let Some(loss) = self.unconfirmed {
            return Err(Error::ManyDeletes { file: self.file.clone(), loss: loss.to_string() });
        }
        if self.is_dry_run && !self.plan.is_empty() {
            return Ok(Exit::Pending);
        }
        Ok(if self.fell_short() { Exit::Failed } else { Exit::Done })
    }

    /// Returns whether part of it was not done, or does not show in the table.
    pub(crate) fn fell_short(&self) -> bool {
        let complete = self.applied.as_ref().is_none_or(Applied::is_complete);
        !complete || !self.left.is_empty() || self.unread.is_some()
    }
}

#[cfg(test)]
mod tests {
    use ipvs_cluster::{Observed, Unsound};
    use ipvs_netlink::Invalid;

    use super::*;

    /// A problem stands where the file says what is refused, or in its first line.
    #[test]
    fn what_is_refused_is_told_by_its_line() {
        let [one, other] =
            ["fwmark/1", "fwmark/2"].map(|key| Subject::Service(key.parse().unwrap()));
        let why = || Unsound::from(Invalid::OnePacketNotUdp);
        let doubt =
            |subject, line| Fault::new(Line::new(line), subject, ipvs_cluster::Why::Unsound(why()));
        let flaws = [one, other, Subject::Timeouts].map(|subject| Flaw::new(subject, why()));
        let problems = problems(flaws.into(), &[doubt(one, 9), doubt(other, 4)]);
        let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 4, 9]);
        assert!(problems.iter().all(|it| it.message == Invalid::OnePacketNotUdp.to_string()));
    }

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
}
