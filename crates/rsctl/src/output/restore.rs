// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use ipvs_cluster::{Action, Fate, Plan, Step, file};
use lvs_term::{Complaint, count, one_line};
use serde_json::{Map, Value};

use crate::commands::Restored;

/// Writes a line for each step that was made: `+`, `~` or `-`, and what it is about.
pub(super) fn write(restored: &Restored, out: &mut impl Write) -> io::Result<()> {
    if restored.plan.is_empty() {
        return writeln!(out, "nothing to change");
    }
    for (place, step) in restored.plan.steps().iter().enumerate() {
        let fate = restored.applied.as_ref().and_then(|applied| applied.fates.get(place));
        // What was not done is on stderr.
        if matches!(fate, None | Some(Fate::Done)) {
            writeln!(out, "{}", one_line(&line(step)))?;
        }
    }
    Ok(())
}

/// Says on stderr what is as wanted and may not act as expected.
pub(super) fn warn(restored: &Restored) {
    for key in &restored.reordered {
        super::warning(&format!(
            "the servers of {key} are not in the order of {}, by which its scheduler hashes; \
             `--reorder` takes them away and adds them again",
            restored.file
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
    let value = |object: file::Object| serde_json::to_value(object).ok();
    let (before, after) = (file::before(step), file::after(step));
    let details = match (before.and_then(value), after.and_then(value)) {
        (Some(before), Some(after)) => differences(&before, &after),
        (None, Some(after)) => settings(&after),
        _ => String::new(),
    };
    let details = match step {
        Step::LiftServer { .. } => "to come again in its place".to_owned(),
        Step::PutServer { .. } => "in its place".to_owned(),
        _ => details,
    };
    match details.as_str() {
        "" => format!("{sign} {}", subject(step)),
        details => format!("{sign} {}: {details}", subject(step)),
    }
}

fn subject(step: &Step) -> String {
    match step {
        Step::SetTimeouts { .. } => "timeouts".to_owned(),
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

/// Returns what an object is, without its name.
fn settings(object: &Value) -> String {
    let parts = fields(object)
        .filter(|(name, _)| !matches!(name.as_str(), "service" | "server" | "role" | "interface"));
    parts.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

fn differences(before: &Value, after: &Value) -> String {
    let empty = Map::new();
    let (before, after) =
        (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = before.keys().collect();
    names.extend(after.keys().filter(|name| !before.contains_key(*name)));
    let shown = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), plain);
    let differences = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differences
        .map(|name| format!("{name} {} -> {}", shown(before.get(name)), shown(after.get(name))))
        .collect::<Vec<_>>()
        .join(", ")
}

fn fields(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Object(_) => {
            fields(value).map(|(_, value)| plain(value)).collect::<Vec<_>>().join("/")
        }
        other => other.to_string(),
    }
}

/// Returns what a restore that fell short has to say: how far it came, what became of each change,
/// and what is not as it should be.
pub(super) fn shortfall(restored: &Restored) -> Complaint {
    let failed = restored.applied.iter().flat_map(|applied| &applied.fates);
    let first = failed.filter_map(|fate| match fate {
        Fate::Failed(error) => Some(error.hints()),
        _ => None,
    });
    let again = "`rsctl restore --dry-run` shows what is left, and a restore does it";
    let hints = first.take(1).flatten().chain([again.to_owned()]).collect();
    let message = format!("cannot restore {}: {}", restored.file, summary(restored));
    Complaint { message, details: failures(restored), hints }.shortened()
}

fn summary(restored: &Restored) -> String {
    let fates = restored.applied.as_ref().map_or(&[][..], |applied| &applied.fates);
    let number = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
    let failed = number(|fate| matches!(fate, Fate::Failed(_)));
    let unknown = number(|fate| matches!(fate, Fate::Unknown));
    let not_tried = number(|fate| matches!(fate, Fate::NotTried(_)));
    let made = number(|fate| matches!(fate, Fate::Done));
    if failed + unknown + not_tried == 0 && restored.unread.is_some() {
        return "all changes were made, and the table could not be read again".to_owned();
    }
    if failed + unknown + not_tried == 0 {
        let left = restored.left.steps().len();
        return format!(
            "all changes were made, and {} {} there now: another program changes the table",
            count(left, "difference"),
            if left == 1 { "is" } else { "are" }
        );
    }
    if restored.interrupted && failed + unknown == 0 {
        let changes = count(fates.len(), "change");
        return format!("interrupted: {made} of {changes} made, {not_tried} not tried");
    }
    let unknown = if unknown == 0 { String::new() } else { format!("{unknown} perhaps done, ") };
    let changes = count(fates.len(), "change");
    format!("{failed} of {changes} failed, {unknown}{not_tried} not tried, {made} made")
}

fn failures(restored: &Restored) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(applied) = &restored.applied {
        for (step, fate) in restored.plan.steps().iter().zip(&applied.fates) {
            match fate {
                // The first so many of the file: the error has the number.
                Fate::Done | Fate::NotTried(_) if restored.interrupted => {}
                // Without -v this is the only place that says so.
                Fate::Done if !applied.is_complete() => lines.push(format!("done: {}", line(step))),
                Fate::Done => {}
                Fate::Failed(error) => lines.push(format!("failed: {}: {error}", line(step))),
                Fate::Unknown => lines.push(format!("perhaps done: {}", line(step))),
                Fate::NotTried(_) => lines.push(format!("not done: {}", line(step))),
            }
        }
        if let Some(error) = &applied.broke {
            lines.push(error.to_string());
        }
        lines.extend(restored.unread.as_ref().map(ToString::to_string));
        if applied.is_complete() {
            lines.extend(differing(&restored.left));
        }
    }
    lines
}

fn differing(left: &Plan) -> impl Iterator<Item = String> + '_ {
    left.steps().iter().map(|step| format!("differs: {}", line(step)))
}
