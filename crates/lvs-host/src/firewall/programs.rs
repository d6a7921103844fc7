// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rulesets of iptables and arptables, as their own programs tell them. Nobody is asked who
//! has none: asking would load the modules.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::words::system_error;
use crate::{escaped, program};

/// How long the program may take. What is on its path is somebody else's.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the rulesets of the tables that there are; `None` if there is none.
pub(super) fn rulesets(names: &str, program: &str) -> Result<Option<String>, String> {
    let tables = names_in(names)?;
    if tables.is_empty() {
        return Ok(None);
    }
    let failed = |why| format!("{program}: {why}");
    let text = run(program, &[]).map_err(failed)?;
    let is_told = |table: &&String| text.lines().any(|line| line.strip_prefix('*') == Some(table));
    match tables.iter().find(|table| !is_told(table)) {
        Some(table) => Err(failed(format!("it tells nothing of the table {table}"))),
        None => Ok(Some(text)),
    }
}

/// The tables that a file below `/proc/net` names.
fn names_in(file: &str) -> Result<Vec<String>, String> {
    let path = format!("/proc/thread-self/net/{file}");
    match std::fs::read(&path) {
        Ok(tables) => Ok(escaped::text(&tables).split_whitespace().map(str::to_owned).collect()),
        // Without the module there is no such file.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("{path}: {}", system_error(&error))),
    }
}

/// Returns what of arptables may keep this host from answering, or from naming itself, if anything
/// may. Its own `-save` is a script that asks whatever `arptables` is here, which may be that
/// of nftables.
pub(super) fn arptables() -> Result<Option<String>, String> {
    if names_in("arp_tables_names")?.is_empty() {
        return Ok(None);
    }
    let program = "arptables-legacy";
    let text = run(program, &["-L", "-n"]).map_err(|why| format!("{program}: {why}"))?;
    Ok(hiding(&text))
}

/// The first rule in a list of arptables, or a policy to drop.
fn hiding(list: &str) -> Option<String> {
    let says = |line: &&str| match line.strip_prefix("Chain ") {
        Some(chain) => chain.contains("(policy ") && !chain.contains("(policy ACCEPT"),
        None => !line.trim().is_empty(),
    };
    let rule = list.lines().find(says)?.trim();
    Some(format!("a rule of arptables may hide it: {rule}"))
}

fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command.env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin").args(arguments).stdin(Stdio::null());
    let output = program::output(&mut command, PATIENCE).map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(escaped::text(&output.stdout));
    }
    let said = escaped::text(&output.stderr);
    Err(said.lines().next().unwrap_or("failed").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arptables_without_rules_hides_nothing() {
        let none = "Chain INPUT (policy ACCEPT)\n\nChain OUTPUT (policy ACCEPT)\n\n\
                    Chain VIPS (0 references)\n";
        assert_eq!(hiding(none), None);
        let rule = "-j DROP -d 192.0.2.10";
        assert!(hiding(&format!("{none}{rule} \n")).unwrap().ends_with(rule));
        let drops = hiding(&none.replace("OUTPUT (policy ACCEPT", "OUTPUT (policy DROP"));
        assert!(drops.unwrap().ends_with("Chain OUTPUT (policy DROP)"));
    }
}
