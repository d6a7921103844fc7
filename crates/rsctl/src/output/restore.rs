// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use ipvs_cluster::{Action, Fate, Step, file};
use lvs_term::{Complaint, count, one_line};

use super::difference;
use crate::commands::Converged;

/// Writes a line for each step that was made: `+`, `~` or `-`, and what it is about.
pub(super) fn write(converged: &Converged, out: &mut impl Write) -> io::Result<()> {
    if converged.plan.is_empty() {
        return writeln!(out, "nothing to change");
    }
    for (place, step) in converged.plan.steps().iter().enumerate() {
        let fate = converged.applied.as_ref().and_then(|applied| applied.fates.get(place));
        // What was not done is on stderr.
        if matches!(fate, None | Some(Fate::Done)) {
            writeln!(out, "{}", one_line(&line(step)))?;
        }
    }
    Ok(())
}

/// Says on stderr what is as wanted and may not act as expected.
pub(super) fn warn(converged: &Converged) {
    for key in &converged.reordered {
        super::warning(&format!(
            "the servers of {key} are not in the order of {}, by which its scheduler hashes; \
             `--reorder` takes them away and adds them again",
            converged.file
        ));
    }
}

/// Returns a step as a line.
pub(super) fn line(step: &Step) -> String {
    let sign = match step.action() {
        Action::Add => '+',
        Action::Edit => '~',
        Action::Delete => '-',
    };
    match details(step).as_str() {
        "" => format!("{sign} {}", subject(step)),
        details => format!("{sign} {}: {details}", subject(step)),
    }
}

/// Returns what a step makes of what.
pub(super) fn details(step: &Step) -> String {
    match step {
        Step::LiftServer { .. } => "to come again in its place".to_owned(),
        Step::PutServer { .. } => "in its place".to_owned(),
        _ => difference::text(file::before(step).as_ref(), file::after(step).as_ref()),
    }
}

pub(super) fn subject(step: &Step) -> String {
    match step {
        Step::SetTimeouts { .. } => "timeouts".to_owned(),
        Step::SetSysctl { after, .. } => format!("net.ipv4.vs.{}", after.name()),
        Step::StopDaemon { before, .. } => {
            format!("{} sync daemon on {}", before.role, before.interface)
        }
        Step::StartDaemon(daemon) => format!("{} sync daemon on {}", daemon.role, daemon.interface),
        Step::DeleteService { before, servers: n @ 1.., .. } => {
            format!("service {} with {}", before.key, count(*n, "server"))
        }
        _ => match (step.service(), step.server()) {
            (Some(service), Some(server)) => format!("server {server} of {service}"),
            (Some(service), None) => format!("service {service}"),
            _ => String::new(),
        },
    }
}

/// Returns what a restore that fell short has to say: how far it came, what became of each change,
/// and what is not as it should be.
pub(super) fn shortfall(converged: &Converged) -> Complaint {
    fell_short(converged, "restore")
}

/// Does the same for another command that goes the same way.
pub(super) fn fell_short(converged: &Converged, command: &str) -> Complaint {
    let failed = converged.applied.iter().flat_map(|applied| &applied.fates);
    let first = failed.filter_map(|fate| match fate {
        Fate::Failed(error) => Some(error.hints()),
        _ => None,
    });
    let article = if command.starts_with('a') { "an" } else { "a" };
    let again =
        format!("`rsctl {command} --dry-run` shows what is left, and {article} {command} does it");
    let told = failures(converged);
    let all = told.is_short().then(|| "`--verbose` and `--json` show all changes".to_owned());
    let hints = first.take(1).flatten().chain([again]).chain(all).collect();
    let message = format!("cannot {command} {}: {}", converged.file, summary(converged));
    Complaint { message, details: told.lines, hints }.shortened()
}

fn summary(converged: &Converged) -> String {
    let fates = converged.applied.as_ref().map_or(&[][..], |applied| &applied.fates);
    let number = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
    let failed = number(|fate| matches!(fate, Fate::Failed(_)));
    let unknown = number(|fate| matches!(fate, Fate::Unknown));
    let not_tried = number(|fate| matches!(fate, Fate::NotTried(_)));
    let made = number(|fate| matches!(fate, Fate::Done));
    if failed + unknown + not_tried == 0 && converged.unread.is_some() {
        return "all changes were made, and the table could not be read again".to_owned();
    }
    if failed + unknown + not_tried == 0 {
        let left = converged.left.steps().len();
        return format!(
            "all changes were made, and {} {} there now: another program changes the table",
            count(left, "difference"),
            if left == 1 { "is" } else { "are" }
        );
    }
    if converged.interrupted && failed + unknown == 0 {
        let changes = count(fates.len(), "change");
        return format!("interrupted: {made} of {changes} made, {not_tried} not tried");
    }
    let unknown = if unknown == 0 { String::new() } else { format!("{unknown} perhaps done, ") };
    let changes = count(fates.len(), "change");
    format!("{failed} of {changes} failed, {unknown}{not_tried} not tried, {made} made")
}

