// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes what `plan` and `apply` would do, or did: by service, with the reason of each change.

use std::io::{self, Write};

use foldhash::HashMap;
use ipvs_cluster::{Action, Fate, Step};
use ipvs_netlink::{Destination, ServiceKey};
use lvs_term::{Complaint, Look, Tone, count, one_line};

use super::restore::{self, details};
use crate::commands::{Applying, Converged};

/// Writes the changes of each service below its name, and in the end how many there are.
pub(super) fn write(applying: &Applying, look: Look, out: &mut impl Write) -> io::Result<()> {
    let Applying { converged, shows_foreign, .. } = applying;
    for (service, steps) in by_service(converged) {
        head(service, &steps, look, out)?;
        for step in steps {
            if service.is_none() || step.server().is_some() {
                line(step, "    ", &server(step), look, out)?;
            }
        }
    }
    if *shows_foreign {
        foreign(applying, look, out)?;
    }
    for line in summary(applying) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Returns the steps of each service, in the order of the first one; in front of them those of no
/// service. What was not done is on stderr.
fn by_service(converged: &Converged) -> Vec<(Option<ServiceKey>, Vec<&Step>)> {
    let mut groups: Vec<(Option<ServiceKey>, Vec<&Step>)> = vec![(None, Vec::new())];
    let mut places: HashMap<Option<ServiceKey>, usize> = HashMap::default();
    places.insert(None, 0);
    for (place, step) in converged.plan.steps().iter().enumerate() {
        let fate = converged.applied.as_ref().and_then(|applied| applied.fates.get(place));
        if !matches!(fate, None | Some(Fate::Done)) {
            continue;
        }
        let place = *places.entry(step.service()).or_insert_with(|| {
            groups.push((step.service(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(step);
    }
    groups.retain(|(_, steps)| !steps.is_empty());
    groups
}

/// Writes the name of a service, with what becomes of itself.
fn head(
    service: Option<ServiceKey>,
    steps: &[&Step],
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let Some(service) = service else {
        return look.line(Tone::Title, "director", out);
    };
    let mut own = steps.iter().filter(|step| step.server().is_none()).peekable();
    if own.peek().is_none() {
        return look.line(Tone::Title, format!("service {service}"), out);
    }
    own.try_for_each(|step| {
        line(step, "", &format!("service {}", with_servers(step, service)), look, out)
    })
}

fn with_servers(step: &Step, service: ServiceKey) -> String {
    match step {
        Step::DeleteService { servers: n @ 1.., .. } => {
            format!("{service} with {}", count(*n, "server"))
        }
        _ => service.to_string(),
    }
}

fn server(step: &Step) -> String {
    step.server().map_or_else(|| restore::subject(step), |server| format!("server {server}"))
}

fn line(
    step: &Step,
    indent: &str,
    subject: &str,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let (sign, tone) = match step.action() {
        Action::Add => ('+', Tone::Good),
        Action::Edit => ('~', Tone::Notable),
        Action::Delete => ('-', Tone::Bad),
    };
    let text = match details(step).as_str() {
        "" => format!("{indent}{sign} {subject} ({})", reason(step)),
        details => format!("{indent}{sign} {subject}: {details} ({})", reason(step)),
    };
    look.line(tone, one_line(&text), out)
}

/// Returns one word, as in JSON.
fn reason(step: &Step) -> &'static str {
    match (step, step.action()) {
        (Step::LiftServer { .. } | Step::PutServer { .. }, _) => "order",
        (_, Action::Add) => "missing",
        (_, Action::Edit) => "different",
        (_, Action::Delete) => "unwanted",
    }
}

fn foreign(applying: &Applying, look: Look, out: &mut impl Write) -> io::Result<()> {
    let note = &applying.note;
    for entry in &note.services {
        let servers = count(entry.servers.len(), "server");
        let text = format!("  service {} with {servers}, of others", entry.service.key);
        look.line(Tone::Dim, text, out)?;
    }
    for (service, Destination { key, .. }) in &note.servers {
        look.line(Tone::Dim, format!("  server {key} of {service}, of others"), out)?;
    }
    Ok(())
}

/// Returns how much is to be done, and what is left alone.
fn summary(applying: &Applying) -> Vec<String> {
    let Applying { converged, note, .. } = applying;
    let number = |action: Action, is: fn(&Step) -> bool| {
        let steps = converged.plan.steps().iter();
        steps.filter(|step| step.action() == action && is(step)).count()
    };
    let of = |action| {
        let service = number(action, |step| step.service().is_some() && step.server().is_none());
        let server = number(action, |step| step.server().is_some());
        let setting = number(action, |step| step.service().is_none());
        let kinds = [(service, "service"), (server, "server"), (setting, "setting")];
        let kinds = kinds.iter().filter(|(number, _)| *number > 0);
        kinds.map(|(number, kind)| count(*number, kind)).collect::<Vec<_>>().join(", ")
    };
    let actions = [("add", Action::Add), ("change", Action::Edit), ("delete", Action::Delete)];
    let parts = actions.map(|(word, action)| (word, of(action)));
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(_, what)| !what.is_empty())
        .map(|(word, what)| format!("{word} {what}"))
        .collect();
    let mut lines = Vec::new();
    lines.push(match converged.plan.is_empty() {
        true => "nothing to change".to_owned(),
        false if converged.applied.is_none() => format!("plan: {}", parts.join("; ")),
        false => format!("done: {}", parts.join("; ")),
    });
    // What is on stderr is not called done.
    if converged.fell_short() {
        lines.clear();
    }
    if !note.services.is_empty() || !note.servers.is_empty() {
        let within: usize = note.services.iter().map(|it| it.servers.len()).sum();
        let mut parts = Vec::new();
        if !note.services.is_empty() {
            let (services, servers) =
                (count(note.services.len(), "service"), count(within, "server"));
            parts.push(format!("{services} with {servers}"));
        }
        if !note.servers.is_empty() {
            parts.push(format!("{} in services of the file", count(note.servers.len(), "server")));
        }
        lines.push(format!("of others, left alone: {}", parts.join("; ")));
    }
    lines
}

/// Says on stderr what is not as might be thought.
pub(super) fn warn(applying: &Applying) {
    for key in &applying.note.kept {
        super::warning(&format!("{key} stays, though it is not wanted: others have servers in it"));
        super::hint("it goes with the next apply once they are gone");
    }
    for key in &applying.converged.reordered {
        super::warning(&format!(
            "the servers of {key} are not in the order of {}, by which its scheduler hashes",
            applying.converged.file
        ));
    }
}

/// Returns what an apply that fell short has to say.
pub(super) fn shortfall(applying: &Applying) -> Complaint {
    let converged = &applying.converged;
    let mut complaint = restore::fell_short(converged, "apply");
    if let Some(back) = &converged.back {
        let hint = match back.is_converged() {
            true => "all is as it was before (--on-failure rollback)",
            false => "not all is as it was before: `rsctl rollback` goes on with that",
        };
        complaint.hints.insert(0, hint.to_owned());
    }
    complaint
}
