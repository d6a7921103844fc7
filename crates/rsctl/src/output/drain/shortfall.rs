// SPDX-License-Identifier: MIT OR Apache-2.0

//! Says what a drain that did not do all that was asked for has to say.

use lvs_term::{Complaint, count};

use super::{counted, name};
use crate::commands::drain::{Drained, Item, State, Verb};

/// Returns why a server is not what was asked for.
fn why(item: &Item, is_interrupted: bool) -> Option<String> {
    Some(match item.state {
        State::Late(left) => {
            let are = if left == 1 { "is" } else { "are" };
            format!(
                "{} {are} left at the deadline; it is kept with weight 0",
                count(left, "connection")
            )
        }
        State::Gone => "somebody else has deleted it, and it is not added again".to_owned(),
        State::Reweighted(weight) => {
            format!("somebody else has given it weight {weight}, which stays")
        }
        State::Cancelled => "another command has ended this".to_owned(),
        State::Draining if is_interrupted => {
            format!("interrupted; it gets no new connections: {}", counted(item))
        }
        State::Rising if is_interrupted => {
            format!("interrupted; it stays where it is: {}", counted(item))
        }
        _ => return None,
    })
}

/// Returns what a command that did not do all that was asked for has to say.
pub(crate) fn shortfall(drained: &Drained, is_interrupted: bool) -> Option<Complaint> {
    if !is_interrupted && !drained.fell_short() && drained.failed.is_empty() {
        return None;
    }
    let short: Vec<(&Item, String)> =
        drained.items.iter().filter_map(|item| Some((item, why(item, is_interrupted)?))).collect();
    let (verb, adverb) = match drained.verb {
        Verb::Undrain => ("undrain", ""),
        Verb::SlowStart => ("start", " slowly"),
        Verb::Drain | Verb::List => ("drain", ""),
    };
    let failed = drained.failed.iter().map(ToString::to_string);
    let hints = hints(drained, &short);
    let complaint = match (&short[..], &drained.failed[..]) {
        ([], [error]) => error.complaint(),
        ([(item, why)], []) => {
            let message = format!("cannot {verb} {}{adverb}: {why}", name(item));
            Complaint { message, details: Vec::new(), hints }
        }
        (short, of) => {
            let not = short.len() + of.len();
            let all = drained.items.len();
            let message = format!("cannot {verb} all servers{adverb}: {not} of {all} fell short");
            let lines = short.iter().map(|(item, why)| format!("{}: {why}", name(item)));
            Complaint { message, details: lines.chain(failed).collect(), hints }
        }
    };
    Some(complaint.shortened())
}

fn hints(drained: &Drained, short: &[(&Item, String)]) -> Vec<String> {
    // Those in such a state, as a command takes them.
    let which = |is: fn(&State) -> bool| {
        let mut servers: Vec<String> = Vec::new();
        for (item, _) in short.iter().filter(|(item, _)| is(&item.state)) {
            let server = item.server.to_string();
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        let which = servers.join(" ");
        match &drained.items[..] {
            _ if servers.is_empty() => None,
            [item] => Some(format!("{which} --service {}", item.service)),
            _ => Some(which),
        }
    };
    let mut hints = Vec::new();
    if let Some(which) = which(|state| matches!(state, State::Draining)) {
        hints.push(format!(
            "`rsctl drain {which}` goes on, `rsctl undrain {which}` gives the weight back"
        ));
    }
    if let Some(which) = which(|state| matches!(state, State::Late(_))) {
        hints.push(format!(
            "`rsctl drain {which} --deadline 10m` waits longer, `--deadline 0 --then remove` \
             deletes it now; `rsctl undrain {which}` gives the weight back"
        ));
    }
    if let Some(which) = which(|state| matches!(state, State::Rising)) {
        hints.push(format!(
            "`rsctl slow-start {which}` goes on, `rsctl undrain {which}` gives it all of its weight \
             at once"
        ));
    }
    hints
}
