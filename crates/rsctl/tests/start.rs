// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a program can rely on from its first line on.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::pipe;
use std::process::{Command, Output, Stdio};

fn rsctl(arguments: &str, redirections: &str) -> Output {
    let line = format!("exec \"$0\" {arguments} {redirections}");
    Command::new("sh").args(["-c", &line, env!("CARGO_BIN_EXE_rsctl")]).output().unwrap()
}

/// What is closed is `/dev/null`, and not the next file that is opened.
#[test]
fn standard_files_are_never_others() {
    for (number, redirections) in [(0, "<&-"), (1, ">&-"), (0, "<&- >&-"), (1, "<&- >&-")] {
        let output = rsctl(&format!("restore /proc/self/fd/{number}"), redirections);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{redirections}: {errors}");
        assert!(errors.contains("it has no service"), "{redirections}: {errors}");
    }
    // Closed all the same: nothing to read the complaint from, and the same exit code.
    assert_eq!(rsctl("restore /proc/self/fd/2", "<&- >&- 2>&-").status.code(), Some(2));
}

/// `rsctl … | head -1` is no failure, and ends nothing half-way.
#[test]
fn a_reader_that_is_gone_ends_nothing() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_rsctl"));
    let status = command.arg("--help").stdin(Stdio::null()).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
}
