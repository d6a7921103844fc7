// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a monitor or a script reads: exit statuses, and one line. Nothing here needs a privilege,
//! or changes a host.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// What it prints to standard output and to standard error, and its exit status.
fn rs_agent(folder: &Path, words: &str) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_rs-agent"))
        .args(words.split_whitespace())
        .env("RS_AGENT_STATE_DIR", folder.join("state"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("an exit"))
}

#[test]
fn a_check_that_cannot_be_made_is_unknown_to_a_monitor() {
    let folder = tempfile::tempdir().unwrap();
    for (words, why) in [
        ("check --nagios", "LVS UNKNOWN - cannot check this host: "),
        ("check --nagios --mode dr --vip x", "LVS UNKNOWN - cannot check this host: "),
        ("check --mode x --nagios", "LVS UNKNOWN - `x` is not a value of `--mode <MODE>`"),
        ("check --nagios --json", "LVS UNKNOWN - `--nagios` cannot be used together with"),
        ("--state-dir /proc/none check --nagios --rule a|b", "LVS UNKNOWN - cannot check"),
    ] {
        let (stdout, stderr, status) = rs_agent(folder.path(), words);
        assert!(stdout.starts_with(why) && stderr.is_empty(), "{words}: {stdout}{stderr}");
        assert_eq!(status, 3, "{words}: {stdout}");
        assert!(!stdout.contains('|'), "{words}: {stdout}");
        assert!(stdout.lines().skip(1).all(|line| line.starts_with("hint: ")), "{stdout}");
    }
    // Nobody else is told in that form.
    for words in ["check", "status --nagios", "check -- --nagios", "teardown --nagios"] {
        let (stdout, stderr, status) = rs_agent(folder.path(), words);
        assert!(stdout.is_empty() && stderr.starts_with("error: "), "{words}: {stdout}{stderr}");
        assert!([1, 2].contains(&status), "{words}");
    }
}

#[test]
fn a_script_is_told_that_nothing_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(rs_agent(folder.path(), "status"), ("not set up\n".into(), String::new(), 0));
    assert_eq!(rs_agent(folder.path(), "status --exit-code").2, 5);
}

#[test]
fn json_has_a_form_for_programs_and_one_for_people() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["status", "check --list-rules"] {
        let printed = |option: &str| {
            let (stdout, _, status) = rs_agent(folder.path(), &format!("{command} {option}"));
            assert_eq!(status, 0, "{command} {option}");
            stdout
        };
        let line = printed("--json");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(printed("--output json"), line);
        let pretty = printed("-o json-pretty");
        assert!(pretty.lines().count() > 3, "{pretty}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&pretty), value(&line));
        assert_eq!(printed("-o text"), printed(""));
    }
    let (_, stderr, status) = rs_agent(folder.path(), "status --json -o text");
    assert!(stderr.contains("cannot be used together") && status == 2, "{stderr}");
}
