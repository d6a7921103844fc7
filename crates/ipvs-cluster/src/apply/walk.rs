// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides, without acting, which steps of a plan go together, and which are not tried because of
//! others.

use foldhash::{HashMap, HashSet};
use ipvs_netlink::{EngineName, ErrorKind, Scheduler, Service};

use super::fate::{Because, Fate, OnFailure};
use crate::plan::Step;
use crate::subject::Subject;

/// Says what became of steps that were handed over together.
pub(crate) struct Sent {
    /// What became of each step.
    pub(crate) fates: Vec<Fate>,
    /// Whether the conversation with the kernel ended.
    pub(crate) broke: bool,
}

/// Hands the steps to `send`, those together that may be made together, each with its place
/// in the plan. Returns what became of each.
pub(crate) fn walk(
    steps: &[Step],
    on_failure: OnFailure,
    mut send: impl FnMut(usize, &[Step]) -> Sent,
) -> Vec<Fate> {
    let mut stops = Stops::new(on_failure);
    let mut fates = Vec::new();
    for mut rest in steps.chunk_by(together) {
        while let Some(first) = rest.first() {
            let because = stops.because(first);
            let same = rest.iter().take_while(|step| stops.because(step) == because).count();
            let (run, _) = rest.split_at(same);
            if let Some(because) = because {
                fates.extend(run.iter().map(|_| Fate::NotTried(because)));
                rest = &rest[same..];
                continue;
            }
            let (run, behind) = rest.split_at(stops.until_known(run));
            rest = behind;
            let start = fates.len();
            let sent = send(start, run);
            stops.learn(start, run, &sent);
            // Most plans have one phase, and a large one is not to be held twice.
            if fates.is_empty() {
                fates = sent.fates;
            } else {
                fates.extend(sent.fates);
            }
        }
        stops.end_phase();
    }
    fates
}

/// Returns whether a step goes in one batch with the one before it: those of a phase, but what is a
/// file by itself, and only one server at a time is put in another place: should it not come back, no
/// other may be away.
pub(crate) fn together(before: &Step, step: &Step) -> bool {
    let is_file = |step: &Step| matches!(step, Step::SetSysctl { .. });
    before.phase() == step.phase()
        && is_file(before) == is_file(step)
        && !matches!(step, Step::LiftServer { .. })
}

/// Who is not tried any more.
struct Stops<'a> {
    on_failure: OnFailure,
    all: Option<Because>,
    /// What stops all that is behind the steps that travel together.
    behind: Option<Because>,
    /// Those of which a step failed, with its place.
    some: HashMap<Subject, usize>,
    /// What the kernel was asked for.
    asked: HashSet<Modules<'a>>,
    /// What it does not have, with the step that showed it.
    missing: HashMap<Modules<'a>, usize>,
}

impl<'a> Stops<'a> {
    fn new(on_failure: OnFailure) -> Self {
        Self {
            on_failure,
            all: None,
            behind: None,
            some: HashMap::default(),
            asked: HashSet::default(),
            missing: HashMap::default(),
        }
    }

    fn because(&mut self, step: &Step) -> Option<Because> {
        if self.all.is_some() || (self.some.is_empty() && self.missing.is_empty()) {
            return self.all;
        }
        if let Some(place) = self.some.get(&owner(step)) {
            return Some(Because::Failed(*place));
        }
        let needed = new_modules(step)?;
        let alone = Modules { engine: None, ..needed };
        let place = *self.missing.get(&alone).or_else(|| self.missing.get(&needed))?;
        // What else its service is to have is not tried either.
        self.some.insert(owner(step), place);
        Some(Because::Failed(place))
    }

    /// Returns how many steps of `run` go together: with the first service that asks for a
    /// scheduler ends what is sent at once. The kernel looks for one that it does not have as
    /// often as it is asked, which takes a `modprobe` each time.
    fn until_known(&mut self, run: &'a [Step]) -> usize {
        let asks = |step| new_modules(step).is_some_and(|names| self.asked.insert(names));
        let Some(first) = run.iter().position(asks) else { return run.len() };
        let service = owner(&run[first]);
        first + run[first..].iter().take_while(|step| owner(step) == service).count()
    }

