// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rulesets of iptables, as its own program tells them. Nobody is asked who has none:
//! asking would load the modules.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::iptables::Ruleset;
use super::child;
use crate::escaped;

/// How long the program may take. What is on its path is somebody else's.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ruleset of one family; `None` if there is none, or none that can be read.
pub(super) fn ruleset(ipv6: bool, unread: &mut Vec<String>) -> Option<Ruleset> {
    let names = if ipv6 { "ip6_tables_names" } else { "ip_tables_names" };
    let names = format!("/proc/thread-self/net/{names}");
    let tables = match std::fs::read(&names) {
        Ok(tables) => escaped::text(&tables),
        // Without the module there is no such file.
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            unread.push(format!("{names}: {error}"));
            return None;
        }
    };
    if !tables.lines().any(|table| table == "filter") {
        return None;
    }
    let program = if ipv6 { "ip6tables-legacy-save" } else { "iptables-legacy-save" };
    let told = save(program).and_then(|text| {
        let is_whole = text.lines().any(|line| line == "*filter");
        if is_whole { Ok(text) } else { Err("it tells nothing of the table filter".to_owned()) }
    });
    match told {
        Ok(text) => Some(Ruleset::parse(&text)),
        Err(why) => {
            unread.push(format!("the rules of iptables: {program}: {why}"));
            None
        }
    }
}

fn save(program: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin").stdin(Stdio::null());
    let output = child::output(&mut command, PATIENCE)?;
    if output.status.success() {
        return Ok(escaped::text(&output.stdout));
    }
    let said = escaped::text(&output.stderr);
    Err(said.lines().next().unwrap_or("failed").trim().to_owned())
}