/// The most changes of a kind that are told to who has not asked for all.
const MOST_OF_A_KIND: usize = 20;

/// Holds lines of a few kinds, and counts those that are not told.
struct Told {
    lines: Vec<String>,
    kinds: Vec<(&'static str, usize)>,
    shows_all: bool,
}

impl Told {
    fn add(&mut self, kind: &'static str, line: impl FnOnce() -> String) {
        let place = self.kinds.iter().position(|(known, _)| *known == kind);
        let place = place.unwrap_or_else(|| {
            self.kinds.push((kind, 0));
            self.kinds.len() - 1
        });
        let (_, number) = &mut self.kinds[place];
        *number += 1;
        if self.shows_all || *number <= MOST_OF_A_KIND {
            self.lines.push(format!("{kind}: {}", line()));
        }
    }

    fn is_short(&self) -> bool {
        !self.shows_all && self.kinds.iter().any(|(_, number)| *number > MOST_OF_A_KIND)
    }

    fn end(&mut self) {
        if self.is_short() {
            for (kind, number) in &self.kinds {
                let more = number.saturating_sub(MOST_OF_A_KIND);
                self.lines.extend((more > 0).then(|| format!("{kind}: and {more} more")));
            }
        }
    }
}

fn failures(converged: &Converged) -> Told {
    let mut told = Told { lines: Vec::new(), kinds: Vec::new(), shows_all: converged.shows_all };
    if let Some(applied) = &converged.applied {
        for (step, fate) in converged.plan.steps().iter().zip(&applied.fates) {
            match fate {
                // The first so many of the file: the error has the number.
                Fate::Done | Fate::NotTried(_) if converged.interrupted => {}
                // Without -v this is the only place that says so.
                Fate::Done if !applied.is_complete() => told.add("done", || line(step)),
                Fate::Done => {}
                Fate::Failed(error) => told.add("failed", || format!("{}: {error}", line(step))),
                Fate::Unknown => told.add("perhaps done", || line(step)),
                Fate::NotTried(_) => told.add("not done", || line(step)),
            }
        }
        if applied.is_complete() {
            converged.left.steps().iter().for_each(|step| told.add("differs", || line(step)));
        }
    }
    told.end();
    if let Some(applied) = &converged.applied {
        told.lines.extend(applied.broke.as_ref().map(ToString::to_string));
        told.lines.extend(converged.unread.as_ref().map(ToString::to_string));
    }
    told
}

#[cfg(test)]
mod tests {
    use ipvs_cluster::{Applied, Because, Builder, DesiredService, Observed, Policy, plan};
    use ipvs_netlink::{AddressFamily, Errno, Error, KernelError, Scheduler, Service, ServiceKey};

    use super::*;

    /// The first so many of each kind are told, and how many more there are, unless all are
    /// asked for.
    #[test]
    fn of_many_changes_the_first_are_told() {
        let complaint = |number: u32, shows_all| {
            let mut wanted = Builder::new();
            for mark in 1..=number {
                let key = ServiceKey::fwmark(AddressFamily::Ipv4, mark).unwrap();
                wanted.service((), DesiredService::new(Service::new(key, Scheduler::Rr)));
            }
            let wanted = wanted.finish().unwrap();
            let plan = plan(&wanted, &Observed::default(), Policy::exact());
            let mut applied = Applied::default();
            let refused =
                |step: &Step| Error::from(KernelError::new(step.change().unwrap(), Errno::ENOENT));
            let fate = |(place, step): (usize, &Step)| match place {
                0 => Fate::Failed(refused(step).into()),
                _ => Fate::NotTried(Because::Failed(0)),
            };
            applied.fates = plan.steps().iter().enumerate().map(fate).collect();
            let mut converged = Converged::planned("f".to_owned(), plan);
            converged.applied = Some(applied);
            converged.shows_all = shows_all;
            shortfall(&converged)
        };
        for (number, shows_all, lines, last, hints) in [
            (21, false, 21, "not done: + service fwmark/21: scheduler rr", 2),
            (22, false, 22, "not done: and 1 more", 3),
            (3000, false, 22, "not done: and 2979 more", 3),
            (3000, true, 3000, "not done: + service fwmark/3000: scheduler rr", 2),
        ] {
            let Complaint { details, hints: told, .. } = complaint(number, shows_all);
            assert!(details[0].starts_with("failed: + service fwmark/1: "), "{details:?}");
            assert_eq!((details.len(), details.last().map(String::as_str)), (lines, Some(last)));
            assert_eq!(told.len(), hints, "{told:?}");
        }
    }
}