    fn learn(&mut self, start: usize, run: &'a [Step], sent: &Sent) {
        let mut stopped = None;
        for ((place, step), fate) in (start..).zip(run).zip(&sent.fates) {
            if let Some(names) = missing_modules(step, fate) {
                self.missing.entry(names).or_insert(place);
            }
            match (fate, self.on_failure) {
                (Fate::Done | Fate::NotTried(Because::Failed(_)), _) => {}
                (Fate::NotTried(because), _) => stopped = Some(*because),
                (Fate::Failed(_) | Fate::Unknown, OnFailure::StopAll) => {
                    self.behind.get_or_insert(Because::Failed(place));
                }
                (Fate::Failed(_) | Fate::Unknown, OnFailure::StopService) => {
                    self.some.entry(owner(step)).or_insert(place);
                }
            }
        }
        let broke = sent.broke.then_some(Because::Broke);
        self.all = broke.or(stopped).or(self.all);
    }

    fn end_phase(&mut self) {
        self.all = self.all.or(self.behind);
    }
}

/// Names what the kernel looks for when a service asks for it. Of a scheduler and an engine it
/// does not say which it lacks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Modules<'a> {
    scheduler: &'a Scheduler,
    engine: Option<&'a EngineName>,
}

impl<'a> Modules<'a> {
    fn of(service: &'a Service) -> Self {
        Self { scheduler: &service.scheduler, engine: service.engine.as_ref() }
    }
}

/// Returns what the kernel may have to look for.
fn new_modules(step: &Step) -> Option<Modules<'_>> {
    match step {
        Step::AddService(service) => Some(Modules::of(service)),
        Step::EditService { before, after } => {
            Some(Modules::of(after)).filter(|after| *after != Modules::of(before))
        }
        _ => None,
    }
}

/// Returns what the kernel turned out not to have.
fn missing_modules<'a>(step: &'a Step, fate: &Fate) -> Option<Modules<'a>> {
    match fate {
        Fate::Failed(error) if error.kind() == ErrorKind::SchedulerMissing => new_modules(step),
        _ => None,
    }
}

/// Whose step it is: that of a server is its service's.
fn owner(step: &Step) -> Subject {
    match step.subject() {
        Subject::Server(service, _) => Subject::Service(service),
        subject => subject,
    }
}

#[cfg(test)]
mod tests {
    use ipvs_netlink::{
        AddressFamily, Destination, Error, ForwardingMethod, KernelError, ServiceKey,
    };

    use super::*;
    use crate::desired::{Builder, Desired, DesiredService};
    use crate::observed::Observed;
    use crate::plan::{Policy, plan};

    /// Makes a table of services with a server each, by mark and scheduler.
    fn table(services: &[(u32, Scheduler)]) -> Desired {
        let mut builder = Builder::new();
        for (mark, scheduler) in services {
            let key = ServiceKey::fwmark(AddressFamily::Ipv4, *mark).unwrap();
            let server = "10.0.0.1:80".parse().unwrap();
            let server = Destination::new(server, ForwardingMethod::Masquerade);
            let service = DesiredService::new(Service::new(key, scheduler.clone()));
            builder.service((), service.with_servers([server]));
        }
        builder.finish().unwrap()
    }

    fn sent(start: usize, steps: &[Step], missing: &[Scheduler]) -> Sent {
        let fate = |step: &Step| match new_modules(step) {
            Some(names) if missing.contains(names.scheduler) => {
                let error = KernelError::new(step.change().unwrap(), ipvs_netlink::Errno::ENOENT);
                Fate::Failed(Error::from(error).into())
            }
            _ => Fate::Done,
        };
        let mut fates: Vec<_> = steps.iter().map(fate).collect();
        // As `apply` has it.
        for at in 1..steps.len() {
            let because = Fate::NotTried(Because::Failed(start + at - 1));
            if steps[at].server().is_some() && matches!(fates[at - 1], Fate::Failed(_)) {
                fates[at] = because;
            }
        }
        Sent { fates, broke: false }
    }

