// SPDX-License-Identifier: MIT OR Apache-2.0

//! Decides, without acting, which steps of a plan go together, and which are not tried because of
//! others.

use foldhash::HashMap;

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
    let mut stops = Stops { on_failure, all: None, some: HashMap::default() };
    let mut fates = Vec::new();
    for mut rest in steps.chunk_by(together) {
        while let Some(first) = rest.first() {
            let because = stops.because(first);
            let same = rest.iter().take_while(|step| stops.because(step) == because).count();
            let (run, behind) = rest.split_at(same);
            rest = behind;
            if let Some(because) = because {
                fates.extend(run.iter().map(|_| Fate::NotTried(because)));
                continue;
            }
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
    }
    fates
}

/// Returns whether a step goes in one batch with the one before it: those of a phase, but only one
/// server at a time is put in another place. Should it not come back, no other may be away.
pub(crate) fn together(before: &Step, step: &Step) -> bool {
    before.phase() == step.phase() && !matches!(step, Step::LiftServer { .. })
}

/// Who is not tried any more.
struct Stops {
    on_failure: OnFailure,
    all: Option<Because>,
    /// Those of which a step failed, with its place.
    some: HashMap<Subject, usize>,
}

impl Stops {
    fn because(&self, step: &Step) -> Option<Because> {
        if self.all.is_some() || self.some.is_empty() {
            return self.all;
        }
        self.some.get(&owner(step)).map(|place| Because::Failed(*place))
    }

    fn learn(&mut self, start: usize, run: &[Step], sent: &Sent) {
        let mut stopped = None;
        for ((place, step), fate) in (start..).zip(run).zip(&sent.fates) {
            match (fate, self.on_failure) {
                (Fate::Done | Fate::NotTried(Because::Failed(_)), _) => {}
                (Fate::NotTried(because), _) => stopped = Some(*because),
                (Fate::Failed(_) | Fate::Unknown, OnFailure::StopAll) => {
                    self.all.get_or_insert(Because::Failed(place));
                }
                (Fate::Failed(_) | Fate::Unknown, OnFailure::StopService) => {
                    self.some.entry(owner(step)).or_insert(place);
                }
            }
        }
        let broke = sent.broke.then_some(Because::Broke);
        self.all = broke.or(stopped).or(self.all);
    }
}

/// Whose step it is: that of a server is its service's.
fn owner(step: &Step) -> Subject {
    match step.subject() {
        Subject::Server(service, _) => Subject::Service(service),
        subject => subject,
    }
}
