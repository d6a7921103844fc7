// SPDX-License-Identifier: MIT OR Apache-2.0

use ipvs_cluster::{Action, Fate, Plan, Step, file};
use serde::Serialize;

use crate::commands::Converged;

/// Holds what `rsctl restore --json` prints.
#[derive(Serialize)]
pub(super) struct RestoreDocument {
    /// Whether it was only to be shown.
    dry_run: bool,
    /// The steps in their order; empty if nothing has to change.
    steps: Vec<StepObject>,
    /// What differs from the file afterwards, as steps that would be left.
    differs: Vec<StepObject>,
    /// The number of the table before it, to which `rsctl rollback` goes back; absent if nothing
    /// was changed, or it could not be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<u32>,
    /// Until when it is to be confirmed; absent if it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm_until: Option<String>,
}

#[derive(Serialize)]
struct StepObject {
    /// `add`, `edit` or `delete`.
    action: &'static str,
    /// `service`, `server`, `timeouts`, `sysctl` or `daemon`.
    object: &'static str,
    /// The service, if it is about one or about its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// As in a saved file, without the servers; null if it is not there.
    before: Option<file::Object>,
    /// The same; null if it goes.
    after: Option<file::Object>,
    /// `missing`, `different`, `unwanted`, or `order` of a server that goes and
    /// comes again.
    reason: &'static str,
    /// `pending`, `done`, `failed`, `unknown` or `not-tried`.
    result: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<&Converged> for RestoreDocument {
    fn from(converged: &Converged) -> Self {
        let fates = converged.applied.as_ref().map(|applied| &applied.fates);
        let steps = converged.plan.steps().iter().enumerate();
        Self {
            dry_run: converged.is_dry_run,
            steps: steps
                .map(|(place, step)| StepObject::new(step, fates.and_then(|f| f.get(place))))
                .collect(),
            differs: pending(&converged.left),
            checkpoint: converged.checkpoint,
            confirm_until: converged.pending.as_ref().map(|pending| pending.until.clone()),
        }
    }
}

fn pending(plan: &Plan) -> Vec<StepObject> {
    plan.steps().iter().map(|step| StepObject::new(step, None)).collect()
}

impl StepObject {
    fn new(step: &Step, fate: Option<&Fate>) -> Self {
        let (action, reason) = match step.action() {
            Action::Add => ("add", "missing"),
            Action::Edit => ("edit", "different"),
            Action::Delete => ("delete", "unwanted"),
        };
        let reason = match step {
            Step::LiftServer { .. } | Step::PutServer { .. } => "order",
            _ => reason,
        };
        let (result, error) = match fate {
            None => ("pending", None),
            Some(Fate::Done) => ("done", None),
            Some(Fate::Failed(error)) => ("failed", Some(error.to_string())),
            Some(Fate::Unknown) => ("unknown", None),
            Some(Fate::NotTried(_)) => ("not-tried", None),
        };
        let object = match (step, step.server()) {
            (Step::SetTimeouts { .. }, _) => "timeouts",
            (Step::SetSysctl { .. }, _) => "sysctl",
            (Step::StartDaemon(_) | Step::StopDaemon { .. }, _) => "daemon",
            (_, Some(_)) => "server",
            (_, None) => "service",
        };
        Self {
            action,
            object,
            service: step.service().map(|key| key.to_string()),
            server: step.server().map(|key| key.to_string()),
            before: file::before(step),
            after: file::after(step),
            reason,
            result,
            error,
        }
    }
}
