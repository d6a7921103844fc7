// SPDX-License-Identifier: MIT OR Apache-2.0
//! Offers what is there to a shell in which somebody has pressed TAB. Only what everybody may
//! read is read; what cannot be read is not offered.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use lvs_term::{Candidate, Line, Offer, interfaces};

use crate::check::catalogue::RULES;
use crate::cli::{Cli, STATE_DIR, STATE_DIR_VARIABLE, familiar};
use crate::journal::Store;

/// Answers a shell that asks for completions, if `args` do.
#[must_use]
pub fn asked(args: &[OsString]) -> Option<ExitCode> {
    lvs_term::complete(args, Cli::command, familiar, offer)
}

/// Offers values of the argument with that id, if they are not in the command's description.
fn offer(line: &Line<'_>, id: &str) -> Option<Offer> {
    match id {
        "carrier" => {
            let file = fs::read("/proc/thread-self/net/dev").unwrap_or_default();
            Some(Offer::words(interfaces(&file)))
        }
        "rules" | "explain" => {
            let rules = RULES.iter().map(|rule| Candidate::new(rule.id.as_str(), rule.meaning));
            Some(Offer::Values(rules.collect()))
        }
        // What is set up is what can be taken down.
        "vips" if line.command() == "teardown" => Some(Offer::words(vips(line))),
        _ => None,
    }
}

/// Returns the VIPs that are set up here.
fn vips(line: &Line<'_>) -> Vec<String> {
    let folder = line.value_of("state_dir").map(OsString::from);
    let folder = folder.or_else(|| std::env::var_os(STATE_DIR_VARIABLE));
    let folder = folder.unwrap_or_else(|| STATE_DIR.into());
    let journal = Store::to_show(Path::new(&folder)).and_then(|store| store.load());
    let journal = journal.ok().and_then(|found| found.journal);
    journal
        .map_or_else(Vec::new, |found| found.wanted.vips.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids are names of fields, which change more easily than what is typed.
    #[test]
    fn what_is_offered_is_what_an_argument_takes() {
        let command = Cli::command();
        for (name, id) in [
            ("setup", "carrier"),
            ("check", "carrier"),
            ("check", "rules"),
            ("check", "explain"),
            ("teardown", "vips"),
        ] {
            let command = command.find_subcommand(name).unwrap();
            assert!(command.get_arguments().any(|arg| arg.get_id() == id), "{name} has no {id}");
        }
        assert!(command.get_arguments().any(|arg| arg.get_id() == "state_dir"));
    }
}
