// SPDX-License-Identifier: MIT OR Apache-2.0

pub(crate) mod lines;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use foldhash::HashMap;
pub(crate) use ipvs_cluster::Loss;
use ipvs_cluster::file::{self, Line, MAX_BYTES, Problem};
use ipvs_cluster::{
    Converge, Desired, Fault, Flaw, OnFailure, OnUnsound, Outlook, Policy, Subject, Verify,
};
use lvs_term::escaped;

use super::Director;
use super::converge::{self, Converged, Judge, Way};
use crate::cli::Restore;
use crate::error::{Error, Problems};
use crate::exit::Exit;
use crate::kept::{Cause, Objects, Reach};

/// Says what a restore did, or would do.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) converged: Converged,
    /// Large loss that `--allow-deletes` did not confirm; not carried out.
    unconfirmed: Option<Loss>,
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
    let way = Way {
        director,
        converge,
        desired: &desired,
        file: name.clone(),
        cause: Cause::Restore,
        within: args.confirm_within,
        goes_back: false,
        shows_all,
    };
    let means_it = is_whole || args.allow_deletes || is_empty;
    let mut judge =
        Guard { policy, director, name, shows_all, desired: &desired, doubts, means_it };
    let (converged, unconfirmed) = converge::run(way, &mut judge, progress)?;
    Ok(Restored { converged, unconfirmed })
}

/// Keeps a file of which lines may be missing from deleting much.
struct Guard<'a> {
    policy: Policy,
    director: &'a Director,
    name: String,
    shows_all: bool,
    desired: &'a Desired,
    doubts: Vec<Fault<Line>>,
    means_it: bool,
}

impl Judge for Guard<'_> {
    type Note = Option<Loss>;

    fn unsound(&self, flaws: Vec<Flaw>) -> Error {
        let all = problems(flaws, &self.doubts);
        Error::Doubtful(Problems { file: self.name.clone(), all, shows_all: self.shows_all })
    }

    fn judge(&mut self, outlook: &Outlook<'_>) -> Result<Option<Loss>, Error> {
        let loss = Some(outlook.loss()).filter(|loss| !self.means_it && loss.is_large());
        match loss {
            Some(loss) if !self.director.dry_run => {
                Err(Error::ManyDeletes { file: self.name.clone(), loss: loss.to_string() })
            }
            loss => Ok(loss),
        }
    }

    /// All that it may delete, or else what it speaks of.
    fn reach(&self, outlook: &Outlook<'_>) -> Reach {
        let mut objects = Objects::default();
        if !self.policy.deletes() {
            for entry in self.desired.services() {
                objects.add_service(entry.service.key);
                for wanted in &entry.servers {
                    objects.add_server(entry.service.key, wanted.server.key);
                }
            }
        }
        Reach {
            everything: self.policy.deletes(),
            objects,
            timeouts: self.desired.timeouts().is_some(),
            daemons: self.desired.daemons().is_some(),
            sysctls: converge::sysctls(outlook.observed()),
        }
    }
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

pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
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

impl From<Converged> for Restored {
    fn from(converged: Converged) -> Self {
        Self { converged, unconfirmed: None }
    }
}

impl Restored {
    /// Returns what a dry run of that plan would do.
    #[cfg(test)]
    pub(crate) fn planned(file: String, plan: ipvs_cluster::Plan) -> Self {
        Converged::planned(file, plan).into()
    }

    /// Returns how it ended.
    pub(crate) fn conclude(&self) -> Result<Exit, Error> {
        let Self { converged, unconfirmed } = self;
        if let Some(loss) = unconfirmed {
            return Err(Error::ManyDeletes {
                file: converged.file.clone(),
                loss: loss.to_string(),
            });
        }
        if converged.is_dry_run && !converged.plan.is_empty() {
            return Ok(Exit::Pending);
        }
        Ok(if converged.fell_short() { Exit::Failed } else { Exit::Done })
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