    /// Returns which steps were sent, and what became of each step: `.` done, `x` failed, or
    /// because of which other it was not tried.
    fn walked(steps: &[Step], on_failure: OnFailure, missing: &[Scheduler]) -> (usize, String) {
        let mut tried = 0;
        let fates = walk(steps, on_failure, |start, run| {
            tried += run.iter().filter(|step| new_modules(step).is_some()).count();
            sent(start, run, missing)
        });
        let fates = fates.iter().map(|fate| match fate {
            Fate::Done => ".".to_owned(),
            Fate::Failed(_) => "x".to_owned(),
            Fate::NotTried(Because::Failed(place)) => place.to_string(),
            other => format!("{other:?}"),
        });
        (tried, fates.collect())
    }

    /// The services of other schedulers are made all the same, with their servers.
    #[test]
    fn a_scheduler_that_is_missing_is_asked_for_once() {
        use Scheduler::{Mh, Rr, Wrr};
        let wanted = table(&[(1, Wrr), (2, Rr), (3, Wrr), (4, Mh), (5, Wrr), (6, Rr), (7, Mh)]);
        let steps = plan(&wanted, &Observed::default(), Policy::exact()).steps;
        for on_failure in [OnFailure::StopAll, OnFailure::StopService] {
            for (missing, tried, fates) in [
                (&[][..], 7, ".............."),
                (&[Wrr], 5, "x0..00..00...."),
                (&[Wrr, Mh], 4, "x0..00x600..66"),
            ] {
                assert_eq!(walked(&steps, on_failure, missing), (tried, fates.to_owned()));
            }
        }
    }

    #[test]
    fn what_is_edited_asks_once_too_and_its_servers_stay() {
        use Scheduler::{Lc, Rr, Wrr};
        let there = table(&[(1, Rr), (2, Rr), (3, Rr), (4, Rr)]);
        let mut wanted = Builder::new();
        for (mark, scheduler) in [(1, Wrr), (2, Wrr), (3, Lc), (4, Rr)] {
            let key = ServiceKey::fwmark(AddressFamily::Ipv4, mark).unwrap();
            wanted.service((), DesiredService::new(Service::new(key, scheduler)));
        }
        let steps = plan(&wanted.finish().unwrap(), &Observed::from(&there), Policy::exact()).steps;
        assert_eq!(walked(&steps, OnFailure::StopService, &[Wrr]), (2, "x0.00..".to_owned()));
        assert_eq!(walked(&steps, OnFailure::StopAll, &[Wrr]), (2, "x0.0000".to_owned()));
    }

    /// Where the engine may be what is missing, the scheduler may be there.
    #[test]
    fn an_engine_that_is_missing_says_nothing_of_its_scheduler() {
        let engine = |mark, engine: Option<&str>| {
            let key = ServiceKey::fwmark(AddressFamily::Ipv4, mark).unwrap();
            let mut service = Service::new(key, Scheduler::Rr);
            service.engine = engine.map(|name| name.parse().unwrap());
            Step::AddService(service)
        };
        let steps = [engine(1, Some("x")), engine(2, Some("x")), engine(3, None)];
        let mut tried = Vec::new();
        let fates = walk(&steps, OnFailure::StopAll, |start, run| {
            tried.extend(start..start + run.len());
            let missing: &[_] = if start == 0 { &[Scheduler::Rr] } else { &[] };
            sent(start, run, missing)
        });
        assert_eq!(tried, [0, 2]);
        assert!(matches!(fates[1], Fate::NotTried(Because::Failed(0))), "{fates:?}");
    }
}
