// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words and files that a terminal would act on, told without harm. Nothing here needs a
//! privilege, or changes a host.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// A control, an escape sequence and a right-to-left override.
const ODD: &str = "a\x07\x1b[31m\u{202e}b";
const SHOWN: &str = r"a\u{7}\u{1b}[31m\u{202e}b";

fn rs_agent(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rs-agent"))
        .args(words)
        .current_dir(folder)
        .env("RS_AGENT_STATE_DIR", folder.join("state"))
        .output()
        .unwrap()
}

/// Checks that it is told, by `shown` and without harm.
#[track_caller]
fn harmless(output: &Output, shown: &str) {
    let said = format!("{output:?}");
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(!text.contains(|c| c != '\n' && lvs_term::is_harmful(c)), "{said}");
    assert!(text.contains(shown), "{said}");
}

/// Refused: one line, and hints.
#[track_caller]
fn refused(output: &Output) {
    harmless(output, SHOWN);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut lines = stderr.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("error: ")), "{stderr}");
    assert!(lines.all(|line| line.starts_with("hint: ")), "{stderr}");
    assert!(matches!(output.status.code(), Some(1 | 2)) && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn no_word_reaches_the_terminal_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let option = format!("--{ODD}");
    let dr = ["setup", "--mode", "dr", "--vip", "192.0.2.10"];
    for words in [
        &[ODD][..],
        &["setup", &option],
        &["setup", "--mode", ODD],
        &["setup", "--mode", "dr", "--vip", ODD],
        &[&dr[..], &["--rip", ODD]].concat(),
        &[&dr[..], &["--director", ODD]].concat(),
        &[&dr[..], &["--scope", ODD]].concat(),
        &[&dr[..], &["--label", ODD]].concat(),
        &[&dr[..], &["--tunnel", ODD]].concat(),
        &[&dr[..], &["--tunnel-port", ODD]].concat(),
        &["setup", "--mode", "nat", "--gateway", ODD],
        &["setup", "--mode", "nat", "--director", "192.0.2.1", "--client", ODD],
        &["setup", "--config", ODD],
        &["run", "--on-stop", ODD],
        &["run", "--config", ODD],
        &["teardown", "--vip", ODD],
        &["check", "--rule", ODD],
        &["check", "--explain", ODD],
        &["check", "--watch", ODD],
        &["check", "--mode", "dr", "--vip", "192.0.2.10", "--port", ODD],
        &["install-unit", "--config", ODD],
        &["generate", ODD, "."],
        &["generate", "man", ODD],
    ] {
        refused(&rs_agent(folder.path(), words));
    }
}

/// By what name a program is called is the caller's choice; so is where its files go.
#[test]
fn no_name_reaches_the_terminal_as_it_is() {
    for words in ["--help", "setup --help", "check --help", "--version", "frob", "show"] {
        let output = Command::new(env!("CARGO_BIN_EXE_rs-agent"))
            .arg0(ODD)
            .env("RS_AGENT_STATE_DIR", ODD)
            .args(words.split(' '))
            .output()
            .unwrap();
        assert!(!output.stdout.is_empty() || !output.stderr.is_empty());
        harmless(&output, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("rs-agent.toml");
    fs::write(&config, "mode = \"dr\"\nvip = [\"192.0.2.10\"]\n").unwrap();
    let config = config.to_str().unwrap();
    let destdir = folder.path().join(format!("{ODD}\nwrote /etc/passwd"));
    let destdir = destdir.to_str().unwrap();
    let install = ["install-unit", "--config", config, "--destdir", destdir];
    for words in [&install[..], &[&install[..], &["--remove"]].concat()] {
        let output = rs_agent(folder.path(), words);
        harmless(&output, &format!("{SHOWN}\\nwrote /etc/passwd"));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

#[test]
fn no_file_reaches_the_terminal_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let in_toml = r"a\u0007\u001b[31m\u202eb";
    for (place, text) in [
        ("config.toml", format!("\"{in_toml}\" = 1\n")),
        ("config.toml", format!("mode = \"{in_toml}\"\n")),
        (ODD, "mode = 7.5\n".to_owned()),
    ] {
        fs::write(path.join(place), text).unwrap();
        fs::set_permissions(path.join(place), fs::Permissions::from_mode(0o600)).unwrap();
        let output = rs_agent(path, &["setup", "--config", place]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("line 1: "), "{output:?}");
        refused(&output);
    }
    let made = path.join(ODD).with_extension("d");
    fs::create_dir(&made).unwrap();
    let output = rs_agent(path, &["generate", "bash", made.to_str().unwrap()]);
    harmless(&output, SHOWN);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
